/** A client that means ill, or whose software is broken beyond recognition. */
import type { Prng } from "../../src/base/prng.ts";
import { chance, pick } from "../support/seeded.ts";
import { neighbourOf, randomAddress } from "./address.ts";
import type { Agenda } from "./agenda.ts";
import type { Surroundings } from "./client.ts";
import type { ClientSocket } from "./client_socket.ts";
import { between, randomBytes } from "./dice.ts";
import type { Network } from "./network.ts";
import {
  type AnnounceFields,
  announceRequest,
  connectRequest,
  header,
  pathOptions,
  scrapeRequest,
} from "./packets.ts";

const AMOUNTS = [0n, 1n, 0xffff_ffffn, 1n << 47n, (1n << 48n) - 1n, 1n << 48n, 1n << 63n, (1n << 64n) - 1n];
const WANTED = [-1, -2, 0, 1, 65, 66, 242, 243, 65_536, 0x7fffffff, -0x80000000];
const EVENTS = [0, 1, 2, 3, 4, 5, 255, 0x01000000, -1];

/** The time of an id comes again after this. */
const WRAP_SECONDS = 65_536;

export class Attacker {
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #network: Network;
  readonly #socket: ClientSocket;
  readonly #surroundings: Surroundings;
  /** How many torrents it makes up at once. */
  readonly #flood: number;
  readonly #attacks: readonly (() => void)[];

  constructor(
    random: Prng,
    agenda: Agenda,
    network: Network,
    socket: ClientSocket,
    surroundings: Surroundings,
    flood: number,
  ) {
    this.#random = random;
    this.#agenda = agenda;
    this.#network = network;
    this.#socket = socket;
    this.#surroundings = surroundings;
    this.#flood = flood;
    this.#attacks = [
      () => this.#forge(),
      () => this.#replay(),
      () => this.#babble(),
      () => this.#cutOrExtend(),
      () => this.#wrongAction(),
      () => this.#absurd(),
      () => this.#scrapeWrongly(),
      () => this.#useEndingKey(),
    ];
    socket.onConnect = (id) => this.#useLate(id);
  }

  attack(): void {
    if (chance(this.#random, 2)) this.#floodTorrents();
    else pick(this.#random, this.#attacks)();
  }

  /** Connection ids made up, from an address that is not its own. */
  #forge(): void {
    const random = this.#random;
    const from = randomAddress(random, chance(random, 50));
    const fields = this.#fields();
    for (let tries = between(random, 1, 5); tries > 0; tries--) {
      const id = randomBytes(random, 8);
      // The last two bytes are the low bits of a time, which can be guessed.
      id[6] = this.#agenda.seconds;
      id[7] = this.#agenda.seconds >> 8;
      const request = chance(random, 50) ? announceRequest(id, random.next(), fields) : scrapeRequest(
        id,
        random.next(),
        Array.from({ length: between(random, 1, 75) }, () => this.#surroundings.torrent()),
      );
      this.#network.send(request, from, null);
    }
  }

  /** What somebody else sent, from another address, or once more from the same. */
  #replay(): void {
    const { overheard } = this.#network;
    if (overheard.length === 0) return;
    const { bytes, from } = pick(this.#random, overheard);
    const kind = this.#random.below(3);
    if (kind === 0) this.#socket.blurt(bytes);
    else if (kind === 1) this.#network.send(bytes, from, null);
    else this.#network.send(bytes, neighbourOf(this.#random, from), null);
  }

  #babble(): void {
    const bytes = randomBytes(this.#random, this.#random.below(chance(this.#random, 70) ? 120 : 2200));
    if (chance(this.#random, 50)) this.#socket.blurt(bytes);
    else this.#withId((id) => Uint8Array.from([...id, ...bytes]));
  }

  #cutOrExtend(): void {
    const random = this.#random;
    const cut = random.below(99);
    const tail = randomBytes(random, between(random, 1, chance(random, 90) ? 60 : 1900));
    const fields = { ...this.#fields(), options: chance(random, 50) ? tail : new Uint8Array(0) };
    this.#withId((id, transaction) => {
      const request = announceRequest(id, transaction, fields);
      return chance(random, 50) ? request.subarray(0, cut) : request;
    });
  }

  #wrongAction(): void {
    const random = this.#random;
    const action = pick(random, [0, 3, 4, 0x100, 0x01000000, -1]);
    if (chance(random, 30)) {
      const request = connectRequest(random.next());
      request[random.below(12)] ^= 1 << random.below(8);
      this.#socket.blurt(Uint8Array.from([...request, ...randomBytes(random, random.below(40))]));
      return;
    }
    this.#withId((id, transaction) => header(id, action, transaction, between(random, 16, 200)));
  }

  #absurd(): void {
    const random = this.#random;
    const fields = {
      ...this.#fields(),
      left: pick(random, AMOUNTS),
      uploaded: pick(random, AMOUNTS),
      downloaded: pick(random, AMOUNTS),
      event: pick(random, EVENTS),
      wanted: pick(random, WANTED),
      port: pick(random, [0, 1, 6881, 65_535]),
    };
    this.#withId((id, transaction) => announceRequest(id, transaction, fields));
  }

  #scrapeWrongly(): void {
    const random = this.#random;
    const count = pick(random, [0, 1, 2, 73, 74, 75, 100]);
    const extra = chance(random, 50) ? 0 : between(random, 1, 20);
    const infoHashes = Array.from({ length: count }, () => this.#surroundings.torrent());
    this.#withId((id, transaction) =>
      Uint8Array.from([...scrapeRequest(id, transaction, infoHashes), ...randomBytes(random, extra)])
    );
  }

  /** Announces with a key from before its end until after. */
  #useEndingKey(): void {
    const options = pathOptions(`/announce/${this.#surroundings.endingKey()}`, 30, []);
    const fields = { ...this.#fields(), options };
    for (let milliseconds = 0; milliseconds < 4000; milliseconds += 500) {
      this.#agenda.after(
        milliseconds,
        () => this.#withId((id, transaction) => announceRequest(id, transaction, fields)),
      );
    }
  }

  #floodTorrents(): void {
    for (let i = 0; i < this.#flood; i++) {
      const fields = { ...this.#fields(), infoHash: randomBytes(this.#random, 20) };
      this.#withId((id, transaction) => announceRequest(id, transaction, fields));
    }
  }

  /** Uses an id at the very end of its time, after it, and when the clock's low bits come again. */
  #useLate(id: Uint8Array): void {
    const random = this.#random;
    if (!chance(random, 40)) return;
    const fields = this.#fields();
    for (let tries = 3; tries > 0; tries--) {
      const seconds = pick(random, [
        between(random, 117, 123),
        between(random, 117, 123),
        between(random, 121, WRAP_SECONDS),
        WRAP_SECONDS + random.below(122),
        WRAP_SECONDS * 2 + random.below(122),
      ]);
      this.#agenda.after(
        seconds * 1000,
        () => this.#socket.blurt(announceRequest(id, random.next(), fields)),
      );
    }
  }

  #withId(write: (id: Uint8Array, transaction: number) => Uint8Array): void {
    this.#socket.ask(write);
  }

  #fields(): AnnounceFields {
    const random = this.#random;
    return {
      infoHash: this.#surroundings.torrent(),
      peerId: randomBytes(random, 20),
      downloaded: 0n,
      left: BigInt(random.below(2)),
      uploaded: 0n,
      event: random.below(5),
      wanted: between(random, -1, 100),
      port: between(random, 1, 65_536),
      options: new Uint8Array(0),
    };
  }
}
