import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Config,
  configTable,
  exampleConfig,
  parseBindAddress,
  parseConfig,
  printConfig,
  publicConfig,
} from "../../src/config/config.ts";
import { variableName } from "../../src/config/env.ts";
import { configKeys, defaultConfig, type Keys, type Node } from "../../src/config/schema.ts";

type Env = Record<string, string>;

function problemsOf(text: string, env: Env = {}): readonly string[] {
  const result = parseConfig({ text, file: "config.toml", env });
  return "problems" in result ? result.problems : [];
}

function configOf(text: string, env: Env = {}): Config {
  const result = parseConfig({ text, file: "config.toml", env });
  if ("problems" in result) assert.fail(result.problems.join("\n"));
  return result.config;
}

function warningsOf(text: string, env: Env = {}): readonly string[] {
  const result = parseConfig({ text, file: "config.toml", env });
  if ("problems" in result) assert.fail(result.problems.join("\n"));
  return result.warnings;
}

/** The file that the documentation of the compatible tracker shows. */
const COMPATIBLE_FILE = `log_level = "info"
log_console_interval = 60
statistics_enabled = true
db_driver = "SQLite3"
db_path = "sqlite://:memory:"
persistence = false
persistence_interval = 60
api_key = "MyAccessToken"
whitelist = false
blacklist = false
keys = true
keys_cleanup_interval = 10
interval = 1800
interval_minimum = 1800
interval_cleanup = 900
peer_timeout = 2700
peers_returned = 200

[[udp_server]]
enabled = true
bind_address = "127.0.0.1:6969"

[[http_server]]
enabled = true
bind_address = "127.0.0.1:6969"
ssl = false
ssl_key = ""
ssl_cert = ""

[[api_server]]
enabled = true
bind_address = "127.0.0.1:8080"
ssl = false
ssl_key = ""
ssl_cert = ""

[db_structure]
db_torrents = "torrents"
table_torrents_info_hash = "info_hash"
table_torrents_completed = "completed"
db_whitelist = "whitelist"
table_whitelist_info_hash = "info_hash"
db_blacklist = "blacklist"
table_blacklist_info_hash = "info_hash"
db_keys = "keys"
table_keys_hash = "hash"
table_keys_timeout = "timeout"
`;

Deno.test("the file of the compatible tracker is accepted as it is and gives the defaults", () => {
  assert.deepEqual(configOf(COMPATIBLE_FILE), { ...defaultConfig(), api_key: "MyAccessToken", keys: true });
});

Deno.test("an empty file gives the defaults", () => {
  const config = configOf("");
  assert.deepEqual(config, defaultConfig());
  assert.equal(config.api_key, "");
  assert.equal(config.keys, false);
  assert.equal(config.udp_server.length, 1);
  assert.deepEqual(warningsOf(""), []);
});

Deno.test("each key of a block falls back by itself", () => {
  const config = configOf('[[http_server]]\nbind_address = "[::]:80"\n[[http_server]]\n');
  assert.deepEqual(config.http_server.map((block) => block.bind_address), ["[::]:80", "127.0.0.1:6969"]);
  assert.deepEqual(config.http_server.map((block) => block.max_connections), [8192, 8192]);
  assert.equal(config.udp_server.length, 1, "another kind of block keeps its default");
});

Deno.test("config.toml.example is the printed example", () => {
  const file = Deno.readTextFileSync(new URL("../../config.toml.example", import.meta.url));
  assert.equal(file.replaceAll("\r\n", "\n"), exampleConfig(""));
  assert.deepEqual(configOf(file), defaultConfig());
});

Deno.test("the example carries the key that was made for it", () => {
  assert.equal(configOf(exampleConfig("0123abc")).api_key, "0123abc");
});

