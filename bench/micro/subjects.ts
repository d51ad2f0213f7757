/** What is measured in one thread without sockets: the steps of an announce, each with data of its own. */
import { Prng } from "../../src/base/prng.ts";
import { BencodeWriter } from "../../src/protocol/bencode.ts";
import { parseAnnounceQuery } from "../../src/protocol/http_query.ts";
import { writeAnnounceReply } from "../../src/protocol/http_reply.ts";
import { AnnounceRequest } from "../../src/protocol/messages.ts";
import { DatagramBuffer } from "../../src/protocol/udp.ts";
import { ConnectionIds } from "../../src/transport/connection_id.ts";
import { UdpHandler } from "../../src/transport/udp_handler.ts";
import { createTestTracker } from "../../tests/support/test_tracker.ts";
import { type Population, portOf, torrentOf, writeInfoHash } from "../load/swarms.ts";
import { announcePath } from "../load/wrk.ts";

export interface Subject {
  readonly name: string;
  /** Prepares it; what it gives does it once. */
  create(): () => void;
}

const LOCALHOST = 0x0100007f;
const PEERS_WANTED = 30;
const ANNOUNCE = 0x01000000;
const SCRAPE = 0x02000000;

export const UDP_ANNOUNCE = "UDP announce";

export function subjects({ torrents, peers }: Pick<Population, "torrents" | "peers">): Subject[] {
  const population: Population = { torrents, peers, isUniform: false };
  return [
    { name: "UDP connect", create: () => createUdp(population, 0) },
    { name: UDP_ANNOUNCE, create: () => createUdp(population, ANNOUNCE) },
    { name: "UDP scrape", create: () => createUdp(population, SCRAPE) },
    { name: "connection id, issued and verified", create: createConnectionId },
    { name: "HTTP query", create: () => createQuery(population) },
    { name: "HTTP reply, 30 peers", create: createReply },
  ];
}

/** A datagram from the handler's buffer to its answer, against a store in which all peers have announced. */
function createUdp(population: Population, action: number): () => void {
  const { torrents, peers } = population;
  const { tracker } = createTestTracker({}, { torrents: torrents * 2, peers: peers * 2 });
  const [input, output] = [new DatagramBuffer(2048), new DatagramBuffer(2048)];
  const handler = new UdpHandler(tracker, new ConnectionIds([1, 2]), input, output);
  const { words, halves } = input;
  handler.request.isIpv4 = true;
  const connect = () => {
    handler.request.address[0] = LOCALHOST;
    words[0] = 0x17040000;
    words[1] = 0x80191027;
    words[2] = 0;
    handler.handle(0, 16, 0);
  };
  const ask = (peer: number) => {
    words[2] = action;
    writeInfoHash(words, 4, torrentOf(population, peer));
    words[11] = peer;
    words[17] = (peer & 1) << 24;
    words[23] = PEERS_WANTED << 24;
    halves[48] = portOf(peer);
    handler.handle(0, action === SCRAPE ? 36 : 98, 0);
  };
  connect();
  if (action === 0) return connect;
  words.set(output.words.subarray(2, 4));
  for (let peer = 0; peer < peers; peer++) ask(peer);
  const random = new Prng(1);
  return () => ask(random.below(peers));
}

function createConnectionId(): () => void {
  const ids = new ConnectionIds([1, 2]);
  const address = new Int32Array(4);
  const words = new Int32Array(2);
  let seconds = 0;
  return () => {
    address[0]++;
    seconds = (seconds + 1) & 0xffff;
    ids.issue(address, true, seconds, words, 0);
    if (!ids.verify(address, true, seconds, words, 0)) throw new Error("an id is not good");
  };
}

function createQuery(population: Population): () => void {
  const urls = Array.from({ length: 100 }, (_, i) => `http://127.0.0.1:6969${announcePath(population, i)}`);
  const request = new AnnounceRequest();
  let turn = 0;
  return () => {
    const url = urls[turn = (turn + 1) % urls.length];
    if (parseAnnounceQuery(url, url.indexOf("?") + 1, request) !== null) {
      throw new Error("a query is refused");
    }
  };
}

function createReply(): () => void {
  const out = new BencodeWriter();
  const reply = {
    isIpv4: true,
    address: Uint8Array.of(127, 0, 0, 1),
    seeders: 1000,
    leechers: 100,
    completed: 12345,
    interval: 1800,
    minInterval: 1800,
    peers: PEERS_WANTED,
    endpoints: new Uint8Array(PEERS_WANTED * 6),
    peerIds: null,
    compact: true,
  };
  return () => writeAnnounceReply(out, reply);
}
