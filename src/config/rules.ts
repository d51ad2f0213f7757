/** What the keys of a configuration must be to each other; each by itself is the schema's matter. */

import { formatPath, type Path } from "./lines.ts";
import { type Config, parseBindAddress, PLACEHOLDER_API_KEY } from "./schema.ts";
import { quoted } from "./text.ts";

/** Something that is wrong or odd. */
export interface Finding {
  /** The keys that it follows from; the first is the one to mend. */
  readonly paths: readonly [Path, ...Path[]];
  /** What is to be said of the first key, without any secret. */
  readonly text: string;
}

/** What makes the program refuse the configuration. */
export function findConflicts(config: Config): Finding[] {
  return [
    ...intervalConflicts(config),
    ...databaseConflicts(config),
    ...nameConflicts(config),
    ...tlsConflicts(config),
    ...bindConflicts(config),
    ...apiKeyConflicts(config),
    ...nothingToServe(config),
  ];
}

/** What is allowed, and most likely not what was meant. */
export function findOddities(config: Config): Finding[] {
  const oddities: Finding[] = [];
  if (config.peer_timeout <= config.interval) {
    oddities.push({
      paths: [["peer_timeout"], ["interval"]],
      text: `${config.peer_timeout} seconds is not more than interval (${config.interval}): ` +
        "peers are forgotten before they announce again",
    });
  }
  if (config.api_key === PLACEHOLDER_API_KEY && config.api_server.some((block) => block.enabled)) {
    oddities.push({
      paths: [["api_key"]],
      text:
        "this is the key of the documentation, so everybody on this machine can use the API; choose your own",
    });
  }
  return oddities;
}

function intervalConflicts(config: Config): Finding[] {
  if (config.interval_minimum <= config.interval) return [];
  return [{
    paths: [["interval_minimum"], ["interval"]],
    text: `expected at most interval (${config.interval}), found ${config.interval_minimum}`,
  }];
}

const SCHEMES: Record<Config["db_driver"], { readonly pattern: RegExp; readonly example: string }> = {
  SQLite3: { pattern: /^sqlite:\/\/./, example: "sqlite://data.db" },
  MySQL: { pattern: /^mysql:\/\/./, example: "mysql://user:password@host:3306/name" },
  PgSQL: { pattern: /^postgres(ql)?:\/\/./, example: "postgres://user:password@host:5432/name" },
};

/** A path may hold a password, so no message shows more of it than a scheme that is known. */
function databaseConflicts({ db_driver, db_path }: Config): Finding[] {
  const paths: Finding["paths"] = [["db_path"], ["db_driver"]];
  const { pattern, example } = SCHEMES[db_driver];
  const expected = `expected a path such as "${example}" for db_driver "${db_driver}"`;
  if (!pattern.test(db_path)) {
    const scheme = /^(sqlite|mysql|postgres|postgresql):\/\//.exec(db_path)?.[0];
    return [{ paths, text: `${expected}, found one that starts with ${scheme ?? "something else"}` }];
  }
  if (db_driver === "SQLite3") return [];
  const url = URL.parse(db_path);
  if (url === null || url.hostname === "") {
    const hint = "is there a character in the password that has to be percent-encoded?";
    return [{ paths, text: `${expected}, found one that is no valid URL; ${hint}` }];
  }
  if (url.pathname.length < 2) {
    return [{ paths, text: `${expected}, found one without the name of a database` }];
  }
  return [];
}

/** The keys of `db_structure`, a table and then its columns. */
const TABLES = [
  ["db_torrents", "table_torrents_info_hash", "table_torrents_completed"],
  ["db_whitelist", "table_whitelist_info_hash"],
  ["db_blacklist", "table_blacklist_info_hash"],
  ["db_keys", "table_keys_hash", "table_keys_timeout"],
] as const;

