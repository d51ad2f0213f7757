/** What is yet to happen, in order of time; of things due at the same time, what was planned first comes first. */
interface Entry {
  readonly milliseconds: number;
  readonly number: number;
  readonly action: () => void;
}

export class Agenda {
  /** The time of the simulation. */
  milliseconds: number;
  /** A binary heap: no entry is due before its parent, the one at half its place. The first place is left empty. */
  readonly #heap: Entry[];
  #planned = 0;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
    this.#heap = [{ milliseconds: -Infinity, number: 0, action: () => {} }];
  }

  /** Whole seconds, as threads read them from their clock. */
  get seconds(): number {
    return Math.floor(this.milliseconds / 1000);
  }

  /** Plans an action some milliseconds from now. */
  after(milliseconds: number, action: () => void): void {
    const entry = { milliseconds: this.milliseconds + milliseconds, number: this.#planned++, action };
    const heap = this.#heap;
    let at = heap.length;
    while (isBefore(entry, heap[at >> 1])) {
      heap[at] = heap[at >> 1];
      at >>= 1;
    }
    heap[at] = entry;
  }

  /** Moves the clock to the next thing and does it; false when there is none. */
  next(): boolean {
    const heap = this.#heap;
    if (heap.length === 1) return false;
    const entry = heap[1];
    const last = heap.pop()!;
    if (last !== entry) this.#sink(last);
    this.milliseconds = entry.milliseconds;
    entry.action();
    return true;
  }

  /** Forgets all that was planned. */
  clear(): void {
    this.#heap.length = 1;
  }

  /** Fills the empty first place of the heap with what was last. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 1;
    for (;;) {
      let child = at * 2;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (child >= heap.length || isBefore(entry, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.milliseconds < b.milliseconds || (a.milliseconds === b.milliseconds && a.number < b.number);
}
