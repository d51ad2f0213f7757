/**
 * The schema of the configuration: key, type, default, limits and a doc line per key. The check of a file, the names
 * of the environment variables, the printed example, the table of the README and the type `Config` come from here.
 */

import { z } from "zod";
import { formatIp, type IpFamily, parseCidr, parseIp } from "../base/ip.ts";
import { either, quoted } from "./text.ts";

/** What is known of a key beside its zod type. */
export interface KeyNote {
  /** One sentence for the operator, without a full stop. */
  readonly doc: string;
  /** What a value must be, as it follows "expected" in a problem. */
  readonly expected: string;
  /** The limits in short, where the default does not show them: `1 to 64`. */
  readonly limits?: string;
  /** The value that the text of an environment variable stands for; whether it is allowed is for the schema. */
  readonly fromText: (text: string) => unknown;
  /** Set where a value must never appear in a message. */
  readonly secret?: true;
  /** For a list: what one of its entries must be. */
  readonly expectedEntry?: string;
}

/** A key, a `[table]`, or a list of `[[blocks]]`. */
export type Node =
  | { readonly kind: "key"; readonly schema: z.ZodType; readonly note: KeyNote }
  | { readonly kind: "table" | "blocks"; readonly keys: Keys; readonly doc: string };

/** The keys of one level, in the order of the printed file. */
export type Keys = ReadonlyMap<string, Node>;

/** An address to bind: `hostname` is an IP address in its canonical form, without brackets. */
export interface BindAddress {
  readonly family: IpFamily;
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether only this machine can reach it: 127.0.0.0/8 or ::1. */
  readonly isLoopback: boolean;
}

/** More blocks of one kind than anyone binds; a limit, so that a wrong index in a variable cannot ask for a million. */
export const MAX_BLOCKS = 64;

/** The `api_key` that the documentation of the compatible tracker shows to the whole world. */
export const PLACEHOLDER_API_KEY = "MyAccessToken";

const MAX_LIST_ENTRIES = 1024;
const DAY_SECONDS = 86_400;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const HTTP_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;

const notes = z.registry<KeyNote>();
const sectionDocs = z.registry<{ readonly doc: string }>();

const asIs = (text: string): unknown => text;

function whole(min: number, max: number, fallback: number, doc: string) {
  // TOML can write -0, which is in the range of 0 to anything; adding 0 makes it 0.
  const schema = z.int().min(min).max(max).overwrite((value) => value + 0).default(fallback);
  const limits = `${min} to ${max}`;
  const expected = `a whole number from ${limits}`;
  const fromText = (text: string) => /^[0-9]+$/.test(text) ? Number(text) : text;
  return schema.register(notes, { doc, expected, limits, fromText });
}

function flag(fallback: boolean, doc: string) {
  const fromText = (text: string) => text === "true" ? true : text === "false" ? false : text;
  const note = { doc, expected: "true or false", fromText };
  return z.boolean().default(fallback).register(notes, note);
}

function text(fallback: string, maxLength: number, doc: string, more: { secret?: true } = {}) {
  const schema = z.string().max(maxLength).refine(isPrintable).default(fallback);
  const expected = `text in quotes, on one line, of at most ${maxLength} characters`;
  return schema.register(notes, { doc, expected, fromText: asIs, ...more });
}

function matching(fallback: string, isValid: (text: string) => boolean, expected: string, doc: string) {
  const schema = z.string().refine(isValid).default(fallback);
  return schema.register(notes, { doc, expected, fromText: asIs });
}

function oneOf<const T extends string>(
  values: readonly T[],
  fallback: T,
  doc: string,
  aliases = new Map<unknown, T>(),
) {
  const schema = z.preprocess((value) => aliases.get(value) ?? value, z.literal(values)).default(fallback);
  const expected = either(values.map(quoted));
  return schema.register(notes, { doc, expected, limits: expected, fromText: asIs });
}

function networks(doc: string) {
  const entry = z.string().refine((text) => parseCidr(text) !== undefined);
  return z.array(entry).max(MAX_LIST_ENTRIES).default([]).register(notes, {
    doc,
    expected: `a list of at most ${MAX_LIST_ENTRIES} IP addresses or networks, such as ["10.0.0.0/8", "::1"]`,
    expectedEntry: 'an IP address or a network such as "10.0.0.0/8"',
    fromText: splitList,
  });
}

/** `scheme://host` with or without a port, as browsers name the origin of a page. */
function origins(doc: string) {
  const entry = z.string().refine((text) => text.length <= 256 && URL.parse(text)?.origin === text);
  return z.array(entry).max(MAX_LIST_ENTRIES).default([]).register(notes, {
    doc,
    expected: `a list of at most ${MAX_LIST_ENTRIES} origins, such as ["https://admin.example.org"]`,
    expectedEntry: 'an origin such as "https://admin.example.org", without a path',
    fromText: splitList,
  });
}

