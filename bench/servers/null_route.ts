/**
 * A Hono route on `Deno.serve` that answers every announce with the same bytes: what the runtime and the framework
 * allow at most.
 *
 *     deno run --allow-all bench/servers/null_route.ts [--peers 5] --certificate FILE --key FILE
 */
import { parseArgs } from "node:util";
import { Hono } from "hono";

const { values: flags } = parseArgs({
  options: {
    peers: { type: "string", default: "5" },
    certificate: { type: "string", default: "" },
    key: { type: "string", default: "" },
  },
});
const peerBytes = 6 * Number(flags.peers);
const text = `d8:completei1e10:downloadedi0e11:external ip4:\x7f\0\0\x0110:incompletei1e8:intervali1800e` +
  `12:min intervali1800e5:peers${peerBytes}:${"\x7f\0\0\x01\0\x01".repeat(Number(flags.peers))}6:peers60:e`;
const answer = new TextEncoder().encode(text);
const headers = { "content-type": "text/plain" };

const app = new Hono();
app.get("/announce", () => new Response(answer, { headers }));
const address = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
const http = Deno.serve(address, app.fetch);
const pem = { cert: Deno.readTextFileSync(flags.certificate), key: Deno.readTextFileSync(flags.key) };
const https = Deno.serve({ ...address, ...pem }, app.fetch);
console.log(`listening on ${http.addr.port} ${https.addr.port}`);
