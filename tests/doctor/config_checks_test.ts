import assert from "node:assert/strict";
import { defaultConfig } from "../../src/config/schema.ts";
import { checkApiKeys, checkConfig, checkConfigFile } from "../../src/doctor/config_checks.ts";

Deno.test("every warning of the configuration is told", () => {
  assert.deepEqual(checkConfig("config.toml", []).map(({ state, text }) => [state, text]), [
    ["ok", "config.toml"],
  ]);
  assert.deepEqual(checkConfig("config.toml", ["a", "b"]).map(({ state, text }) => [state, text]), [
    ["warning", "a"],
    ["warning", "b"],
  ]);
});

Deno.test("a key that is missing or easy to guess", () => {
  const states = (keys: { api_key: string; api_key_readonly?: string }) =>
    checkApiKeys({ ...defaultConfig(), ...keys }).map(({ state, subject }) => `${subject} ${state}`);
  const strong = "0123456789abcdef0123456789abcdef01234567";
  assert.deepEqual(states({ api_key: strong }), ["api_key ok"]);
  for (const api_key of ["", "secret", "aaaaaaaaaaaaaaaaaaaaaaaa"]) {
    assert.deepEqual(states({ api_key }), ["api_key warning"], api_key);
  }
  assert.deepEqual(states({ api_key: strong, api_key_readonly: "look" }), ["api_key_readonly warning"]);
  assert.deepEqual(checkApiKeys({ ...defaultConfig(), api_server: [] }), [], "no API, no key");
  const told = JSON.stringify(checkApiKeys({ ...defaultConfig(), api_key: "hunter2" }));
  assert.ok(!told.includes("hunter2"));
});

Deno.test("a configuration that everybody can read", () => {
  assert.deepEqual(checkConfigFile("config.toml", 0o100600), []);
  assert.deepEqual(checkConfigFile("config.toml", undefined), []);
  assert.deepEqual(checkConfigFile("config.toml", 0o100644)[0].remedies, ["chmod o-r config.toml"]);
});