function nameConflicts({ db_structure }: Config): Finding[] {
  const groups = [TABLES.map(([table]) => table), ...TABLES.map(([, ...columns]) => columns)];
  return groups.flatMap((keys) => {
    const firstKeys = new Map<string, string>();
    return keys.flatMap((key): Finding[] => {
      // Databases differ in whether names are told apart by case alone, so none may depend on it.
      const name = db_structure[key].toLowerCase();
      const firstKey = firstKeys.get(name);
      if (firstKey === undefined) {
        firstKeys.set(name, key);
        return [];
      }
      const text = `expected a name of its own, found ${
        quoted(db_structure[key])
      }, which is also that of ${firstKey}`;
      return [{ paths: [["db_structure", key], ["db_structure", firstKey]], text }];
    });
  });
}

function tlsConflicts(config: Config): Finding[] {
  return (["http_server", "api_server"] as const).flatMap((kind) =>
    config[kind].flatMap((block, index) => {
      if (!block.enabled || !block.ssl) return [];
      const files = (["ssl_key", "ssl_cert"] as const).filter((key) => block[key].trim() === "");
      return files.map((key): Finding => ({
        paths: [[kind, index, key], [kind, index, "ssl"], [kind, index, "enabled"]],
        text: `expected the path of a PEM file, because ssl = true, found ${quoted(block[key])}`,
      }));
    })
  );
}

function bindConflicts(config: Config): Finding[] {
  return [...sharedBinds(config, ["udp_server"]), ...sharedBinds(config, ["http_server", "api_server"])];
}

type BlockKind = "udp_server" | "http_server" | "api_server";

/** Two enabled blocks on one address and port; the kinds are those of one protocol, UDP or TCP. */
function sharedBinds(config: Config, kinds: readonly BlockKind[]): Finding[] {
  const takers = new Map<string, readonly [BlockKind, number]>();
  return kinds.flatMap((kind) =>
    config[kind].flatMap((block, index): Finding[] => {
      const address = parseBindAddress(block.bind_address);
      if (!block.enabled || address === undefined || address.port === 0) return [];
      const endpoint = `${address.hostname} ${address.port}`;
      const taker = takers.get(endpoint);
      if (taker === undefined) {
        takers.set(endpoint, [kind, index]);
        return [];
      }
      const paths = [[kind, index, "bind_address"], [...taker, "bind_address"], [
        kind,
        index,
        "enabled",
      ]] as const;
      const text = `expected an address of its own, found ${quoted(block.bind_address)}, which ` +
        `${formatPath(taker)} listens on`;
      return [{ paths: [...paths, [...taker, "enabled"]], text }];
    })
  );
}

function apiKeyConflicts(config: Config): Finding[] {
  return [...publicKeys(config, "api_key"), ...publicKeys(config, "api_key_readonly"), ...equalKeys(config)];
}

function equalKeys({ api_key, api_key_readonly }: Config): Finding[] {
  if (api_key_readonly === "" || api_key_readonly !== api_key) return [];
  return [{
    paths: [["api_key_readonly"], ["api_key"]],
    text: "expected another key than api_key, which may do everything",
  }];
}

/** The key that everybody knows, where everybody can use it. */
function publicKeys(config: Config, key: "api_key" | "api_key_readonly"): Finding[] {
  if (config[key] !== PLACEHOLDER_API_KEY) return [];
  const index = config.api_server.findIndex((block) =>
    block.enabled && parseBindAddress(block.bind_address)?.isLoopback === false
  );
  if (index < 0) return [];
  const address = config.api_server[index].bind_address;
  return [{
    paths: [[key], ["api_server", index, "bind_address"], ["api_server", index, "enabled"]],
    text:
      `this is the key of the documentation, which everybody knows, and api_server[${index}] can be reached from ` +
      `outside (${address}); choose a key of your own`,
  }];
}

function nothingToServe(config: Config): Finding[] {
  if ([...config.udp_server, ...config.http_server].some((block) => block.enabled)) return [];
  return [{
    paths: [["udp_server"], ["http_server"]],
    text: "nothing to serve: enable at least one [[udp_server]] or [[http_server]] block",
  }];
}
