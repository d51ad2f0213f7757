import assert from "node:assert/strict";
import { createTokenCheck } from "../../src/api/auth.ts";

const TOKEN = "s3cret with ü & more";
const isAuthorized = createTokenCheck(TOKEN);

function request(query: string, authorization?: string): Request {
  const headers = authorization === undefined ? undefined : { authorization };
  return new Request(`http://tracker/api/stats${query}`, headers === undefined ? {} : { headers });
}

Deno.test("the token in the query, percent-encoded", () => {
  const encoded = encodeURIComponent(TOKEN);
  assert.equal(isAuthorized(request(`?token=${encoded}`)), true);
  assert.equal(isAuthorized(request(`?a=b&token=${encoded}&c=d`)), true);
});

Deno.test("the token as a bearer", () => {
  const check = createTokenCheck("abc");
  for (const header of ["Bearer abc", "bearer abc", "BEARER abc", "Bearer  abc "]) {
    assert.equal(check(request("", header)), true, header);
  }
  for (const header of ["Basic abc", "Bearerabc", "abc", "Bearer abcd", "Bearer ab", "Bearer "]) {
    assert.equal(check(request("", header)), false, header);
  }
});

Deno.test("a bearer that is wrong is not made up for by the query", () => {
  assert.equal(createTokenCheck("abc")(request("?token=abc", "Bearer x")), false);
});

Deno.test("no token, an empty one, or anything near it is refused", () => {
  const encoded = encodeURIComponent(TOKEN);
  for (
    const query of [
      "",
      "?",
      "?token",
      "?token=",
      `?token=${encoded}x`,
      `?token=x${encoded}`,
      `?Token=${encoded}`,
    ]
  ) {
    assert.equal(isAuthorized(request(query)), false, query);
  }
  assert.equal(isAuthorized(request(`?token=${encoded.toUpperCase()}`)), false);
});
