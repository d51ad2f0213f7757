/** This tracker, started as its operator would start it, but for the port and the core. */
import { repositoryRoot } from "../../tests/support/program.ts";
import { type Server, startServer } from "./server.ts";

export interface DenotrackOptions {
  readonly name: string;
  /** For its configuration; the caller's. */
  readonly folder: string;
  readonly listens: readonly ("udp" | "http" | "https" | "api")[];
  /** More keys, as lines of TOML. */
  readonly keys?: readonly string[];
  /** PEM files, wanted for https. */
  readonly certificate?: { certPath: string; keyPath: string };
  readonly cores?: string;
  /** Without it, the system chooses. */
  readonly udpPort?: number;
  readonly timeLimitMs?: number;
}

/** In the order in which a start tells of them, and what it says; with the last it is ready. */
const LISTENED = ["udp", "http", "https", "api"] as const;
const LAST_LINES = {
  udp: /clients announce to udp:/,
  http: /clients announce to http:/,
  https: /clients announce to https:/,
  api: /the API is at/,
};

/** The token of the API. */
export const API_KEY = "a token for the benchmark";

export function startDenotrack(options: DenotrackOptions): Promise<Server> {
  const config = `${options.folder}/${options.name.replaceAll(/\W+/g, "_")}.toml`;
  Deno.writeTextFileSync(config, configText(options));
  return startServer({
    name: options.name,
    command: [Deno.execPath(), "run", "--allow-all", `${repositoryRoot}/main.ts`, "--config", config],
    ready: LAST_LINES[LISTENED.findLast((protocol) => options.listens.includes(protocol))!],
    ports: (output) => ({
      udpPort: port(output, /udp:\/\/[^/]+:(\d+)/),
      httpPort: port(output, /clients announce to http:\/\/[^/]+:(\d+)/),
      httpsPort: port(output, /clients announce to https:\/\/[^/]+:(\d+)/),
      apiPort: port(output, /the API is at http:\/\/[^/]+:(\d+)/),
    }),
    ...(options.cores === undefined ? {} : { cores: options.cores }),
    ...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }),
  });
}

function configText({ listens, keys = [], certificate, udpPort = 0 }: DenotrackOptions): string {
  const block = (table: string, more: readonly string[] = [], port = 0) => [
    `[[${table}]]`,
    `bind_address = "127.0.0.1:${port}"`,
    ...more,
  ];
  const http = [
    ...(listens.includes("http") ? block("http_server") : []),
    ...(listens.includes("https") && certificate !== undefined
      ? block("http_server", [
        "ssl = true",
        `ssl_cert = "${certificate.certPath}"`,
        `ssl_key = "${certificate.keyPath}"`,
      ])
      : []),
  ];
  return [
    `api_key = "${API_KEY}"`,
    "log_console_interval = 0",
    ...(keys.some((line) => line.startsWith("udp_workers")) ? [] : ["udp_workers = 1"]),
    ...keys,
    ...(listens.includes("udp") ? [] : ["udp_server = []"]),
    ...(http.length > 0 ? [] : ["http_server = []"]),
    ...(listens.includes("api") ? [] : ["api_server = []"]),
    ...(listens.includes("udp") ? block("udp_server", [], udpPort) : []),
    ...http,
    ...(listens.includes("api") ? block("api_server") : []),
  ].join("\n");
}

function port(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1] ?? 0);
}