function splitList(text: string): string[] {
  return text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
}

function bindAddress(fallback: string) {
  const isValid = (text: string) => parseBindAddress(text) !== undefined;
  const expected = 'HOST:PORT with an IP address as the host, such as "127.0.0.1:6969" or "[::1]:6969"';
  const doc = "IP address and port to listen on; 0.0.0.0 is every IPv4 address, [::] every IPv6 address";
  return matching(fallback, isValid, expected, doc);
}

function identifier(fallback: string, doc: string) {
  const expected = "a name of 1 to 63 letters, digits and underscores that does not start with a digit";
  return matching(fallback, (text) => IDENTIFIER.test(text), expected, doc);
}

/** The keys that `[[http_server]]` and `[[api_server]]` have in common. */
function tcpServer(defaultBind: string) {
  return z.strictObject({
    enabled: flag(true, "Whether this block is used"),
    bind_address: bindAddress(defaultBind),
    ssl: flag(false, "Serve HTTPS instead of HTTP"),
    ssl_key: text("", 4096, "Path of the private key (PEM); wanted with ssl = true"),
    ssl_cert: text("", 4096, "Path of the certificate chain (PEM); wanted with ssl = true"),
    trusted_proxies: networks(
      "Proxies whose forwarded_header is believed: addresses or networks; empty = none",
    ),
    forwarded_header: matching(
      "X-Forwarded-For",
      (text) => HTTP_TOKEN.test(text),
      'the name of an HTTP header such as "X-Forwarded-For"',
      "Header in which a trusted proxy names the client",
    ),
    max_connections: whole(1, 1_000_000, 8192, "Connections open at one time; more are turned away"),
  });
}

export const configSchema = z.strictObject({
  log_level: oneOf(
    ["off", "trace", "debug", "info", "warn", "error"],
    "info",
    "The least that is logged",
    new Map([["warning", "warn"]]),
  ),
  log_console_interval: whole(
    0,
    DAY_SECONDS,
    60,
    "Seconds between two statistics blocks in the log, 0 = none",
  ),
  statistics_enabled: flag(true, "Count connections, announces, scrapes and API requests"),

  db_driver: oneOf(["SQLite3", "MySQL", "PgSQL"], "SQLite3", "Database that is used with persistence = true"),
  db_path: text(
    "sqlite://:memory:",
    4096,
    "Where the database is: sqlite://data.db, mysql://user:password@host:3306/name or " +
      "postgres://user:password@host:5432/name",
    { secret: true },
  ),
  persistence: flag(false, "Load from the database at the start and save to it; false leaves it untouched"),
  persistence_interval: whole(1, DAY_SECONDS, 60, "Seconds between two saves"),
  db_connect_timeout: whole(
    0,
    3600,
    30,
    "Seconds to wait at the start for a database that does not answer yet",
  ),
  db_chunk_size: whole(1, 100_000, 1000, "Rows that are saved in one transaction"),
  state_file: text(
    "",
    4096,
    "File in which peers outlive a restart, written at the stop and read at the start; empty = none",
  ),

  api_key: text("", 256, "Token that every API request must carry; empty = a random one for each run", {
    secret: true,
  }),
  api_key_readonly: text("", 256, "Token that may only look at things in the API; empty = none", {
    secret: true,
  }),
  api_body_limit: whole(1, 1024, 32, "Most mebibytes that the API takes in one request"),
  cors_origins: origins("Origins whose web pages may use the API from a browser; empty = none"),
  metrics_public: flag(false, "Serve /metrics without a token"),

  whitelist: flag(false, "Serve only the torrents on the whitelist"),
  blacklist: flag(false, "Refuse the torrents on the blacklist"),
  keys: flag(false, "Serve only clients that announce with a key, as in /announce/KEY"),
  keys_cleanup_interval: whole(1, DAY_SECONDS, 10, "Seconds between two sweeps of expired keys"),

  interval: whole(1, DAY_SECONDS, 1800, "Seconds that clients are told to wait between two announces"),
  interval_minimum: whole(
    1,
    DAY_SECONDS,
    1800,
    "Fewest seconds that clients are told to wait, at most interval; left out, it follows a lower interval",
  ),
  interval_cleanup: whole(1, 14_400, 900, "Seconds between two sweeps of peers that are gone"),
  peer_timeout: whole(
    60,
    43_200,
    2700,
    "Seconds without an announce after which a peer is gone; more than interval",
  ),
  peers_returned: whole(1, 500, 200, "Most peers in one answer"),
  full_scrape: flag(false, "Answer an HTTP scrape without info_hash with every torrent"),

  udp_workers: whole(0, 64, 0, "Threads for UDP on the linux backend, 0 = one a core but one"),
  udp_backend: oneOf(
    ["auto", "linux", "portable"],
    "auto",
    "How UDP packets are read: linux takes many in one system call, portable runs everywhere, auto decides",
  ),
  http_workers: whole(1, 64, 1, "Threads for the HTTP blocks"),
  http_timeout: whole(1, 600, 15, "Seconds in which a request must have arrived"),
  http_keep_alive: whole(1, 600, 30, "Seconds after which an idle connection is closed"),

  max_torrents: whole(
    1024,
    250_000_000,
    134_217_728,
    "Torrents kept in memory; when full, new ones are not stored",
  ),
  max_peers: whole(1024, 134_217_728, 16_777_216, "Peers kept in memory, for IPv4 and for IPv6 each"),
  max_list_entries: whole(
    1024,
    250_000_000,
    16_777_216,
    "Entries of the whitelist, the blacklist and the keys, each",
  ),

  udp_server: blocksOf(
    z.strictObject({
      enabled: flag(true, "Whether this block is used"),
      bind_address: bindAddress("127.0.0.1:6969"),
    }),
    "The tracker over UDP, one block for each address; udp_server = [] is none",
  ),
  http_server: blocksOf(
    tcpServer("127.0.0.1:6969"),
    "The tracker over HTTP, one block for each address; http_server = [] is none",
  ),
  api_server: blocksOf(
    tcpServer("127.0.0.1:8080"),
    "The API and the web interface, one block for each address; api_server = [] is none",
  ),

  db_structure: z.strictObject({
    db_torrents: identifier("torrents", "Table of the torrents"),
    table_torrents_info_hash: identifier("info_hash", "Its column for the info hash"),
    table_torrents_completed: identifier("completed", "Its column for the number of completed downloads"),
    db_whitelist: identifier("whitelist", "Table of the whitelist"),
    table_whitelist_info_hash: identifier("info_hash", "Its column for the info hash"),
    db_blacklist: identifier("blacklist", "Table of the blacklist"),
    table_blacklist_info_hash: identifier("info_hash", "Its column for the info hash"),
    db_keys: identifier("keys", "Table of the keys"),
    table_keys_hash: identifier("hash", "Its column for the key"),
    table_keys_timeout: identifier("timeout", "Its column for the time at which a key ends"),
  }).prefault({}).register(sectionDocs, { doc: "Names of the tables and columns in the database" }),
});