Deno.test("the table for the README names every key once in its section", () => {
  const rows = configTable().split("\n");
  for (const [name, node] of configKeys) {
    if (node.kind === "key") {
      assert.equal(rows.filter((row) => row.startsWith(`| \`${name}\` |`)).length, 1, name);
    } else assert.equal(rows.filter((row) => row.includes(`[${name}]`)).length, 1, name);
  }
});

Deno.test("a problem tells file, line, key, what was expected and what was found", () => {
  const cases: [text: string, problem: string][] = [
    ["\ninterval = 0", "config.toml:2: interval: expected a whole number from 1 to 86400, found 0"],
    ["interval = 1.5", "config.toml:1: interval: expected a whole number from 1 to 86400, found 1.5"],
    ["interval = nan", "config.toml:1: interval: expected a whole number from 1 to 86400, found NaN"],
    [
      'interval = "900"',
      'config.toml:1: interval: expected a whole number from 1 to 86400 without quotes, found "900"',
    ],
    ['keys = "true"', 'config.toml:1: keys: expected true or false without quotes, found "true"'],
    ["keys = 1", "config.toml:1: keys: expected true or false, found 1"],
    [
      "interval = 1979-05-27",
      "config.toml:1: interval: expected a whole number from 1 to 86400, found a date or time",
    ],
    [
      "interval = []",
      "config.toml:1: interval: expected a whole number from 1 to 86400, found an empty list",
    ],
    [
      'db_driver = "sqlite3"',
      'config.toml:1: db_driver: expected "SQLite3", "MySQL" or "PgSQL", found "sqlite3"',
    ],
    [
      '[[udp_server]]\nbind_address = "6969"',
      'config.toml:2: udp_server[0].bind_address: expected HOST:PORT with an IP address as the host, such as "127.0.0.1:6969" or "[::1]:6969", found "6969"',
    ],
    ["whitlist = true", 'config.toml:1: whitlist: unknown key, did you mean "whitelist"?'],
    ["zzzzzz = true", "config.toml:1: zzzzzz: unknown key"],
    ["__proto__ = true", "config.toml:1: __proto__: unknown key"],
    [
      '[db_structure]\ndb_key = "a"',
      'config.toml:2: db_structure.db_key: unknown key, did you mean "db_keys"?',
    ],
    [
      "[[udp_server]]\n[[udp_server]]\nenabled = false\nwhitelist = true",
      "config.toml:4: udp_server[1].whitelist: unknown key in [[udp_server]], it belongs before the first section of the file",
    ],
    [
      "ssl = true",
      "config.toml:1: ssl: unknown key before the first section, it belongs in [[http_server]] or in [[api_server]]",
    ],
    [
      "[udp_server]",
      "config.toml:1: udp_server: expected blocks that start with [[udp_server]], found a single section; write [[udp_server]] with two brackets",
    ],
    [
      "udp_server = 5",
      "config.toml:1: udp_server: expected blocks that start with [[udp_server]], found a number",
    ],
    [
      "udp_server = [\n 5]",
      "config.toml:2: udp_server[0]: expected a block with the keys of [[udp_server]], found a number",
    ],
    [
      "db_structure = true",
      "config.toml:1: db_structure: expected the section [db_structure], found a boolean",
    ],
    [
      '[[http_server]]\ntrusted_proxies = [\n"::1",\n"10.0.0.0/33"]',
      'config.toml:4: http_server[0].trusted_proxies[1]: expected an IP address or a network such as "10.0.0.0/8", found "10.0.0.0/33"',
    ],
    [
      '[[http_server]]\nforwarded_header = "X Y"',
      'config.toml:2: http_server[0].forwarded_header: expected the name of an HTTP header such as "X-Forwarded-For", found "X Y"',
    ],
    [
      '[db_structure]\ndb_keys = "a-b"',
      'config.toml:2: db_structure.db_keys: expected a name of 1 to 63 letters, digits and underscores that does not start with a digit, found "a-b"',
    ],
    [
      "a =\n1",
      "config.toml:1:4: not valid TOML: invalid value (text stands in quotes; numbers, true and false do not)",
    ],
    [
      "keys = true\nkeys = true",
      "config.toml:2:1: not valid TOML: trying to redefine an already defined table or value",
    ],
  ];
  for (const [text, problem] of cases) assert.deepEqual(problemsOf(text), [problem], text);
});

