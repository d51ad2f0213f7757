/**
 * Latencies counted by size, exact to 3 %: 32 steps between a power of two and the next. Nothing is allocated to note
 * one, so noting every answer costs the load little.
 */
const STEP_BITS = 5;
const STEPS = 1 << STEP_BITS;

export class LatencyHistogram {
  readonly #counts = new Uint32Array((32 - STEP_BITS) * STEPS + STEPS);
  #count = 0;
  #most = 0;

  get count(): number {
    return this.#count;
  }

  /** The longest, in milliseconds, exact. */
  get longest(): number {
    return this.#most;
  }

  note(milliseconds: number): void {
    if (milliseconds > this.#most) this.#most = milliseconds;
    // Quarters of a microsecond, up to 17 minutes.
    this.#counts[placeOf((milliseconds * 4000) >>> 0)]++;
    this.#count++;
  }

  /** The milliseconds that a share of all (0 to 1) do not exceed; 0 when there are none. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (let place = 0; place < this.#counts.length; place++) {
      left -= this.#counts[place];
      if (left <= 0 && this.#count > 0) return Math.min(upperEnd(place) / 4000, this.#most);
    }
    return 0;
  }
}

function placeOf(value: number): number {
  if (value < STEPS) return value;
  const shift = 31 - STEP_BITS - Math.clz32(value);
  return ((shift + 1) << STEP_BITS) + ((value >>> shift) & (STEPS - 1));
}

function upperEnd(place: number): number {
  if (place < STEPS) return place;
  const shift = (place >> STEP_BITS) - 1;
  return (STEPS + (place & (STEPS - 1)) + 1) * 2 ** shift;
}
