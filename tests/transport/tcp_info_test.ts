import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hasPendingData,
  idleMs,
  isListening,
  isLive,
  judge,
  TCP_INFO_BYTES,
} from "../../src/transport/tcp_info.ts";

const PATIENCE = { timeoutMs: 15_000, keepAliveMs: 30_000 };

interface Facts {
  state?: number;
  unacked?: number;
  sentMs?: number;
  receivedMs?: number;
  bytesAcked?: number;
  notSent?: number;
  busySeconds?: number;
  bytesSent?: number;
}

/** A struct tcp_info as the kernel writes it; the offsets are those of linux/tcp.h. */
function tcpInfo(facts: Facts): Uint32Array {
  const info = new Uint32Array(TCP_INFO_BYTES / 4);
  const view = new DataView(info.buffer);
  view.setUint8(0, facts.state ?? 1);
  view.setUint8(1, 0xff);
  view.setUint32(24, facts.unacked ?? 0, true);
  view.setUint32(44, facts.sentMs ?? 0, true);
  view.setUint32(52, facts.receivedMs ?? facts.sentMs ?? 0, true);
  view.setBigUint64(120, BigInt(facts.bytesAcked ?? facts.bytesSent ?? 0), true);
  view.setUint32(144, facts.notSent ?? 0, true);
  view.setBigUint64(168, BigInt((facts.busySeconds ?? 0) * 1_000_000), true);
  view.setBigUint64(200, BigInt(facts.bytesSent ?? 0), true);
  return info;
}

function verdict(facts: Facts, bytes = TCP_INFO_BYTES) {
  return judge(tcpInfo(facts), bytes, PATIENCE);
}

Deno.test("a connection that was never answered has the time for one request, however it drips", () => {
  assert.equal(verdict({ sentMs: 14_999 }), undefined);
  assert.equal(verdict({ sentMs: 15_000 }), "unanswered");
  assert.equal(verdict({ sentMs: 15_000, receivedMs: 10 }), "unanswered");
});

Deno.test("an answered connection has the keep-alive time", () => {
  assert.equal(verdict({ bytesSent: 200, sentMs: 29_999 }), undefined);
  assert.equal(verdict({ bytesSent: 200, sentMs: 30_000 }), "idle");
  assert.equal(verdict({ bytesSent: 200, sentMs: 30_000, receivedMs: 10 }), "idle");
  assert.equal(verdict({ bytesSent: 2 ** 33, sentMs: 100 }), undefined);
});

Deno.test("a request that was begun has the time for one request", () => {
  assert.equal(verdict({ bytesSent: 200, sentMs: 20_000, receivedMs: 14_999 }), undefined);
  assert.equal(verdict({ bytesSent: 200, sentMs: 20_000, receivedMs: 15_000 }), "partial");
  // What came together with the answer was an acknowledgement of a protocol above TCP.
  assert.equal(verdict({ bytesSent: 200, sentMs: 20_000, receivedMs: 19_500 }), undefined);
  // A request that is being answered came before its answer.
  assert.equal(verdict({ bytesSent: 200, sentMs: 100, receivedMs: 20_000 }), undefined);
});

Deno.test("a reader that takes a few bytes at a time is slow", () => {
  const reader = { bytesSent: 5_000_000, notSent: 100_000, sentMs: 5_000 };
  assert.equal(verdict({ ...reader, bytesAcked: 50_000, busySeconds: 61 }), "slow");
  assert.equal(verdict({ ...reader, bytesAcked: 50_000, busySeconds: 59 }), undefined);
  assert.equal(verdict({ ...reader, bytesAcked: 500_000, busySeconds: 61 }), undefined);
  assert.equal(verdict({ ...reader, bytesAcked: 50_000, busySeconds: 61, notSent: 0 }), undefined);
});

Deno.test("connections that are closing and listeners are left alone", () => {
  for (const state of [2, 3, 4, 5, 6, 7, 9, 10, 11, 12]) {
    assert.equal(verdict({ state, sentMs: 99_000 }), undefined);
  }
  assert.equal(verdict({ state: 8, sentMs: 99_000 }), "unanswered");
  assert.deepEqual([1, 8, 4, 10].map((state) => isLive(tcpInfo({ state }))), [true, true, false, false]);
  assert.equal(isListening(tcpInfo({ state: 10 })), true);
  assert.equal(isListening(tcpInfo({ state: 1 })), false);
});

Deno.test("older kernels, which fill in less, are understood", () => {
  // Before 4.19: no count of bytes sent, but one of bytes acknowledged.
  assert.equal(verdict({ bytesAcked: 0, sentMs: 15_000 }, 192), "unanswered");
  assert.equal(verdict({ bytesAcked: 200, sentMs: 15_000 }, 192), undefined);
  assert.equal(verdict({ unacked: 1, sentMs: 15_000 }, 192), undefined);
  // Before 4.1: neither, so only the longer time is safe.
  assert.equal(verdict({ sentMs: 15_000 }, 104), undefined);
  assert.equal(verdict({ sentMs: 30_000 }, 104), "idle");
  assert.equal(verdict({ bytesSent: 9, notSent: 9, busySeconds: 99, sentMs: 1 }, 160), undefined);
});

Deno.test("a connection used within both times is never closed", () => {
  const recent = fc.record({
    sentMs: fc.nat(14_999),
    receivedMs: fc.nat(2 ** 32 - 1),
    bytesSent: fc.nat(),
    unacked: fc.nat(100),
  });
  fc.assert(fc.property(recent, (facts) => assert.equal(verdict(facts), undefined)));
});

Deno.test("idle time and waiting data are read", () => {
  assert.equal(idleMs(tcpInfo({ sentMs: 1234 })), 1234);
  assert.equal(hasPendingData(tcpInfo({}), TCP_INFO_BYTES), false);
  assert.equal(hasPendingData(tcpInfo({ unacked: 1 }), TCP_INFO_BYTES), true);
  assert.equal(hasPendingData(tcpInfo({ notSent: 1 }), TCP_INFO_BYTES), true);
  assert.equal(hasPendingData(tcpInfo({ notSent: 1 }), 104), false);
});
