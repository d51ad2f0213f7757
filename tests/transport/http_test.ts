import assert from "node:assert/strict";
import { StartError } from "../../src/app.ts";
import type { BindAddress } from "../../src/transport/binding.ts";
import { startHttpTracker } from "../../src/transport/http.ts";
import { type Bencoded, decodeDictionary, failureReason, latin1 } from "../support/bencode_decoder.ts";
import { createCertificate } from "../support/certificate.ts";
import {
  concat,
  exchange,
  httpGet,
  type HttpOptions,
  type HttpReply,
  latin1Bytes,
  parseReplies,
  percentEncode,
} from "../support/http_client.ts";
import { freePort } from "../support/program.ts";
import { API_KEY, type RunningTracker, startTracker, withTracker } from "../support/running_tracker.ts";
import { withNeeds } from "../support/skip.ts";
import { createTestTracker, wordsOf } from "../support/test_tracker.ts";
import { decodePeers } from "../support/udp_client.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

const HASH = new Uint8Array(20).map((_, i) => i * 13);
const PEER_ID = latin1Bytes("-XX0001-\x00\xff&=%+ #?/ab");
const KEY = "00112233445566778899aabbccddeeff01234567";
const KEY_WORDS = wordsOf(Uint8Array.from(KEY.match(/../g)!, (pair) => parseInt(pair, 16)));

interface Parameters {
  infoHash?: Uint8Array;
  peerId?: Uint8Array;
  port?: number;
  /** More, as it stands in the URL. */
  more?: string;
}

function query({ infoHash = HASH, peerId = PEER_ID, port = 6881, more = "" }: Parameters = {}): string {
  return `info_hash=${percentEncode(infoHash)}&peer_id=${percentEncode(peerId)}&port=${port}&left=1${more}`;
}

async function announce(server: BindAddress, parameters: Parameters = {}, options: HttpOptions = {}) {
  return dictionary(await httpGet(server, `/announce?${query(parameters)}`, options));
}

/** What the dictionary of a good answer holds; also checks what holds for every answer. */
function dictionary(reply: HttpReply): Map<string, Bencoded> {
  assert.equal(reply.status, 200);
  checkHeaders(reply);
  return decodeDictionary(reply.body);
}

function checkHeaders({ headers, body }: HttpReply): void {
  assert.equal(headers.get("content-type"), "text/plain");
  assert.equal(headers.get("content-encoding"), undefined);
  assert.equal(headers.get("content-length"), String(body.length));
  assert.equal(headers.get("transfer-encoding"), undefined);
}

async function refusal(server: BindAddress, target: string): Promise<string | null> {
  const reply = await httpGet(server, target);
  assert.equal(reply.status, 200, target.slice(0, 100));
  checkHeaders(reply);
  return failureReason(reply.body);
}

async function scrape(server: BindAddress, target: string): Promise<Map<string, Bencoded>> {
  const files = dictionary(await httpGet(server, target)).get("files");
  assert.ok(files instanceof Map);
  return files;
}

function compactPeers(reply: Map<string, Bencoded>): string[] {
  const peers = reply.get("peers");
  assert.ok(peers instanceof Uint8Array);
  return decodePeers(peers, true).map(({ address, port }) => `${address.join(".")}:${port}`);
}

function externalIp(reply: Map<string, Bencoded>): string {
  const ip = reply.get("external ip");
  assert.ok(ip instanceof Uint8Array);
  return ip.join(".");
}

function onOne(use: (server: BindAddress, tracker: RunningTracker) => Promise<void>, settings = "") {
  return () =>
    withTracker({ settings, http: ["127.0.0.1:0"] }, (tracker) => use(tracker.listening.http[0], tracker));
}

// --- answers ---------------------------------------------------------------------------------------------------------

Deno.test(
  "an announce answer has its keys, sorted, and nothing else",
  onOne(async (server) => {
    const reply = await announce(server);
    assert.deepEqual([...reply.keys()], [
      "complete",
      "downloaded",
      "external ip",
      "incomplete",
      "interval",
      "min interval",
      "peers",
    ]);
    assert.deepEqual([reply.get("complete"), reply.get("incomplete"), reply.get("downloaded")], [0, 1, 0]);
    assert.deepEqual([reply.get("interval"), reply.get("min interval")], [1000, 500]);
    assert.equal(externalIp(reply), "127.0.0.1");
  }, "interval = 1000\ninterval_minimum = 500"),
);

