/** What happened: a hash of everything, and the last events in words. */
import type { Address } from "./address.ts";

interface Delivery {
  readonly seconds: number;
  readonly thread: number;
  readonly from: Address;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** How many events a failure shows. */
const SHOWN = 12;
const SHOWN_BYTES = 120;

export class Trace {
  events = 0;
  readonly #last: (Delivery | string)[] = [];
  #a = 0x811c9dc5 | 0;
  #b = 0x2545f491 | 0;

  /** A datagram came, and was answered. */
  delivered(delivery: Delivery): void {
    this.#note(delivery);
    this.#mix(delivery.seconds);
    this.#mix(delivery.thread);
    for (const bytes of [delivery.from.bytes, delivery.request, delivery.answer]) {
      this.#mix(bytes.length);
      for (let i = 0; i < bytes.length; i++) this.#mix(bytes[i]);
    }
  }

  /** Something else happened. */
  did(text: string): void {
    this.#note(text);
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  /** Two runs with the same hash were the same. */
  hash(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The last events, oldest first. */
  last(): string {
    const start = this.events % SHOWN;
    return [...this.#last.slice(start), ...this.#last.slice(0, start)].map(describe).join("\n");
  }

  #note(event: Delivery | string): void {
    this.#last[this.events++ % SHOWN] = event;
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(((this.#b << 5) | (this.#b >>> 27)) ^ value, 0x9e3779b1);
  }
}

function describe(event: Delivery | string): string {
  if (typeof event === "string") return event;
  const { seconds, thread, from, request, answer } = event;
  return `second ${seconds}, thread ${thread}, from ${hex(from.bytes)}, ` +
    `${request.length} bytes: ${hex(request)}\n  answered with ${answer.length} bytes: ${hex(answer)}`;
}

function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return bytes.length > SHOWN_BYTES ? `${digits}…` : digits;
}
