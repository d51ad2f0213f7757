// A real MariaDB, from Debian's package, or the MySQL or MariaDB that TEST_MYSQL_URL names. All tables of that database
// are dropped.

import process from "node:process";
import mysql from "mysql2/promise";
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

const SERVER_USER = "mysql";
const FOLDERS = ["/usr/sbin", "/usr/bin"];

/** Why there can be no server on this machine; `undefined` when there can. */
export function missingMariadb(): string | undefined {
  if (process.env.TEST_MYSQL_URL !== undefined) return undefined;
  return program("mariadbd") === undefined || program("mariadb-install-db") === undefined
    ? "not installed: mariadb-server"
    : undefined;
}

/** With `certifiedAddress`, it speaks TLS with a certificate for this address, which lies at `certPath`. */
export async function startMariadb(certifiedAddress?: string): Promise<TestServer & { certPath?: string }> {
  const given = process.env.TEST_MYSQL_URL;
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
  const install = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"];
  runOnce(
    asUser(SERVER_USER, [program("mariadb-install-db")!, "--no-defaults", `--datadir=${data}`, ...install]),
    folder,
  );
  const first = `${folder}/first.sql`;
  Deno.writeTextFileSync(first, firstStatements());
  Deno.chmodSync(first, 0o644);
  const certificate = certifiedAddress === undefined
    ? undefined
    : makeServerCertificate(folder, SERVER_USER, certifiedAddress);
  const tls = certificate === undefined
    ? []
    : [`--ssl-cert=${certificate.certPath}`, `--ssl-key=${certificate.keyPath}`];
  const own = ownServer(
    (port) =>
      asUser(SERVER_USER, [
        ...[program("mariadbd")!, "--no-defaults", `--datadir=${data}`, `--bind-address=${HOST}`],
        ...[`--port=${port}`, `--socket=${folder}/socket`, `--init-file=${first}`, "--skip-name-resolve"],
        ...["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M", "--skip-log-bin"],
        ...tls,
      ]),
    folder,
    (output) => output.includes("ready for connections"),
    "SIGTERM",
  );
  await own.start();
  const url = (other = {}) => serverUrl("mysql", own.port, other);
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

function firstStatements(): string {
  // The file is read line by line: one statement each.
  return [
    `CREATE DATABASE IF NOT EXISTS ${DATABASE};`,
    `CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${PASSWORD}';`,
    `GRANT ALL ON *.* TO '${USER}'@'%' WITH GRANT OPTION;`,
    "",
  ].join("\n");
}

async function query(url: string, sql: string): Promise<unknown[][]> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return Array.isArray(rows) ? rows as unknown as unknown[][] : [];
  } finally {
    await connection.end();
  }
}

async function cutConnections(admin: TestServer["admin"]): Promise<void> {
  const rows = await admin(
    "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND user NOT IN ('system user', 'event_scheduler')",
  );
  for (const [id] of rows) await admin(`KILL CONNECTION ${id}`).catch(() => {});
}

function program(name: string): string | undefined {
  return findServerProgram(name, FOLDERS);
}
