// TLS to the servers: encrypted, verified, and refused when the other end is not who it should be.

import assert from "node:assert/strict";
import { defaultConfig } from "../../src/config/schema.ts";
import { DatabaseError } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";
import { createCertificate } from "../support/certificate.ts";
import { withNeeds } from "../support/skip.ts";
import { SERVER_BACKENDS } from "./backends.ts";
import { HOST, PASSWORD } from "./server_process.ts";
import { startMariadb } from "./mariadb_server.ts";
import { startPostgres } from "./postgres_server.ts";
import { randomRows, readContent } from "./table_content.ts";

for (const { driver, missing } of SERVER_BACKENDS) {
  const reason = missing();
  const needs = { programs: ["openssl", ...(reason === undefined ? [] : [reason])] };
  Deno.test(withNeeds(needs, `TLS: ${driver}`, async () => {
    const server = await START[driver](HOST);
    const folder = Deno.makeTempDirSync({ prefix: "denotrack-tls-" });
    const open = (query: string) =>
      openDatabase({
        driver,
        path: `${server.url({ user: SECURE_USER })}?${query}`.replace(
          `@${HOST}:`,
          `@${VERIFIED_HOST[driver]}:`,
        ),
        structure: defaultConfig().db_structure,
        connectTimeoutSeconds: 3,
      });
    try {
      for (const statement of SECURE_USER_STATEMENTS[driver]) await server.admin(statement);
      if (driver === "MySQL") await refused(open("sslmode=disable"), /denied/);
      else await (await open("sslmode=disable")).close();

      for (const query of ["sslmode=require", `ssl-mode=VERIFY_CA&sslrootcert=${server.certPath}`]) {
        const database = await open(query);
        await database.save("torrents", randomRows("torrents", 20_000));
        assert.equal((await readContent(database, "torrents")).size, 20_000);
        if (driver === "PgSQL") assert.equal(Number((await server.admin(ENCRYPTED_POSTGRES))[0]![0]), 1);
        await database.clear("torrents");
        await database.close();
      }

      const other = createCertificate(folder, ["127.0.0.1"]).certPath;
      for (const query of ["sslmode=verify-full", `sslmode=verify-full&ssl-ca=${other}`]) {
        await refused(open(query), /certificate|self.signed|issuer/i);
      }
      await refused(open(`sslrootcert=${folder}/missing.pem`), /missing\.pem/);
    } finally {
      await server.close();
      Deno.removeSync(folder, { recursive: true });
    }
  }));

  Deno.test(withNeeds(needs, `TLS: a trusted certificate for another address: ${driver}`, async () => {
    const server = await START[driver]("127.0.0.9");
    try {
      const options = { driver, structure: defaultConfig().db_structure, connectTimeoutSeconds: 3 };
      const path = `${server.url()}?sslrootcert=${server.certPath}`;
      await refused(openDatabase({ ...options, path }), /altname|IP/i);
    } finally {
      await server.close();
    }
  }));
}

/** The names by which the certificate knows the server: its address, and `localhost` as its common name. */
const VERIFIED_HOST = { MySQL: "localhost", PgSQL: HOST, SQLite3: HOST };
const START = { MySQL: startMariadb, PgSQL: startPostgres, SQLite3: startPostgres };

const SECURE_USER = "secure";
/** MariaDB tells nobody whether the connection of another is encrypted, but can insist on it. */
const SECURE_USER_STATEMENTS: Record<DatabaseOptions["driver"], readonly string[]> = {
  SQLite3: [],
  MySQL: [
    `CREATE USER '${SECURE_USER}'@'%' IDENTIFIED BY '${PASSWORD}' REQUIRE SSL`,
    `GRANT ALL ON *.* TO '${SECURE_USER}'@'%'`,
  ],
  PgSQL: [`CREATE USER ${SECURE_USER} SUPERUSER PASSWORD '${PASSWORD}'`],
};
const ENCRYPTED_POSTGRES = `SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
  WHERE ssl AND usename = '${SECURE_USER}'`;

async function refused(opening: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(error instanceof DatabaseError, String(error));
    assert.match(error.message, message);
    assert.equal(error.fault, "refused", error.message);
    return true;
  });
}