/** A checked configuration: every key of the file by its own name, with its value or its default. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
export type UdpServerConfig = Config["udp_server"][number];
export type HttpServerConfig = Config["http_server"][number];
export type ApiServerConfig = Config["api_server"][number];
export type DbStructure = Config["db_structure"];

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The keys of the whole file, for those that walk over it. */
export const configKeys: Keys = keysOf(configSchema);

/** The configuration of an empty file. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/**
 * Reads `1.2.3.4:6969` or `[::1]:6969`; the port may be 0. An IPv4-mapped IPv6 address is the IPv4 address. `undefined`
 * for anything else: host names, zones, ports left out.
 */
export function parseBindAddress(text: string): BindAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(0|[1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, ipv4] = match;
  const port = Number(match[3]);
  const words = new Int32Array(4);
  const family = parseIp(ipv6 ?? ipv4, words);
  // Brackets hold IPv6 only: "[1.2.3.4]:80" is a slip worth telling.
  if (family === 0 || port > 65_535 || (ipv6 !== undefined && !ipv6.includes(":"))) return undefined;
  const hostname = formatIp(family, words);
  const isLoopback = family === 4 ? hostname.startsWith("127.") : hostname === "::1";
  return { family, hostname, port, isLoopback };
}

/** A list of blocks: absent from the file, there is one with the defaults. */
function blocksOf<T extends z.ZodObject>(block: T, doc: string) {
  const schema = z.array(block).max(MAX_BLOCKS).prefault(() => [{}] as z.input<T>[]);
  return schema.register(sectionDocs, { doc });
}

/** No control characters, and no half of a surrogate pair: what TOML can hold and a line of a log can show. */
function isPrintable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);
}

function keysOf(schema: z.ZodObject): Keys {
  return new Map(Object.entries(schema.shape).map(([key, child]) => [key, nodeOf(child as z.ZodType)]));
}

function nodeOf(schema: z.ZodType): Node {
  const note = notes.get(schema);
  if (note !== undefined) return { kind: "key", schema, note };
  const doc = sectionDocs.get(schema)?.doc;
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : undefined;
  const isBlocks = inner instanceof z.ZodArray;
  const table = isBlocks ? inner.element : inner;
  if (doc === undefined || !(table instanceof z.ZodObject)) {
    throw new TypeError("a key of the schema is neither noted, nor a table, nor a list of blocks");
  }
  return { kind: isBlocks ? "blocks" : "table", keys: keysOf(table), doc };
}
