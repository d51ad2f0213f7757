// The Dockerfile, judged by a linter and by the program whose settings it has. No image is built.

import assert from "node:assert/strict";
import { validate } from "dockerfile-utils";
import { configOf, readPackage } from "./settings.ts";

const dockerfile = readPackage("Dockerfile");

/** The instructions, each in one line. */
const instructions = dockerfile.replace(/^#.*\n/gm, "").replace(/\\\n\s*/g, "").split("\n").filter((line) =>
  line !== ""
);

function argumentsOf(name: string): string[] {
  const start = `${name} `;
  return instructions.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
}

Deno.test("a linter has nothing to say against the Dockerfile", () => {
  const findings = (text: string) =>
    validate(text).map(({ message, range }) => `${range.start.line}: ${message}`);
  assert.deepEqual(findings(dockerfile), []);
  assert.notDeepEqual(findings(dockerfile.replace("EXPOSE", "EXPOSED")), []);
});

Deno.test("the image does not run as root, and asks the program whether it is well", () => {
  assert.match(argumentsOf("USER").at(-1) ?? "", /^[1-9]\d*:[1-9]\d*$/);
  assert.match(argumentsOf("HEALTHCHECK")[0], /CMD \["\/usr\/local\/bin\/denotrack", "health"\]$/);
  assert.deepEqual(argumentsOf("ENTRYPOINT"), ['["/usr/local/bin/denotrack"]']);
  assert.match(argumentsOf("FROM").at(-1) ?? "", /^debian:\d+-slim$/);
});

Deno.test("the image's settings are the program's, and it exposes the ports that they open", () => {
  const env = Object.fromEntries(
    argumentsOf("ENV").flatMap((text) => text.split(" ").map((pair) => pair.split("="))),
  );
  const config = configOf(env);
  const ports = [
    ...config.udp_server.map(({ bind_address }) => `${bind_address.split(":").at(-1)}/udp`),
    ...config.http_server.map(({ bind_address }) => `${bind_address.split(":").at(-1)}/tcp`),
    ...config.api_server.map(({ bind_address }) => `${bind_address.split(":").at(-1)}/tcp`),
  ];
  assert.deepEqual(argumentsOf("EXPOSE")[0].split(" ").sort(), ports.sort());
  const [volume] = JSON.parse(argumentsOf("VOLUME")[0]);
  assert.deepEqual(argumentsOf("WORKDIR"), [volume], "a first configuration is written where it stays");
  assert.equal(config.db_path, `sqlite://${volume}/denotrack.db`);
  assert.equal(config.api_key, "", "no key for everybody");
});