Deno.test("over IPv6 the peers are in peers6, and the external ip has 16 bytes (BEP 7, 24)", () =>
  withTracker({ http: ["[::1]:0"] }, async ({ listening }) => {
    await announce(listening.http[0], { port: 0x1234 });
    const reply = await announce(listening.http[0], { port: 2 });
    assert.deepEqual(reply.get("external ip"), new Uint8Array(16).with(15, 1));
    assert.deepEqual(reply.get("peers"), new Uint8Array(0));
    assert.deepEqual(reply.get("peers6"), Uint8Array.of(...new Uint8Array(15), 1, 0x12, 0x34));
    const full = await announce(listening.http[0], { port: 2, more: "&compact=0" });
    const entry = { ip: "::1", port: 0x1234, id: PEER_ID };
    assert.deepEqual(dictionaryPeers(full), [entry]);
    assert.equal(full.has("peers6"), false);
  }));

function dictionaryPeers(reply: Map<string, Bencoded>): { ip: string; port: Bencoded; id?: Bencoded }[] {
  const peers = reply.get("peers");
  assert.ok(Array.isArray(peers));
  return peers.map((peer) => {
    assert.ok(peer instanceof Map);
    const [ip, port, id] = [peer.get("ip"), peer.get("port"), peer.get("peer id")];
    assert.ok(ip instanceof Uint8Array && port !== undefined);
    return { ip: latin1(ip), port, ...(id === undefined ? {} : { id }) };
  });
}

