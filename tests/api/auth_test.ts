import assert from "node:assert/strict";
import { createTokenCheck, tokenOf } from "../../src/api/auth.ts";

const TOKEN = "s3cret with ü & more";

function request(query: string, authorization?: string): Request {
  const headers = authorization === undefined ? undefined : { authorization };
  return new Request(`http://tracker/api/stats${query}`, headers === undefined ? {} : { headers });
}

Deno.test("the token in the query, percent-encoded", () => {
  const encoded = encodeURIComponent(TOKEN);
  assert.equal(tokenOf(request(`?token=${encoded}`)), TOKEN);
  assert.equal(tokenOf(request(`?a=b&token=${encoded}&c=d`)), TOKEN);
  for (const query of ["", "?", "?token", "?token=", `?Token=${encoded}`]) {
    assert.equal(tokenOf(request(query)), "", query);
  }
});

Deno.test("the token as a bearer", () => {
  for (const header of ["Bearer abc", "bearer abc", "BEARER abc", "Bearer  abc "]) {
    assert.equal(tokenOf(request("", header)), "abc", header);
  }
  for (const header of ["Basic abc", "Bearerabc", "abc", "Bearer ", ""]) {
    assert.equal(tokenOf(request("", header)), "", header);
  }
});

Deno.test("a header that is wrong is not made up for by the query", () => {
  assert.equal(tokenOf(request("?token=abc", "Bearer x")), "x");
  assert.equal(tokenOf(request("?token=abc", "Basic x")), "");
});

Deno.test("the full token, the read-only one, and anything near them", () => {
  const check = createTokenCheck(TOKEN, "read");
  assert.equal(check(TOKEN), "full");
  assert.equal(check("read"), "read");
  for (const wrong of ["", `${TOKEN}x`, `x${TOKEN}`, TOKEN.toUpperCase(), "rea", "reader", " read"]) {
    assert.equal(check(wrong), "none", wrong);
  }
});

Deno.test("a read-only token that is not set lets nobody in", () => {
  assert.equal(createTokenCheck(TOKEN, "")(""), "none");
});
