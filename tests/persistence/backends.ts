// The three kinds of database that one suite runs on: the real ones.

import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { defaultConfig } from "../../src/config/schema.ts";
import type { DatabaseOptions } from "../../src/persistence/open.ts";
import { skippedName } from "../support/skip.ts";
import { missingMariadb, startMariadb } from "./mariadb_server.ts";
import { missingPostgres, startPostgres } from "./postgres_server.ts";
import type { TestServer } from "./server_process.ts";

export interface Backend {
  readonly driver: DatabaseOptions["driver"];
  /** How hashes lie in the tables that it creates. */
  readonly newForm: "hex" | "bytes";
  /** Why it cannot be had on this machine. */
  missing(): string | undefined;
  start(): Promise<RunningBackend>;
}

export interface RunningBackend {
  /** For a database without tables. */
  empty(): Promise<DatabaseOptions>;
  /** SQL of the tests' own, past the code under test. */
  sql(statement: string): Promise<unknown[][]>;
  /** Everything that the catalog says about the tables, in a form to compare. */
  catalog(): Promise<string>;
  /** `undefined` for SQLite. */
  readonly server: TestServer | undefined;
  close(): Promise<void>;
}

const sqlite: Backend = { driver: "SQLite3", newForm: "hex", missing: () => undefined, start: startSqlite };
const mariadb: Backend = {
  driver: "MySQL",
  newForm: "bytes",
  missing: missingMariadb,
  start: async () => serverBackend("MySQL", await startMariadb()),
};
const postgres: Backend = {
  driver: "PgSQL",
  newForm: "bytes",
  missing: missingPostgres,
  start: async () => serverBackend("PgSQL", await startPostgres()),
};

export const SERVER_BACKENDS: readonly Backend[] = [mariadb, postgres];
export const BACKENDS: readonly Backend[] = [sqlite, ...SERVER_BACKENDS];

/** One test that has the database running; its parts are steps. To be registered where it is written. */
export function onBackend(
  backend: Backend,
  name: string,
  body: (context: Deno.TestContext, running: RunningBackend) => Promise<void>,
): Deno.TestDefinition {
  const fullName = `${name}: ${backend.driver}`;
  const reason = backend.missing();
  if (reason !== undefined && process.env.CI !== "true") {
    return { name: skippedName(fullName, reason), ignore: true, fn: () => {} };
  }
  return {
    name: fullName,
    fn: async (context) => {
      if (reason !== undefined) {
        throw new Error(`skipped tests are failures when CI=true, and this one would be: ${reason}`);
      }
      const running = await backend.start();
      try {
        await body(context, running);
      } finally {
        await running.close();
      }
    },
  };
}

function options(driver: DatabaseOptions["driver"], path: string): DatabaseOptions {
  return { driver, path, structure: defaultConfig().db_structure, connectTimeoutSeconds: 5 };
}

function startSqlite(): Promise<RunningBackend> {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-sqlite-" });
  let file = "";
  let files = 0;
  const sql = (statement: string): Promise<unknown[][]> => {
    const database = new DatabaseSync(file);
    try {
      if (!/^\s*(SELECT|PRAGMA)/i.test(statement)) {
        database.exec(statement);
        return Promise.resolve([]);
      }
      return Promise.resolve(database.prepare(statement).all().map((row) => Object.values(row)));
    } finally {
      database.close();
    }
  };
  return Promise.resolve({
    empty: () => {
      file = `${folder}/${++files} é%.db`;
      return Promise.resolve(options("SQLite3", `sqlite://${encodeURI(file)}`));
    },
    sql,
    catalog: async () =>
      JSON.stringify(await sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")),
    server: undefined,
    close: () => Promise.resolve(Deno.removeSync(folder, { recursive: true })),
  });
}

function serverBackend(driver: "MySQL" | "PgSQL", server: TestServer): RunningBackend {
  const isMysql = driver === "MySQL";
  const tables = async () => {
    const schema = isMysql ? "database()" : "'public'";
    const rows = await server.admin(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = ${schema} ORDER BY 1`,
    );
    return rows.map(([name]) => isMysql ? `\`${name}\`` : `"${name}"`);
  };
  return {
    empty: async () => {
      for (const table of await tables()) await server.admin(`DROP TABLE ${table}`);
      return options(driver, server.url());
    },
    sql: (statement) => server.admin(statement),
    catalog: async () => {
      const parts: unknown[] = [];
      if (isMysql) {
        for (const table of await tables()) parts.push(await server.admin(`SHOW CREATE TABLE ${table}`));
      } else {
        parts.push(
          await server.admin(
            `SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,
              ordinal_position FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
          ),
          await server.admin("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"),
        );
      }
      return JSON.stringify(parts);
    },
    server,
    close: () => server.close(),
  };
}
