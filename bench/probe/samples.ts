/** Times noted by one thread and read by another: when something began, and how long it took. Shared memory. */

/** In 64-bit floats: the number of samples, then two for each. */
const HEADER = 1;

/** A sample's beginning in milliseconds of UNIX time, and its length in milliseconds. */
export interface Sample {
  readonly at: number;
  readonly length: number;
}

export function createSamples(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer((HEADER + capacity * 2) * 8);
}

/** Notes a sample; does nothing when there is no more room. One thread only. */
export function note(samples: Float64Array, at: number, length: number): void {
  const count = samples[0];
  const place = HEADER + count * 2;
  if (place + 1 >= samples.length) return;
  samples[place] = at;
  samples[place + 1] = length;
  samples[0] = count + 1;
}

/** The samples that began in a span of time. */
export function between(memory: SharedArrayBuffer, from: number, to: number): Sample[] {
  const samples = new Float64Array(memory);
  const found: Sample[] = [];
  for (let i = 0; i < samples[0]; i++) {
    const at = samples[HEADER + i * 2];
    if (at >= from && at < to) found.push({ at, length: samples[HEADER + i * 2 + 1] });
  }
  return found;
}