Deno.test(
  "compact is the default; compact=0 gives dictionaries with each peer's own port and raw id",
  onOne(async (server) => {
    const ids = [1, 2, 3].map((port) => PEER_ID.with(8, 0xf0 + port));
    for (const port of [1, 2, 3]) await announce(server, { port, peerId: ids[port - 1] });
    for (const more of ["", "&compact=1", "&compact="]) {
      const peers = compactPeers(await announce(server, { port: 9, more }));
      assert.deepEqual(peers.sort(), ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"], more);
    }
    const byPort = (a: { port: Bencoded }, b: { port: Bencoded }) => Number(a.port) - Number(b.port);
    const full = dictionaryPeers(await announce(server, { port: 9, more: "&compact=0" })).sort(byPort);
    assert.deepEqual(full, ids.map((id, i) => ({ ip: "127.0.0.1", port: i + 1, id })));
    const short = dictionaryPeers(await announce(server, { port: 9, more: "&compact=0&no_peer_id=1" }));
    assert.deepEqual(short.sort(byPort), ids.map((_, i) => ({ ip: "127.0.0.1", port: i + 1 })));
  }),
);

Deno.test(
  "hashes of any bytes: escaped, bare, with plus signs",
  onOne(async (server) => {
    for (const byte of [0x00, 0xff, 0x2b, 0x80, 0x25, 0x26]) {
      const infoHash = new Uint8Array(20).fill(byte);
      await announce(server, { infoHash });
      const files = await scrape(server, `/scrape?info_hash=${percentEncode(infoHash).toLowerCase()}`);
      assert.deepEqual([...files.keys()], [latin1(infoHash)]);
      assert.equal((files.get(latin1(infoHash)) as Map<string, Bencoded>).get("incomplete"), 1);
    }
    const plus = await scrape(server, `/scrape?info_hash=${"+".repeat(20)}`);
    assert.deepEqual([...plus.keys()], ["+".repeat(20)]);
  }),
);

Deno.test(
  "no answer is compressed, whatever the client offers to undo",
  onOne(async (server) => {
    for (let port = 1; port <= 150; port++) await announce(server, { port });
    const headers = ["Accept-Encoding: gzip, br, zstd, deflate"];
    for (
      const target of [
        `/announce?${query({ more: "&compact=0" })}`,
        `/scrape?${query()}`,
        "/scrape",
        "/other",
      ]
    ) {
      const reply = await httpGet(server, target, { headers });
      assert.equal(reply.headers.get("content-encoding"), undefined, target);
      decodeDictionary(reply.body);
    }
  }, "full_scrape = true"),
);

// --- refusals --------------------------------------------------------------------------------------------------------

Deno.test(
  "every failure of the query has its text",
  onOne(async (server, { tracker }) => {
    const hash = `info_hash=${percentEncode(HASH)}`;
    const id = `peer_id=${percentEncode(PEER_ID)}`;
    for (
      const [target, reason] of [
        ["/announce", "missing info_hash"],
        ["/announce?", "missing info_hash"],
        [`/announce?${hash}`, "missing peer_id"],
        [`/announce?${hash}&${id}`, "missing port"],
        [`/announce?info_hash=&${id}&port=1`, "missing or invalid info_hash"],
        [`/announce?${hash}&peer_id=&port=1`, "missing or invalid peer_id"],
        [`/announce?info_hash=1234&${id}&port=1`, "invalid info_hash size"],
        [`/announce?${hash}&peer_id=${"a".repeat(21)}&port=1`, "invalid peer_id size"],
        [`/announce?info_hash=%zz${"a".repeat(19)}&${id}&port=1`, "invalid info_hash"],
        [`/announce?${hash}&peer_id=%&port=1`, "invalid peer_id"],
        [`/announce?${hash}&${id}&port=`, "invalid port"],
        [`/announce?${hash}&${id}&port=65536`, "invalid port"],
        [`/announce?${hash}&${id}&port=-1`, "invalid port"],
        [`/announce?${hash}&${id}&port=x`, "invalid port"],
        [`/announce?${hash}&${id}&port=1&left=x`, "invalid left"],
        [`/announce?${hash}&${id}&port=1&uploaded=-1`, "invalid uploaded"],
        [`/announce?${hash}&${id}&port=1&downloaded=1.5`, "invalid downloaded"],
        ["/scrape", "missing info_hash"],
        ["/scrape?x=y", "missing info_hash"],
        ["/scrape?info_hash=", "missing or invalid info_hash"],
        ["/scrape?info_hash=abc", "invalid info_hash size"],
        ["/scrape?info_hash=%", "invalid info_hash"],
        [`/scrape?${Array(101).fill(hash).join("&")}`, "too many info_hash, at most 100"],
      ]
    ) {
      assert.equal(await refusal(server, target), reason, target.slice(0, 120));
    }
    assert.equal(tracker.store.totals().torrents, 0);
  }),
);

Deno.test(
  "uploaded, downloaded, left, event and numwant may be missing or odd",
  onOne(async (server) => {
    const base = `/announce?info_hash=${percentEncode(HASH)}&peer_id=${percentEncode(PEER_ID)}&port=1`;
    for (
      const more of ["", "&left=", "&event=odd", "&event=", "&numwant=x", "&left=99999999999999999999999999"]
    ) {
      const reply = dictionary(await httpGet(server, base + more));
      assert.deepEqual([reply.get("complete"), reply.get("incomplete")], [0, 1], more);
    }
  }),
);

Deno.test(
  "whitelist before blacklist; nothing refused leaves a trace",
  onOne(async (server, { tracker }) => {
    const { whitelist, blacklist } = tracker.access;
    const target = `/announce?${query()}`;
    blacklist.set(wordsOf(HASH), 0, 0);
    assert.equal(await refusal(server, target), "unknown info_hash");
    whitelist.set(wordsOf(HASH), 0, 0);
    assert.equal(await refusal(server, target), "forbidden info_hash");
    assert.equal(tracker.store.totals().torrents, 0);
    blacklist.remove(wordsOf(HASH), 0);
    assert.equal(await refusal(server, target), null);
  }, "whitelist = true\nblacklist = true"),
);

Deno.test(
  "keys: in both orders of the path, for announce and scrape, before all lists",
  onOne(async (server, { tracker }) => {
    const ask = (path: string) => refusal(server, `${path}?${query()}`);
    for (const verb of ["announce", "scrape"]) {
      const listed = verb === "announce" ? "unknown info_hash" : null;
      assert.equal(await ask(`/${verb}`), "missing key");
      for (const bad of ["1", "x".repeat(40), KEY.slice(1), KEY + "0", "%00", "a".repeat(1000)]) {
        assert.equal(await ask(`/${verb}/${bad}`), "invalid key", bad);
        assert.equal(await ask(`/${bad}/${verb}`), "invalid key", bad);
      }
      assert.equal(await ask(`/${verb}/${KEY}`), "unknown key");
      assert.equal(await ask(`/${KEY}/${verb}`), "unknown key");
      tracker.access.keys.set(KEY_WORDS, 0, 0);
      assert.equal(await ask(`/${verb}/${KEY}`), listed);
      assert.equal(await ask(`/${KEY.toUpperCase()}/${verb}`), listed);
      tracker.access.keys.remove(KEY_WORDS, 0);
    }
    assert.equal(tracker.store.totals().torrents, 0);
  }, "keys = true\nwhitelist = true"),
);

Deno.test(
  "a full scrape needs the key too",
  onOne(async (server, { tracker }) => {
    assert.equal(await refusal(server, "/scrape"), "missing key");
    tracker.access.keys.set(KEY_WORDS, 0, 0);
    const { status, body } = await httpGet(server, `/scrape/${KEY}`);
    assert.deepEqual([status, latin1(body)], [200, "d5:filesdee"]);
  }, "keys = true\nfull_scrape = true"),
);

Deno.test("a key is unknown from the very second of its end", async () => {
  const { tracker } = createTestTracker({ keys: true });
  let now = 1_700_000_000;
  const clock = { seconds: () => 0, milliseconds: () => 0, unixSeconds: () => now };
  const server = startHttpTracker(
    {
      bind: { hostname: "127.0.0.1", port: 0 },
      sharesPort: false,
      trustedProxies: [],
      forwardedHeader: "X-Forwarded-For",
      fullScrape: false,
    },
    tracker,
    clock,
  );
  try {
    tracker.access.keys.set(KEY_WORDS, 0, now + 1);
    assert.equal(await refusal(server.address, `/announce/${KEY}?${query()}`), null);
    assert.equal(await refusal(server.address, `/scrape/${KEY}?${query()}`), null);
    now++;
    assert.equal(await refusal(server.address, `/announce/${KEY}?${query()}`), "unknown key");
    assert.equal(await refusal(server.address, `/scrape/${KEY}?${query()}`), "unknown key");
  } finally {
    await server.stop();
  }
});

Deno.test(
  "with keys off a key in the path is no matter",
  onOne(async (server) => {
    for (const path of [`/announce/${KEY}`, `/${KEY}/announce`, "/announce/rubbish", "/rubbish/announce"]) {
      assert.equal(await refusal(server, `${path}?${query()}`), null, path);
    }
  }),
);

Deno.test(
  "any other path and method is 404 with a bencoded reason",
  onOne(async (server) => {
    for (
      const target of [
        "/",
        "/announce/a/b",
        "/Announce",
        "/announce.php",
        "/a/b/c/d",
        "//",
        "/%61nnouncex",
        "*",
      ]
    ) {
      const reply = await httpGet(server, target);
      if (target === "*" && reply.status === 400) continue;
      assert.equal(reply.status, 404, target);
      assert.equal(failureReason(reply.body), "unknown request", target);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "BREW"]) {
      const reply = await httpGet(server, `/announce?${query()}`, { method, headers: ["Content-Length: 0"] });
      assert.equal(reply.status, 404, method);
      assert.equal(failureReason(reply.body), "unknown request", method);
    }
  }),
);

