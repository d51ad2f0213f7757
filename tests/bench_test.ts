// The benchmark with small sizes, so that it never rots; its times are not judged. Its answers are: a load that draws
// wrong answers, or none, has measured nothing.

import assert from "node:assert/strict";
import process from "node:process";
import { type Results, type Sections } from "../bench/results.ts";
import { repositoryRoot, startProgram } from "./support/program.ts";
import { withNeeds } from "./support/skip.ts";

const LIMIT_MS = 150_000;

const needs = {
  systems: ["linux"],
  programs: ["taskset", "openssl", "opentracker", "wrk", "node", "npm"],
};

Deno.test(withNeeds(needs, "bench: the tiny form runs through and measures every part", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-bench-test-" });
  const bench = startProgram({
    command: ["deno", "task", "bench", "--tiny", "--results", folder],
    directory: repositoryRoot,
    environment: { NO_COLOR: "1" },
  });
  try {
    const { code } = await bench.waitForExit(LIMIT_MS);
    assert.equal(code, 0, bench.output());
    checkResults(JSON.parse(Deno.readTextFileSync(`${folder}/tiny.json`)));
    const table = Deno.readTextFileSync(`${folder}/tiny.md`);
    assert.match(table, /UDP responses\/s against opentracker \| ≥ 1\.6 × \| ≥ 2 × \| [\d.]+ ×/);
    assert.match(Deno.readTextFileSync(`${folder}/tiny.svg`), /^<svg [\s\S]*>denotrack<[\s\S]*<\/svg>\n$/);
  } finally {
    await bench.stop();
    Deno.removeSync(folder, { recursive: true });
  }
}));

function checkResults(results: Results): void {
  const { udp, http, allocation, stalls, scale } = results as {
    [Name in keyof Sections]: { found: Sections[Name] };
  };
  for (const { name, responses, peersAnAnswer, errors, wrong } of udp.found.rows) {
    assert.ok(responses.median > 0 && peersAnAnswer > 0, `${name}: no answers`);
    assert.deepEqual({ errors, wrong }, { errors: 0, wrong: 0 }, name);
  }
  // aquatic_udp is compared with only where somebody has built it, and without a network npm has nothing to install.
  if (process.env.CI === "true") {
    assert.deepEqual(udp.found.missing.filter((reason) => !reason.startsWith("aquatic_udp")), []);
    assert.deepEqual(http.found.missing, []);
  }
  assert.ok(http.found.rows.some(({ responses }) => responses.median > 0), "HTTP: no answers");
  for (const { name, mode, refused } of http.found.rows) assert.equal(refused, 0, `${name}, ${mode}`);
  assert.ok(allocation.found.bytes.control > 8, "what allocates does not show");
  assert.ok(stalls.found.phases.every(({ udp }) => udp.count > 0), "no announces meanwhile");
  assert.deepEqual(scale.found.rows.map(({ torrents }) => torrents), [1000, 5000]);
  for (const { peersFilled } of scale.found.rows) assert.ok(peersFilled >= 1000, "not filled");
}