Deno.test("keys that do not go together are told at the key to mend", () => {
  const cases: [text: string, problem: string][] = [
    [
      "interval = 900\ninterval_minimum = 901",
      "config.toml:2: interval_minimum: expected at most interval (900), found 901",
    ],
    [
      '[[http_server]]\nssl = true\nssl_cert = "a.pem"',
      'config.toml:2: http_server[0].ssl_key: expected the path of a PEM file, because ssl = true, found ""',
    ],
    [
      '[[udp_server]]\nbind_address = "[::1]:80"\n[[udp_server]]\nbind_address = "[0:0::1]:80"',
      'config.toml:4: udp_server[1].bind_address: expected an address of its own, found "[0:0::1]:80", which udp_server[0] listens on',
    ],
    [
      '[[api_server]]\nbind_address = "127.0.0.1:6969"',
      'config.toml:2: api_server[0].bind_address: expected an address of its own, found "127.0.0.1:6969", which http_server[0] listens on',
    ],
    [
      'db_driver = "MySQL"',
      'config.toml:1: db_path: expected a path such as "mysql://user:password@host:3306/name" for db_driver "MySQL", found one that starts with sqlite://',
    ],
    [
      '[db_structure]\ndb_keys = "Torrents"',
      'config.toml:2: db_structure.db_keys: expected a name of its own, found "Torrents", which is also that of db_torrents',
    ],
    [
      '[db_structure]\ntable_keys_hash = "timeout"',
      'config.toml:2: db_structure.table_keys_timeout: expected a name of its own, found "timeout", which is also that of table_keys_hash',
    ],
    [
      "udp_server = []\nhttp_server = []",
      "config.toml:1: udp_server: nothing to serve: enable at least one [[udp_server]] or [[http_server]] block",
    ],
    [
      'api_key = "MyAccessToken"\n[[api_server]]\nbind_address = "[::]:80"',
      "config.toml:1: api_key: this is the key of the documentation, which everybody knows, and api_server[0] can be reached from outside ([::]:80); choose a key of your own",
    ],
    [
      'api_key_readonly = "MyAccessToken"\n[[api_server]]\nbind_address = "[::]:80"',
      "config.toml:1: api_key_readonly: this is the key of the documentation, which everybody knows, and api_server[0] can be reached from outside ([::]:80); choose a key of your own",
    ],
    [
      'api_key = "hunter2"\napi_key_readonly = "hunter2"',
      "config.toml:2: api_key_readonly: expected another key than api_key, which may do everything",
    ],
    ...["https://example.org/", "example.org", "null", "*", "https://Example.org", "https://a.b/c"].map((
      origin,
    ): [string, string] => [
      `cors_origins = ["${origin}"]`,
      `config.toml:1: cors_origins[0]: expected an origin such as "https://admin.example.org", without a path, found "${origin}"`,
    ]),
  ];
  for (const [text, problem] of cases) assert.deepEqual(problemsOf(text), [problem], text);
});

