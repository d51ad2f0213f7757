import assert from "node:assert/strict";
import { startHttpServer } from "../../src/transport/http_server.ts";
import { latin1 } from "../support/bencode_decoder.ts";
import { exchange, httpGet, latin1Bytes, parseReplies } from "../support/http_client.ts";
import { withTimeLimit } from "../support/program.ts";

const LOCAL = { bind: { hostname: "127.0.0.1", port: 0 }, sharesPort: false };

Deno.test("the real address comes back, and the handler is told who asks", async () => {
  const server = startHttpServer(LOCAL, (request, { remoteAddr }) => {
    return new Response(`${remoteAddr.hostname} ${new URL(request.url).pathname}`);
  });
  assert.equal(server.address.hostname, "127.0.0.1");
  assert.ok(server.address.port > 0);
  const { status, body } = await httpGet(server.address, "/a");
  assert.deepEqual([status, latin1(body)], [200, "127.0.0.1 /a"]);
  await server.stop();
});

Deno.test("a port that is taken is what Deno says it is", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bind = { hostname: "127.0.0.1", port: taken.addr.port };
  assert.throws(
    () => startHttpServer({ bind, sharesPort: false }, () => new Response()),
    Deno.errors.AddrInUse,
  );
  taken.close();
});

Deno.test("a handler that throws is an empty 500, and the next request is answered", async () => {
  let isBroken = true;
  const server = startHttpServer(LOCAL, () => {
    if (isBroken) throw new Error("a fault of ours, with details that are nobody's business");
    return new Response("well");
  });
  const broken = await httpGet(server.address, "/");
  assert.deepEqual([broken.status, broken.body.length], [500, 0]);
  isBroken = false;
  assert.equal(latin1((await httpGet(server.address, "/")).body), "well");
  await server.stop();
});

Deno.test("a request in flight is answered while the server stops, and nobody else is let in", async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const server = startHttpServer(LOCAL, async () => {
    arrived.resolve();
    await finish.promise;
    return new Response("late");
  });
  const request = latin1Bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const answer = exchange(server.address, request);
  await arrived.promise;
  const stopped = server.stop();
  await assert.rejects(exchange(server.address, request), /Connection (refused|reset)/);
  finish.resolve();
  const [reply] = parseReplies(await answer);
  assert.deepEqual([reply.status, latin1(reply.body)], [200, "late"]);
  await stopped;
});

Deno.test("a request that never ends does not keep the server from stopping", async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const server = startHttpServer(LOCAL, async () => {
    arrived.resolve();
    await finish.promise;
    return new Response("never");
  });
  const answer = exchange(server.address, latin1Bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await arrived.promise;
  assert.equal(await withTimeLimit(server.stop().then(() => "stopped"), 3000), "stopped");
  finish.resolve();
  await answer;
});
