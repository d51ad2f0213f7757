/** How saving goes: written by the thread that saves, read by the others. */

const FIELDS = 8;

/** Reserves the memory of the state. */
export function createSavingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIELDS * 8);
}

export class SavingState {
  readonly #fields: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#fields = new Float64Array(memory);
  }

  /** Torrents taken from the store and not in the database yet. */
  get shadow(): number {
    return this.#fields[0];
  }

  set shadow(torrents: number) {
    this.#fields[0] = torrents;
  }

  /** UNIX time of the next save, 0 when nothing is ever saved. */
  get nextSave(): number {
    return this.#fields[1];
  }

  set nextSave(unixSeconds: number) {
    this.#fields[1] = unixSeconds;
  }

  /** UNIX time of the last save that succeeded, 0 before the first. */
  get lastSave(): number {
    return this.#fields[2];
  }

  set lastSave(unixSeconds: number) {
    this.#fields[2] = unixSeconds;
  }

  /** How long that save took, in milliseconds. */
  get lastSaveMilliseconds(): number {
    return this.#fields[3];
  }

  set lastSaveMilliseconds(milliseconds: number) {
    this.#fields[3] = milliseconds;
  }

  /** Changes that the database did not take in the last save; they wait, and hold up no others. */
  get refused(): number {
    return this.#fields[5];
  }

  set refused(changes: number) {
    this.#fields[5] = changes;
  }

  /** UNIX time since which saving has been failing, 0 while it works. */
  get failingSince(): number {
    return this.#fields[4];
  }

  set failingSince(unixSeconds: number) {
    this.#fields[4] = unixSeconds;
  }
}
