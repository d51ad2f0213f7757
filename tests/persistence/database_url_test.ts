import assert from "node:assert/strict";
import { DatabaseError } from "../../src/persistence/database.ts";
import { parseServerUrl, parseSqlitePath } from "../../src/persistence/database_url.ts";

Deno.test("db_path: files of SQLite", () => {
  const cases: [string, string][] = [
    ["sqlite://:memory:", ":memory:"],
    ["sqlite::memory:", ":memory:"],
    ["sqlite://data.db", "data.db"],
    ["sqlite://./folder/data.db", "./folder/data.db"],
    ["sqlite:///var/lib/data.db", "/var/lib/data.db"],
    ["sqlite:///var/with%20space%25.db", "/var/with space%.db"],
    ["SQLite://data.db?mode=rwc", "data.db"],
  ];
  for (const [url, path] of cases) assert.equal(parseSqlitePath(url), path);
  for (
    const url of [
      "",
      "data.db",
      "sqlite://",
      "mysql://a@b/c",
      "sqlite://a%00b",
      "sqlite://a%b",
      "sqlite://a?x=1",
    ]
  ) {
    assert.throws(() => parseSqlitePath(url), DatabaseError, url);
  }
});

Deno.test("db_path: servers, with everything that can be in a URL", () => {
  assert.deepEqual(parseServerUrl("MySQL", "mysql://root@localhost/tracker"), {
    host: "localhost",
    port: 3306,
    user: "root",
    password: "",
    database: "tracker",
    tls: "off",
  });
  assert.deepEqual(
    parseServerUrl(
      "PgSQL",
      "postgresql://us%40er:p%3A%2F%3F%23%25%C3%A9%20@[2001:db8::1]:6543/my%20db?sslmode=require",
    ),
    {
      host: "2001:db8::1",
      port: 6543,
      user: "us@er",
      password: "p:/?#%é ",
      database: "my db",
      tls: "encrypted",
    },
  );
  const verified = parseServerUrl("MySQL", "mysql://a:b@db.example/c?ssl-ca=/etc/ca.pem");
  assert.deepEqual([verified.tls, verified.caPath], ["verified", "/etc/ca.pem"]);
  const modes = [["disable", "off"], ["prefer", "off"], ["VERIFY_IDENTITY", "verified"], [
    "verify-full",
    "verified",
  ]];
  for (const [mode, tls] of modes) {
    assert.equal(parseServerUrl("PgSQL", `postgres://a:b@c/d?sslmode=${mode}`).tls, tls);
  }
});

Deno.test("db_path: what is wrong is told without the password", () => {
  const cases: [string, RegExp][] = [
    ["", /found something else$/],
    ["host=localhost password=secret", /found something else$/],
    ["postgres://a:secret@b/c", /found postgres:\/\/… with db_driver = "MySQL"$/],
    ["mysql://a:secret@b", /found no database$/],
    ["mysql://a:secret@b/", /found no database$/],
    ["mysql://a:secret@b/c/d", /found no database$/],
    ["mysql://:secret@b/c", /found no user$/],
    ["mysql://a:secret%zz@b/c", /found a password with a % that stands for nothing; write %25$/],
    ["mysql://a:secret@b:0/c", /found port 0$/],
    ["mysql://a:secret@b:99999/c", /found something else$/],
    ["mysql://a:secret@b/c?ssl-mode=secret", /found an unknown ssl-mode; known are disable,/],
    ["mysql://a:b@c/d?secret=1", /found an option other than sslmode, /],
  ];
  for (const [url, message] of cases) {
    assert.throws(() => parseServerUrl("MySQL", url), (error: unknown) => {
      assert.ok(error instanceof DatabaseError);
      assert.match(error.message, /^db_path: expected mysql:\/\/user:password@host:3306\/database, /);
      assert.match(error.message, message);
      assert.equal(error.message.includes("secret"), false);
      return true;
    });
  }
});