Deno.test(
  "HEAD gives the headers alone",
  onOne(async (server) => {
    const reply = await httpGet(server, `/announce?${query()}`, { method: "HEAD" });
    assert.deepEqual([reply.status, reply.body.length], [200, 0]);
  }),
);

// --- scrape ----------------------------------------------------------------------------------------------------------

Deno.test(
  "a scrape of several hashes, twice the same and unknown ones among them (BEP 48)",
  onOne(async (server) => {
    await announce(server, { port: 1, more: "&event=completed" });
    await httpGet(server, `/announce?${query({ port: 2 }).replace("left=1", "left=0")}&event=completed`);
    const unknown = new Uint8Array(20).fill(0xfe);
    const hashes = [unknown, HASH, unknown, HASH].map((hash) => `info_hash=${percentEncode(hash)}`);
    const files = await scrape(server, `/scrape?${hashes.join("&")}`);
    assert.deepEqual([...files.keys()], [latin1(HASH), latin1(unknown)], "sorted, each once");
    const counts = (complete: number, downloaded: number, incomplete: number) =>
      new Map(Object.entries({ complete, downloaded, incomplete }));
    assert.deepEqual(files.get(latin1(HASH)), counts(1, 1, 1));
    assert.deepEqual(files.get(latin1(unknown)), counts(0, 0, 0));
  }),
);

