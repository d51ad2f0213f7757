/** The API of a running tracker, over HTTP or HTTPS, asked through real sockets. */
import { createCertificate } from "../support/certificate.ts";
import { API_KEY, type RunningTracker, withTracker } from "../support/running_tracker.ts";

export interface LiveApi {
  /** Such as `https://[::1]:1234`. */
  readonly origin: string;
  readonly tracker: RunningTracker;
  /** Asks with the token in the header; `target` is a path with its query. */
  ask(target: string, init?: RequestInit): Promise<Response>;
}

export const SCHEMES = ["http", "https"] as const;
export const HOSTS = ["127.0.0.1", "[::1]"] as const;

export interface LiveOptions {
  readonly scheme: (typeof SCHEMES)[number];
  readonly host: (typeof HOSTS)[number];
  readonly settings?: string;
}

/** Runs `use` with the API of a tracker of its own. HTTPS needs openssl. */
export async function withLiveApi(
  { scheme, host, settings = "" }: LiveOptions,
  use: (api: LiveApi) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denotrack-api-" });
  try {
    const tls = scheme === "https" ? createCertificate(directory, ["127.0.0.1", "::1"]) : undefined;
    const ssl = tls === undefined
      ? ""
      : `ssl = true\nssl_cert = "${tls.certPath}"\nssl_key = "${tls.keyPath}"\n`;
    const block = `[[api_server]]\nbind_address = "${host}:0"\n${ssl}`;
    await withTracker({ udp: [`${host}:0`], settings: `${settings}\n${block}` }, async (tracker) => {
      const origin = `${scheme}://${host}:${tracker.listening.api[0].port}`;
      const caCerts = tls === undefined ? [] : [Deno.readTextFileSync(tls.certPath)];
      using client = Deno.createHttpClient({ caCerts });
      const ask = (target: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        if (!headers.has("authorization")) headers.set("authorization", `Bearer ${API_KEY}`);
        return fetch(`${origin}${target}`, { ...init, headers, client });
      };
      await use({ origin, tracker, ask });
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