Deno.test("what goes together is accepted", () => {
  const cases = [
    "interval = 900",
    "udp_server = []",
    'api_key = "a"\napi_key_readonly = "b"',
    'cors_origins = ["https://admin.example.org", "http://127.0.0.1:8080", "http://[::1]:8080"]',
    "http_server = []\napi_server = []",
    '[[udp_server]]\nbind_address = "127.0.0.1:0"\n[[udp_server]]\nbind_address = "127.0.0.1:0"',
    '[[udp_server]]\nbind_address = "0.0.0.0:6969"\n[[udp_server]]\nbind_address = "[::]:6969"',
    "[[udp_server]]\n[[udp_server]]\nenabled = false",
    "[[http_server]]\nenabled = false\nssl = true",
    'api_key = "MyAccessToken"\n[[api_server]]\nbind_address = "127.9.9.9:80"',
    'api_key = "MyAccessToken"\n[[api_server]]\nbind_address = "[::1]:80"',
    'api_key = "MyAccessToken"\n[[api_server]]\nenabled = false\nbind_address = "0.0.0.0:80"',
    'db_path = "sqlite://some dir/data.db"',
    'db_driver = "MySQL"\ndb_path = "mysql://user:pw@host:3306/db"',
    'db_driver = "PgSQL"\ndb_path = "postgres://user:pw@host:5432/db"',
    'db_driver = "PgSQL"\ndb_path = "postgresql://user:pw@[::1]/db"',
    '\uFEFFlog_level = "warning"\r\nkeys = true\r\n',
  ];
  for (const text of cases) assert.deepEqual(problemsOf(text), [], text);
});

Deno.test("a lower interval takes along a minimum that was not set", () => {
  assert.equal(configOf("interval = 900").interval_minimum, 900);
  assert.equal(configOf("", { DENOTRACK_INTERVAL: "60" }).interval_minimum, 60);
  assert.equal(configOf("interval = 3600").interval_minimum, 1800);
  assert.equal(configOf("interval = 900\ninterval_minimum = 30").interval_minimum, 30);
});

Deno.test("what is odd is a warning", () => {
  assert.deepEqual(warningsOf("\npeer_timeout = 1800"), [
    "config.toml:2: peer_timeout: 1800 seconds is not more than interval (1800): peers are forgotten before they announce again",
  ]);
  assert.match(
    warningsOf(COMPATIBLE_FILE)[0],
    /^config.toml:8: api_key: this is the key of the documentation/,
  );
  assert.deepEqual(warningsOf('api_key = "MyAccessToken"\napi_server = []'), []);
});

Deno.test("all problems are told, in the order of the file and then of the variables", () => {
  const text =
    'interval = 0\nwhitlist = true\n[[udp_server]]\nbind_address = "x"\n[[api_server]]\nssl = true\n';
  const problems = problemsOf(text, { DENOTRACK_PEERS_RETURNED: "0", DENOTRACK_NONSENSE: "" });
  assert.deepEqual(problems.map((problem) => problem.split(": ").slice(0, 2).join(": ")), [
    "config.toml:1: interval",
    "config.toml:2: whitlist",
    "config.toml:4: udp_server[0].bind_address",
    "config.toml:6: api_server[0].ssl_key",
    "config.toml:6: api_server[0].ssl_cert",
    "DENOTRACK_PEERS_RETURNED: peers_returned",
    "DENOTRACK_NONSENSE: unknown variable",
  ]);
  assert.equal(problemsOf("[", { DENOTRACK_NONSENSE: "" }).length, 2);
});

Deno.test("a conflict with a key that is wrong by itself is not told", () => {
  assert.equal(problemsOf('interval = "x"\ninterval_minimum = 3600').length, 1);
  assert.equal(problemsOf('http_server = []\n[[udp_server]]\nenabled = "no"').length, 1);
});

Deno.test("every key has a variable, and the text of its value is read back", () => {
  const defaults = defaultConfig() as unknown as Record<string, Record<string, unknown>>;
  const env: Env = {};
  for (const [name, node] of configKeys) {
    if (node.kind === "key") {
      env[variableName([name])] = String(defaults[name]);
      continue;
    }
    const path = node.kind === "blocks" ? [name, 0] : [name];
    const values = (node.kind === "blocks" ? defaults[name][0] : defaults[name]) as Record<string, unknown>;
    for (const key of node.keys.keys()) env[variableName([...path, key])] = String(values[key]);
  }
  assert.equal(env.DENOTRACK_DB_STRUCTURE__DB_TORRENTS, "torrents");
  assert.equal(env.DENOTRACK_UDP_SERVER__0__BIND_ADDRESS, "127.0.0.1:6969");
  assert.deepEqual(configOf("", env), defaultConfig());
});