Deno.test(
  "a scrape of 100 hashes",
  onOne(async (server) => {
    const hashes = Array.from({ length: 100 }, () => crypto.getRandomValues(new Uint8Array(20)));
    const target = `/scrape?${hashes.map((hash) => `info_hash=${percentEncode(hash)}`).join("&")}`;
    const files = await scrape(server, target);
    assert.deepEqual([...files.keys()], hashes.map(latin1).sort());
  }),
);

Deno.test(
  "a full scrape holds every torrent",
  onOne(async (server, { tracker }) => {
    const expected = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const infoHash = crypto.getRandomValues(new Uint8Array(20));
      fill(tracker, infoHash, 1 + i % 3);
      expected.set(latin1(infoHash), 1 + i % 3);
    }
    const { status, headers, body } = await httpGet(server, "/scrape");
    assert.deepEqual([status, headers.get("content-type")], [200, "text/plain"]);
    const found = fullScrapeCounts(latin1(body));
    assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()));
  }, "full_scrape = true"),
);

/** Puts leechers into a swarm without a client. */
function fill(tracker: RunningTracker["tracker"], infoHash: Uint8Array, leechers: number): void {
  const out = new Uint16Array(1000);
  const answer = createSwarmAnswer(out);
  for (let i = 0; i < leechers; i++) {
    const peer = {
      infoHash: wordsOf(infoHash),
      peerId: new Int32Array(5),
      address: Int32Array.of(i + 1, 0, 0, 0),
      amounts: Int32Array.of(1, 0, 0, 0, 0, 0),
      isIpv4: true,
      port: 1,
      event: 0,
      wanted: 0,
    };
    tracker.store.announce(peer, answer, 0);
  }
}

/**
 * Leechers by hash. Keys are in the order of the store, not sorted: sorting millions would need all of them in memory.
 */
function fullScrapeCounts(text: string): Map<string, number> {
  const entry = /20:([^]{20})d8:completei0e10:downloadedi0e10:incompletei(\d+)ee/y;
  assert.ok(text.startsWith("d5:filesd") && text.endsWith("ee"));
  const found = new Map<string, number>();
  entry.lastIndex = "d5:filesd".length;
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    assert.ok(!found.has(match[1]), "a torrent twice");
    found.set(match[1], Number(match[2]));
    if (entry.lastIndex === text.length - 2) return found;
  }
  throw new Error(`something else among ${found.size} torrents`);
}

// --- who asks --------------------------------------------------------------------------------------------------------

Deno.test(
  "addresses in the query and in headers are ignored",
  onOne(async (server) => {
    const more = "&ip=6.6.6.6&ipv4=6.6.6.6&ipv6=%3A%3A6";
    const headers = ["X-Forwarded-For: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6"];
    const reply = await announce(server, { port: 1, more }, { headers });
    assert.equal(externalIp(reply), "127.0.0.1");
    assert.deepEqual(compactPeers(await announce(server, { port: 2 })), ["127.0.0.1:1"]);
  }),
);

function proxyBlock(trusted: string, header: string): string {
  return `[[http_server]]\nbind_address = "127.0.0.1:0"\ntrusted_proxies = ["${trusted}"]\nforwarded_header = "${header}"`;
}

