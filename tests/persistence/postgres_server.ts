// A real PostgreSQL, from Debian's package, or the one that TEST_POSTGRES_URL names. All tables of that database are dropped.

import process from "node:process";
import postgres from "postgres";
import {
  asUser,
  DATABASE,
  findServerProgram,
  HOST,
  makeServerCertificate,
  makeServerFolder,
  otherUrl,
  ownServer,
  PASSWORD,
  runOnce,
  serverUrl,
  type TestServer,
  USER,
} from "./server_process.ts";

const SERVER_USER = "postgres";

/** Why there can be no server on this machine; `undefined` when there can. */
export function missingPostgres(): string | undefined {
  if (process.env.TEST_POSTGRES_URL !== undefined) return undefined;
  return program("initdb") === undefined || program("postgres") === undefined
    ? "not installed: postgresql"
    : undefined;
}

/** With `certifiedAddress`, it speaks TLS with a certificate for this address, which lies at `certPath`. */
export async function startPostgres(certifiedAddress?: string): Promise<TestServer & { certPath?: string }> {
  const given = process.env.TEST_POSTGRES_URL;
  if (given !== undefined) {
    const admin = (sql: string) => query(given, sql);
    return {
      url: (other) => otherUrl(given, other),
      admin,
      cutConnections: () => cutConnections(admin),
      own: undefined,
      close: () => Promise.resolve(),
    };
  }
  const folder = makeServerFolder(SERVER_USER);
  const data = `${folder}/data`;
  const passwordFile = `${folder}/password`;
  Deno.writeTextFileSync(passwordFile, PASSWORD);
  Deno.chmodSync(passwordFile, 0o644);
  const auth = ["--auth=scram-sha-256", "-U", USER, `--pwfile=${passwordFile}`];
  runOnce(
    asUser(SERVER_USER, [program("initdb")!, "-D", data, "--no-sync", "-E", "UTF8", ...auth]),
    folder,
  );
  const settings = ["unix_socket_directories=", "fsync=off", "max_connections=20", "shared_buffers=32MB"];
  const certificate = certifiedAddress === undefined
    ? undefined
    : makeServerCertificate(folder, SERVER_USER, certifiedAddress);
  if (certificate !== undefined) {
    settings.push("ssl=on", `ssl_cert_file=${certificate.certPath}`, `ssl_key_file=${certificate.keyPath}`);
  }
  const own = ownServer(
    (port) =>
      asUser(SERVER_USER, [
        ...[program("postgres")!, "-D", data, "-h", HOST, "-p", String(port)],
        ...settings.flatMap((setting) => ["-c", setting]),
      ]),
    folder,
    (output) => output.includes("database system is ready to accept connections"),
    // "Fast": it does not wait until the last client has gone.
    "SIGINT",
  );
  await own.start();
  const url = (other = {}) => serverUrl("postgres", own.port, other);
  await query(url({ database: "postgres" }), `CREATE DATABASE ${DATABASE}`);
  const admin = (sql: string) => query(url(), sql);
  return {
    url,
    admin,
    ...(certificate === undefined ? {} : { certPath: certificate.certPath }),
    cutConnections: () => cutConnections(admin),
    own,
    close: async () => {
      await own.stop();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

async function query(url: string, sql: string): Promise<unknown[][]> {
  const connection = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return [...await connection.unsafe(sql).values()] as unknown[][];
  } finally {
    await connection.end({ timeout: 1 });
  }
}

async function cutConnections(admin: TestServer["admin"]): Promise<void> {
  await admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`);
}

function program(name: string): string | undefined {
  return findServerProgram(name, debianFolders());
}

/** One folder a release, the newest first. */
function debianFolders(): string[] {
  try {
    const releases = [...Deno.readDirSync("/usr/lib/postgresql")].map((entry) => entry.name);
    return releases.sort((a, b) => Number(b) - Number(a)).map((name) => `/usr/lib/postgresql/${name}/bin`);
  } catch {
    return [];
  }
}