Deno.test("a variable wins over the file, key by key", () => {
  const text = 'api_key = "a"\ninterval = 0\n[[http_server]]\nmax_connections = 5\nbind_address = "wrong"\n';
  const config = configOf(text, {
    DENOTRACK_API_KEY: "b",
    DENOTRACK_INTERVAL: "2000",
    DENOTRACK_HTTP_SERVER__0__BIND_ADDRESS: "127.0.0.1:1",
    DENOTRACK_HTTP_SERVER__0__TRUSTED_PROXIES: "10.0.0.0/8, ::1",
    DENOTRACK_HTTP_SERVER__1__BIND_ADDRESS: "127.0.0.1:2",
    DENOTRACK_UDP_SERVER__0__ENABLED: "false",
    DENOTRACK_DB_STRUCTURE__DB_KEYS: "passkeys",
  });
  assert.equal(config.api_key, "b");
  assert.equal(config.interval, 2000);
  assert.deepEqual(config.http_server.map((block) => block.bind_address), ["127.0.0.1:1", "127.0.0.1:2"]);
  assert.deepEqual(config.http_server[0].trusted_proxies, ["10.0.0.0/8", "::1"]);
  assert.equal(config.http_server[0].max_connections, 5);
  assert.equal(config.udp_server[0].enabled, false);
  assert.equal(config.db_structure.db_keys, "passkeys");
});

Deno.test("eleven blocks come from variables in the order of their numbers", () => {
  const env: Env = {};
  for (let i = 0; i < 11; i++) env[`DENOTRACK_UDP_SERVER__${i}__BIND_ADDRESS`] = `127.0.0.1:${7000 + i}`;
  assert.deepEqual(configOf("", env).udp_server.map((block) => block.bind_address), Object.values(env));
});

Deno.test("a problem with a variable names it", () => {
  const cases: [variable: string, value: string, problem: string][] = [
    ["DENOTRACK_INTERVAL", "abc", 'interval: expected a whole number from 1 to 86400, found "abc"'],
    ["DENOTRACK_INTERVAL", "", 'interval: expected a whole number from 1 to 86400, found ""'],
    ["DENOTRACK_INTERVAL", " 5", 'interval: expected a whole number from 1 to 86400, found " 5"'],
    ["DENOTRACK_KEYS", "yes", 'keys: expected true or false, found "yes"'],
    ["DENOTRACK_INTERVALL", "5", 'unknown variable, did you mean "DENOTRACK_INTERVAL"?'],
    ["DENOTRACK_interval", "5", 'unknown variable, did you mean "DENOTRACK_INTERVAL"?'],
    [
      "DENOTRACK_UDP_SERVER__7__BIND_ADRESS",
      "",
      'unknown variable, did you mean "DENOTRACK_UDP_SERVER__7__BIND_ADDRESS"?',
    ],
    ["DENOTRACK_", "", "unknown variable"],
    ["DENOTRACK___PROTO__", "", "unknown variable"],
    [
      "DENOTRACK_UDP_SERVER__2__ENABLED",
      "true",
      "udp_server[2].enabled: there is no udp_server[1] before it, did you mean DENOTRACK_UDP_SERVER__1__ENABLED?",
    ],
    ["DENOTRACK_UDP_SERVER", "x", "udp_server is set key by key, as in DENOTRACK_UDP_SERVER__0__ENABLED"],
    ["DENOTRACK_UDP_SERVER__0", "x", "udp_server is set key by key, as in DENOTRACK_UDP_SERVER__0__ENABLED"],
    [
      "DENOTRACK_DB_STRUCTURE",
      "x",
      "db_structure is set key by key, as in DENOTRACK_DB_STRUCTURE__DB_TORRENTS",
    ],
    [
      "DENOTRACK_UDP_SERVER__64__ENABLED",
      "true",
      'udp_server: expected a block number from 0 to 63 after the name, found "64"',
    ],
    [
      "DENOTRACK_HTTP_SERVER__0__TRUSTED_PROXIES",
      "::1,proxy",
      'http_server[0].trusted_proxies[1]: expected an IP address or a network such as "10.0.0.0/8", found "proxy"',
    ],
    [
      "DENOTRACK_HTTP_SERVER__0__SSL",
      "true",
      'http_server[0].ssl_key: expected the path of a PEM file, because ssl = true, found ""',
    ],
  ];
  for (const [variable, value, problem] of cases) {
    assert.equal(problemsOf("", { [variable]: value })[0], `${variable}: ${problem}`);
  }
});