Deno.test("a trusted proxy is believed: the right-most entry that is not a proxy itself", () =>
  withTracker({ settings: proxyBlock("127.0.0.0/8", "X-Forwarded-For") }, async ({ listening }) => {
    const [server] = listening.http;
    const from = async (value: string) =>
      externalIp(await announce(server, {}, { headers: [`X-Forwarded-For: ${value}`] }));
    assert.equal(await from("198.51.100.7"), "198.51.100.7");
    assert.equal(await from("6.6.6.6, 198.51.100.7"), "198.51.100.7");
    assert.equal(await from("6.6.6.6, 198.51.100.7, 127.0.0.9"), "198.51.100.7");
    assert.equal(await from("::ffff:198.51.100.7"), "198.51.100.7");
    assert.equal(await from("2001:db8::1"), "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1");
    assert.equal(await from("rubbish"), "127.0.0.1");
    assert.equal(externalIp(await announce(server)), "127.0.0.1");
  }));

Deno.test("a proxy that is not trusted is not believed, nor another header", async () => {
  await withTracker({ settings: proxyBlock("10.0.0.0/8", "X-Forwarded-For") }, async ({ listening }) => {
    const headers = ["X-Forwarded-For: 6.6.6.6"];
    assert.equal(externalIp(await announce(listening.http[0], {}, { headers })), "127.0.0.1");
  });
  await withTracker({ settings: proxyBlock("127.0.0.1", "X-Real-IP") }, async ({ listening }) => {
    const headers = ["X-Forwarded-For: 6.6.6.6", "X-Real-IP: 198.51.100.7"];
    assert.equal(externalIp(await announce(listening.http[0], {}, { headers })), "198.51.100.7");
  });
});

// --- addresses, threads, TLS -----------------------------------------------------------------------------------------

Deno.test("IPv4 and IPv6 side by side on one port", async () => {
  for (const [ipv4, ipv6] of [["0.0.0.0", "[::]"], ["127.0.0.1", "[::1]"]]) {
    const port = freePort("127.0.0.1");
    for (const http of [[`${ipv4}:${port}`, `${ipv6}:${port}`], [`${ipv6}:${port}`, `${ipv4}:${port}`]]) {
      await withTracker({ http }, async ({ tracker }) => {
        for (const hostname of ["127.0.0.1", "::1"]) {
          const size = hostname === "::1" ? 16 : 4;
          for (let i = 0; i < 10; i++) {
            const reply = await announce({ hostname, port });
            assert.equal((reply.get("external ip") as Uint8Array).length, size);
          }
        }
        assert.equal(tracker.store.totals().leechers, 2);
      });
    }
  }
});

Deno.test("a wildcard for IPv6 alone: an IPv4 client that comes in is IPv4", () =>
  withTracker({ http: ["[::]:0"] }, async ({ listening }) => {
    const { port } = listening.http[0];
    assert.equal(externalIp(await announce({ hostname: "127.0.0.1", port })), "127.0.0.1");
  }));

Deno.test("http_workers = 3: one swarm, on every listener, side by side with UDP Workers", () => {
  const settings = "http_workers = 3";
  const options = { settings, http: ["127.0.0.1:0", "[::1]:0"], udp: ["127.0.0.1:0"], api: ["127.0.0.1:0"] };
  return withTracker(options, async ({ listening, tracker }) => {
    for (const server of listening.http) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => announce(server, { port: i + 1 })));
    }
    assert.equal(tracker.store.totals().leechers, 200);
    const { body } = await httpGet(listening.api[0], `/api/stats?token=${API_KEY}`);
    const stats = JSON.parse(new TextDecoder().decode(body));
    assert.deepEqual([stats.tcp4_announces_handled, stats.tcp6_announces_handled], [100, 100]);
  });
});

