/** A client's side of BEP 15 at one address: connects first, asks again when no answer comes. */
import type { Prng } from "../../src/base/prng.ts";
import type { Address } from "./address.ts";
import type { Agenda } from "./agenda.ts";
import type { Network, Receiver } from "./network.ts";
import { CONNECT, connectRequest, ERROR } from "./packets.ts";

/** Writes a request with the connection id of the day. */
export type WriteRequest = (id: Uint8Array, transaction: number) => Uint8Array;

interface Question {
  readonly write: WriteRequest;
  readonly transaction: number;
  tries: number;
}

const MOST_TRIES = 4;

export class ClientSocket implements Receiver {
  readonly address: Address;
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #network: Network;
  /** For how long it uses a connection id, in milliseconds: a minute, or as long as it can. */
  readonly #patience: number;
  #id: Uint8Array | null = null;
  #idSince = 0;
  #connecting = 0;
  #waiting: Question[] = [];
  readonly #open = new Map<number, Question>();

  constructor(random: Prng, agenda: Agenda, network: Network, address: Address, patience: number) {
    this.#random = random;
    this.#agenda = agenda;
    this.#network = network;
    this.address = address;
    this.#patience = patience;
  }

  /** Called with each new connection id. */
  onConnect: (id: Uint8Array) => void = () => {};

  ask(write: WriteRequest): void {
    const question = { write, transaction: this.#random.next(), tries: 0 };
    this.#open.set(question.transaction, question);
    this.#try(question);
  }

  /** Sends bytes as they are, once. */
  blurt(bytes: Uint8Array): void {
    this.#network.send(bytes, this.address, this);
  }

  receive(bytes: Uint8Array): void {
    if (bytes.length < 8) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const action = view.getInt32(0);
    const transaction = view.getInt32(4);
    if (action === CONNECT && transaction === this.#connecting && bytes.length >= 16) {
      this.#connected(bytes.slice(8, 16));
    } else {
      if (action === ERROR) this.#id = null;
      this.#open.delete(transaction);
    }
  }

  /** The client is gone: nothing is asked again. */
  crash(): void {
    this.#open.clear();
    this.#waiting = [];
    this.#id = null;
  }

  #connected(id: Uint8Array): void {
    this.#id = id;
    this.#idSince = this.#agenda.milliseconds;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { write, transaction } of waiting) this.blurt(write(id, transaction));
    this.onConnect(id);
  }

  #try(question: Question): void {
    if (this.#open.get(question.transaction) !== question) return;
    if (question.tries === MOST_TRIES) {
      this.#open.delete(question.transaction);
      return;
    }
    if (this.#id !== null && this.#agenda.milliseconds - this.#idSince < this.#patience) {
      this.blurt(question.write(this.#id, question.transaction));
    } else {
      this.#waiting.push(question);
      this.#connecting = this.#random.next();
      this.blurt(connectRequest(this.#connecting));
    }
    this.#agenda.after(15_000 << question.tries++, () => this.#try(question));
  }
}