Deno.test("variables of others and those that container platforms inject are not looked at", () => {
  const env = {
    PATH: "/bin",
    DENOTRACKER: "x",
    DENOTRACK_PORT: "tcp://10.0.0.1:6969",
    DENOTRACK_PORT_6969_TCP_ADDR: "10.0.0.1",
    DENOTRACK_SERVICE_HOST: "10.0.0.1",
    DENOTRACK_SERVICE_PORT: "6969",
  };
  assert.deepEqual(problemsOf("", env), []);
});

Deno.test("no problem holds a secret", () => {
  const secret = "hunter2hunter2";
  const cases: [text: string, env?: Env][] = [
    [`api_key = ${secret}`],
    [`api_key = "${secret}`],
    [`api_key = "${secret}" x`],
    [`api_key = ["${secret}"]`],
    [`api_key = "${secret}\\n"`],
    [`api_key = { a = "${secret}" }`],
    [`apikey = "${secret}"`],
    [`[[api_server]]\napi_key = "${secret}"`],
    [`db_path = "${secret}"`],
    [`db_path = "mysql://u:${secret}@host/db"`],
    [`db_driver = "MySQL"\ndb_path = "mysql://u:${secret}#@host/db"`],
    [`db_driver = "MySQL"\ndb_path = "mysql://u:${secret}@host"`],
    [`db_driver = "PgSQL"\ndb_path = "${secret}://host"`],
    ["", { DENOTRACK_DB_PATH: secret }],
    ["", { DENOTRACK_API_KEY: `${secret}\n` }],
    ["", { DENOTRACK_API_KEYS: secret }],
  ];
  for (const [text, env] of cases) {
    const problems = problemsOf(text, env);
    assert.notEqual(problems.length, 0, text);
    assert.ok(!problems.join("\n").includes("hunter2"), problems.join("\n"));
  }
});

Deno.test("a printed configuration hides its secrets if asked to", () => {
  const urls: [url: string, shown: string][] = [
    ["mysql://user:hunter2@host:3306/db", "mysql://user:***@host:3306/db"],
    ["mysql://user:hunter2@hunter2@host/db", "mysql://user:***@host/db"],
    ["mysql://user@host:3306/db", "mysql://user@host:3306/db"],
    ["postgres://host/db?user=u&password=hunter2&x=1", "postgres://host/db?user=u&password=***&x=1"],
    ["sqlite://data.db", "sqlite://data.db"],
  ];
  for (const [url, shown] of urls) {
    const config = { ...defaultConfig(), api_key: "hunter2", api_key_readonly: "hunter2", db_path: url };
    const text = printConfig(config, { hideSecrets: true });
    assert.ok(!text.includes("hunter2"), text);
    assert.ok(!JSON.stringify(publicConfig(config)).includes("hunter2"));
    assert.equal(publicConfig(config).db_path, shown);
    assert.deepEqual(publicConfig(config).udp_server, config.udp_server);
    assert.ok(text.includes(`db_path = "${shown}"`), text);
  }
});