Deno.test(withNeeds({ programs: ["openssl"] }, "HTTPS, in this thread and in Workers", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { certPath, keyPath } = createCertificate(directory, ["127.0.0.1"]);
    const certificate = await Deno.readTextFile(certPath);
    for (const workers of [1, 2]) {
      const settings = `http_workers = ${workers}\n${tlsBlock(certPath, keyPath)}`;
      await withTracker({ settings }, async ({ listening }) => {
        const reply = await announce(listening.http[0], {}, { certificate });
        assert.equal(externalIp(reply), "127.0.0.1");
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}));

function tlsBlock(cert: string, key: string): string {
  return `[[http_server]]\nbind_address = "127.0.0.1:0"\nssl = true\nssl_cert = "${cert}"\nssl_key = "${key}"`;
}

Deno.test(withNeeds(
  { programs: ["openssl"] },
  "a certificate or key that is missing or no good is one clear line",
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      const { certPath, keyPath } = createCertificate(directory, ["127.0.0.1"]);
      const write = async (name: string, text: string) => {
        await Deno.writeTextFile(`${directory}/${name}`, text);
        return `${directory}/${name}`;
      };
      await Deno.mkdir(`${directory}/other`);
      const other = createCertificate(`${directory}/other`, ["127.0.0.1"]);
      const noPair = /^http_server\[0\]\.ssl_cert: not a certificate chain with its key in ssl_key: ./;
      const missing = `${directory}/missing.pem`;
      const notPem = await write("not.pem", "hello");
      const broken = await write(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      );
      const brokenKey = await write(
        "key.pem2",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      );
      for (const workers of [1, 2]) {
        for (
          const [cert, key, pattern] of [
            [missing, keyPath, /^http_server\[0\]\.ssl_cert: cannot read .*missing\.pem: no such file$/],
            [certPath, missing, /^http_server\[0\]\.ssl_key: cannot read .*missing\.pem: no such file$/],
            [directory, keyPath, /^http_server\[0\]\.ssl_cert: cannot read /],
            [notPem, keyPath, /^http_server\[0\]\.ssl_cert: .*not\.pem: expected PEM text/],
            [certPath, notPem, /^http_server\[0\]\.ssl_key: .*not\.pem: expected PEM text/],
            [broken, keyPath, noPair],
            [certPath, brokenKey, noPair],
            [keyPath, certPath, noPair],
            [certPath, other.keyPath, noPair],
          ] as const
        ) {
          const settings = `http_workers = ${workers}\n${tlsBlock(cert, key)}`;
          await assert.rejects(startTracker({ settings }), (error) => {
            assert.ok(error instanceof StartError, String(error));
            assert.match(error.message, pattern);
            assert.ok(!error.message.includes("\n"), error.message);
            return true;
          });
        }
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
));

Deno.test("a port in use is one clear line, and nothing is left listening", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const other = freePort("127.0.0.1");
  try {
    for (const workers of [1, 2]) {
      const settings = `http_workers = ${workers}`;
      const http = [`127.0.0.1:${other}`, `127.0.0.1:${taken.addr.port}`];
      await assert.rejects(startTracker({ settings, http, udp: [`127.0.0.1:${other}`] }), (error) => {
        assert.ok(error instanceof StartError, String(error));
        assert.equal(
          error.message,
          `http_server[1].bind_address: cannot listen on 127.0.0.1:${taken.addr.port}: ` +
            "another program uses this address and port",
        );
        return true;
      });
      Deno.listen({ hostname: "127.0.0.1", port: other }).close();
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: other }).close();
    }
  } finally {
    taken.close();
  }
});

Deno.test("an address that this machine has not is one clear line", async () => {
  for (const [kind, address] of [["http", "192.0.2.1:0"], ["api", "[2001:db8::1]:0"]] as const) {
    const options = { udp: ["127.0.0.1:0"], [kind]: [address] };
    await assert.rejects(startTracker(options), (error) => {
      assert.ok(error instanceof StartError, String(error));
      const message =
        `${kind}_server[0].bind_address: cannot listen on ${address}: this machine has no such address`;
      assert.equal(error.message, message);
      return true;
    });
  }
});

// --- odd requests ----------------------------------------------------------------------------------------------------

