/** Reads `db_path`. A message about it never repeats it, because it holds the password. */
import { DatabaseError, type ServerAddress } from "./database.ts";

export type ServerKind = "MySQL" | "PgSQL";

interface ServerForm {
  readonly protocols: readonly string[];
  readonly port: number;
  readonly example: string;
}

const SERVER_FORMS: Record<ServerKind, ServerForm> = {
  MySQL: {
    protocols: ["mysql:", "mariadb:"],
    port: 3306,
    example: "mysql://user:password@host:3306/database",
  },
  PgSQL: {
    protocols: ["postgres:", "postgresql:"],
    port: 5432,
    example: "postgres://user:password@host:5432/database",
  },
};

/** Both spellings of each option, as other clients of these databases know them. */
const TLS_MODES = new Map<string, ServerAddress["tls"]>([
  ["disable", "off"],
  ["disabled", "off"],
  // These promise nothing: a listener in the middle can turn them off.
  ["allow", "off"],
  ["prefer", "off"],
  ["preferred", "off"],
  ["require", "encrypted"],
  ["required", "encrypted"],
  ["verify-ca", "verified"],
  ["verify_ca", "verified"],
  ["verify-full", "verified"],
  ["verify_identity", "verified"],
]);
const TLS_MODE_KEYS = ["sslmode", "ssl-mode"];
const CA_KEYS = ["sslrootcert", "ssl-ca"];

/** The file of `sqlite://data.db`, `sqlite:///abs/path.db`; `:memory:` for `sqlite://:memory:`. */
export function parseSqlitePath(url: string): string {
  const match = /^sqlite:(?:\/\/)?((?!\/\/)[^?#]+)(?:\?mode=rwc?)?$/i.exec(url);
  const path = match === null ? undefined : decoded(match[1]);
  if (path === undefined || path.includes("\0")) {
    throw new DatabaseError("refused", "db_path", "expected sqlite://data.db or sqlite:///folder/data.db");
  }
  return path;
}

/** The server of `mysql://user:password@host:3306/database`; user, password, host and database percent-decoded. */
export function parseServerUrl(kind: ServerKind, text: string): ServerAddress {
  const form = SERVER_FORMS[kind];
  const fail = (problem: string): never => {
    throw new DatabaseError("refused", "db_path", `expected ${form.example}, ${problem}`);
  };
  const url = URL.canParse(text) ? new URL(text) : fail("found something else");
  if (!form.protocols.includes(url.protocol)) {
    fail(`found ${url.protocol}//… with db_driver = "${kind}"`);
  }
  const part = (name: string, value: string): string =>
    decoded(value) ?? fail(`found a ${name} with a % that stands for nothing; write %25`);
  const database = part("database", url.pathname.slice(1));
  const host = part("host", url.hostname).replace(/^\[(.*)\]$/, "$1");
  const user = part("user", url.username);
  if (host === "") fail("found no host");
  if (user === "") fail("found no user");
  if (database === "" || database.includes("/") || database.includes("\0")) fail("found no database");
  // 0 would mean "any port" to a socket.
  if (url.port === "0") fail("found port 0");
  return {
    host,
    port: url.port === "" ? form.port : Number(url.port),
    user,
    password: part("password", url.password),
    database,
    ...tlsOptions(url.searchParams, fail),
  };
}

function tlsOptions(
  query: URLSearchParams,
  fail: (problem: string) => never,
): Pick<ServerAddress, "tls" | "caPath"> {
  let tls: ServerAddress["tls"] | undefined;
  let caPath: string | undefined;
  for (const [key, value] of query) {
    if (TLS_MODE_KEYS.includes(key)) {
      tls = TLS_MODES.get(value.toLowerCase()) ??
        fail(`found an unknown ${key}; known are ${[...TLS_MODES.keys()].join(", ")}`);
    } else if (CA_KEYS.includes(key)) {
      caPath = value;
    } else {
      fail(`found an option other than ${[...TLS_MODE_KEYS, ...CA_KEYS].join(", ")}`);
    }
  }
  // Whoever names the certificates wants them to be checked.
  tls ??= caPath === undefined ? "off" : "verified";
  return caPath === undefined ? { tls } : { tls, caPath };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