Deno.test("a bind address is an IP address and a port", () => {
  const accepted: [text: string, hostname: string, port: number, isLoopback: boolean][] = [
    ["127.0.0.1:6969", "127.0.0.1", 6969, true],
    ["0.0.0.0:0", "0.0.0.0", 0, false],
    ["[::1]:6969", "::1", 6969, true],
    ["[::]:0", "::", 0, false],
    ["[2001:DB8:0::1]:65535", "2001:db8::1", 65535, false],
    ["[::ffff:127.0.0.1]:80", "127.0.0.1", 80, true],
  ];
  for (const [text, hostname, port, isLoopback] of accepted) {
    const family = hostname.includes(":") ? 6 : 4;
    assert.deepEqual(parseBindAddress(text), { family, hostname, port, isLoopback }, text);
  }
  const refused = [
    "",
    ":80",
    "localhost:80",
    "1.2.3.4",
    "1.2.3.4:",
    "1.2.3.4:65536",
    "1.2.3.4:080",
    "1.2.3.4:-1",
  ];
  refused.push(
    "1.2.3:80",
    "::1:80",
    "[::1]",
    "[1.2.3.4]:80",
    "[fe80::1%eth0]:80",
    " 1.2.3.4:80",
    "1.2.3.4:80\n",
  );
  for (const text of refused) assert.equal(parseBindAddress(text), undefined, text);
});

const keyNames = [...configKeys].flatMap(([name, node]) =>
  node.kind === "key" ? [name] : [name, ...node.keys.keys()]
);

/** Text that looks like TOML of ours, often enough to come past the parser. */
const almostToml = fc.array(
  fc.oneof(
    fc.tuple(
      fc.oneof(fc.constantFrom(...keyNames), fc.string({ maxLength: 8 })),
      fc.oneof(
        fc.constantFrom(
          "true",
          "0",
          "-0",
          "1_000",
          "nan",
          "1979-05-27",
          "[]",
          "[[]]",
          "{}",
          "[{}]",
          "'''\n'''",
        ),
        fc.integer().map(String),
        fc.json({ maxDepth: 2 }),
        fc.string({ unit: "binary", maxLength: 12 }).map((text) => JSON.stringify(text)),
      ),
    ).map(([key, value]) => `${key} = ${value}`),
    fc.tuple(fc.constantFrom("[", "[["), fc.constantFrom(...keyNames)).map(([open, name]) =>
      `${open}${name}${open.replaceAll("[", "]")}`
    ),
    fc.string({ unit: "binary", maxLength: 20 }),
  ),
  { maxLength: 8 },
).map((lines) => lines.join("\n"));

const anyEnv = fc.dictionary(
  fc.oneof(
    fc.string().map((text) => `DENOTRACK_${text}`),
    fc.array(fc.constantFrom(...keyNames, "0", "1", "2", "99"), { minLength: 1, maxLength: 4 })
      .map((parts) => variableName(parts)),
    fc.constantFrom("__proto__", "DENOTRACK___PROTO__"),
  ),
  fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("true", "1", "127.0.0.1:1", "::1,")),
  { maxKeys: 5 },
);

Deno.test("no text and no environment makes it throw, and every message is one line", () => {
  const isOneLine = (line: string) => !/[\p{Cc}\u2028\u2029]/u.test(line) && line.isWellFormed();
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), almostToml), anyEnv, (text, env) => {
      const result = parseConfig({ text, file: "config.toml", env });
      const lines = "problems" in result ? result.problems : result.warnings;
      assert.ok("config" in result || lines.length > 0);
      for (const line of lines) assert.ok(isOneLine(line), line);
    }),
    { numRuns: 3000 },
  );
});