Deno.test(
  "bare bytes above 127 in the URL are invalid or a bad request, never other bytes, and never end the server",
  onOne(async (server) => {
    const [noText, tenLetters, twentyLetters] = [
      "\xff".repeat(20),
      "\xc3\xa9".repeat(10),
      "\xc3\xa9".repeat(20),
    ];
    for (const infoHash of [noText, tenLetters, twentyLetters].map(latin1Bytes)) {
      const target = concat([latin1Bytes("/scrape?info_hash="), infoHash]);
      const request = concat([
        latin1Bytes("GET "),
        target,
        latin1Bytes(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      ]);
      const [reply] = parseReplies(await exchange(server, request));
      if (reply.status !== 400) assert.equal(failureReason(reply.body), "invalid info_hash");
    }
    assert.equal(await refusal(server, `/announce?${query()}`), null);
  }),
);

Deno.test(
  "a URL of 64 kB, thousands of parameters and broken escapes are answered",
  onOne(async (server) => {
    for (
      const more of [
        "&x=" + "y".repeat(60_000),
        "&a=b".repeat(5000),
        "&".repeat(20_000),
        "&%zz=%&%%%=%f",
        "&info_hash=%&peer_id=%",
        "&=&==&%00=%00",
      ]
    ) {
      assert.equal(await refusal(server, `/announce?${query({ more })}`), null, more.slice(0, 40));
    }
    for (
      const target of ["/%", "/%zz", "/announce/%", "/%ff/announce", "/announce/%E0%A4%A", "/scrape/%00"]
    ) {
      const { status } = await httpGet(server, `${target}?${query()}`);
      assert.ok(status === 200 || status === 404, `${target}: ${status}`);
    }
  }),
);

Deno.test(
  "HTTP/1.0, pipelining, and a request in pieces",
  onOne(async (server) => {
    const old = latin1Bytes(`GET /announce?${query({ port: 1 })} HTTP/1.0\r\n\r\n`);
    const [oldReply] = parseReplies(await exchange(server, old));
    assert.deepEqual([oldReply.status, failureReason(oldReply.body)], [200, null]);

    const first = `GET /announce?${query({ port: 2 })} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const last = `GET /scrape?${query()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const replies = parseReplies(await exchange(server, latin1Bytes(first + first + last)));
    assert.equal(replies.length, 3);
    for (const reply of replies) dictionary(reply);
    assert.ok(dictionary(replies[2]).has("files"));

    const connection = await Deno.connect(server);
    for (const character of latin1Bytes(last)) await connection.write(Uint8Array.of(character));
    const buffer = new Uint8Array(4096);
    const length = await connection.read(buffer);
    connection.close();
    assert.match(latin1(buffer.subarray(0, length ?? 0)), /^HTTP\/1\.1 200/);
  }),
);

Deno.test(
  "what is no HTTP at all is turned away, and the next client served",
  onOne(async (server) => {
    for (
      const bytes of [new Uint8Array(100).fill(0xff), latin1Bytes("\r\n\r\n\r\n"), latin1Bytes("GET\r\n\r\n")]
    ) {
      const reply = latin1(await exchange(server, bytes));
      assert.match(reply, /^(HTTP\/1\.[01] 400|$)/);
    }
    assert.equal(await refusal(server, `/announce?${query()}`), null);
  }),
);

Deno.test(
  "an absolute URL in the request line, and any Host, are the same request",
  onOne(async (server) => {
    assert.equal(await refusal(server, `http://other.example/announce?${query()}`), null);
    const request = `GET /announce?${query()} HTTP/1.1\r\nHost: [::1]:99?/#@x\r\nConnection: close\r\n\r\n`;
    const [reply] = parseReplies(await exchange(server, latin1Bytes(request)));
    assert.ok([200, 400, 404].includes(reply.status));
  }),
);

Deno.test("stops within 3 seconds with connections that are open and half sent", async () => {
  const connections: Deno.Conn[] = [];
  await withTracker({ http: ["127.0.0.1:0"] }, async ({ listening }) => {
    const { hostname, port } = listening.http[0];
    for (let i = 0; i < 20; i++) connections.push(await Deno.connect({ hostname, port }));
    for (const connection of connections.slice(10)) await connection.write(latin1Bytes("GET /ann"));
    await announce(listening.http[0]);
  });
  for (const connection of connections) connection.close();
});