/** A value that the key allows by itself, as TOML. */
function allowedValue(name: string, node: Node): fc.Arbitrary<string> {
  if (node.kind !== "key") return fc.constant("unused");
  if (name === "bind_address") {
    return fc.constantFrom('"127.0.0.1:0"', '"[::]:0"', '"0.0.0.0:1"', '"[::1]:1"');
  }
  const range = /^(\d+) to (\d+)$/.exec(node.note.limits ?? "");
  if (range !== null) return fc.integer({ min: Number(range[1]), max: Number(range[2]) }).map(String);
  if (node.note.limits !== undefined) return fc.constantFrom(...node.note.limits.split(/, | or /));
  const fallback = node.schema.parse(undefined);
  return typeof fallback === "boolean"
    ? fc.constantFrom("true", "false")
    : fc.constant(JSON.stringify(fallback));
}

function someKeys(keys: Keys): fc.Arbitrary<string[]> {
  const names = [...keys].filter(([, node]) => node.kind === "key");
  return fc.subarray(names, { maxLength: Math.min(6, names.length) }).chain((entries) =>
    fc.tuple(...entries.map(([name, node]) => allowedValue(name, node).map((value) => `${name} = ${value}`)))
  );
}

/** A file whose keys are right each by itself, and most often together. */
const plausibleToml = fc.tuple(
  someKeys(configKeys),
  ...[...configKeys].flatMap(([name, node]) => {
    if (node.kind === "key") return [];
    const section = someKeys(node.keys).map((
      lines,
    ) => [node.kind === "table" ? `[${name}]` : `[[${name}]]`, ...lines]);
    return [
      fc.array(section, { maxLength: node.kind === "table" ? 1 : 2 }).map((sections) => sections.flat()),
    ];
  }),
).map((parts) => parts.flat().join("\n"));

Deno.test("what is accepted is printed so that it reads back as the same", () => {
  let accepted = 0;
  const runs = 1000;
  fc.assert(
    fc.property(plausibleToml, (text) => {
      const result = parseConfig({ text, file: "config.toml", env: {} });
      if ("problems" in result) return;
      accepted++;
      assertReadsBack(result.config);
    }),
    { numRuns: runs },
  );
  assert.ok(accepted > runs / 20, `only ${accepted} of ${runs} files were accepted`);
});

const line = fc.string({
  unit: fc.oneof(fc.constantFrom('"', "\\", "#", "'", "é", "😀", " "), fc.string({ maxLength: 1 })),
})
  .map((text) => text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ""));

function serverBlocks(firstPort: number) {
  const block = fc.record({
    enabled: fc.boolean(),
    ssl: fc.boolean(),
    ssl_key: line.map((text) => `${text}.key`),
    ssl_cert: line.map((text) => `${text}.pem`),
    trusted_proxies: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("10.0.0.0/8"))),
    forwarded_header: fc.constantFrom("X-Forwarded-For", "X-Real-IP"),
    max_connections: fc.integer({ min: 1, max: 1_000_000 }),
  });
  return fc.array(block, { maxLength: 3 }).map((blocks) =>
    blocks.map((block, i) => ({ ...block, bind_address: `127.0.0.1:${firstPort + i}` }))
  );
}

const anyConfig: fc.Arbitrary<Config> = fc.record({
  log_level: fc.constantFrom("off", "trace", "debug", "info", "warn", "error"),
  db_path: line.map((text) => `sqlite://${text}.db`),
  api_key: line.map((text) => text.slice(0, 200)),
  keys: fc.boolean(),
  interval: fc.integer({ min: 1800, max: 86_400 }),
  peers_returned: fc.integer({ min: 1, max: 500 }),
  udp_backend: fc.constantFrom("auto", "linux", "portable"),
  http_server: serverBlocks(1000),
  api_server: serverBlocks(2000),
}).map((some) => ({ ...defaultConfig(), ...some }));

function assertReadsBack(config: Config): void {
  const text = printConfig(config, { hideSecrets: false });
  assert.deepEqual(configOf(text), config, text);
}

Deno.test("any configuration is printed so that it reads back as the same", () => {
  fc.assert(fc.property(anyConfig, assertReadsBack), { numRuns: 500 });
});
