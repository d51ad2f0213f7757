// The unit of systemd, judged by systemd itself. It is not started: that takes a machine that systemd has booted.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { withNeeds } from "../support/skip.ts";
import { readPackage } from "./settings.ts";

/** Of ten: what is left is that a tracker talks to the world, on low ports if need be. */
const MOST_EXPOSURE = 1.7;

const needs = { systems: ["linux"], programs: ["systemd-analyze"] };
const unit = readPackage("denotrack.service");

/** What systemd says of the unit; `/usr/local/bin/denotrack` need not be there for it. */
function analyze(text: string, ...args: string[]): { code: number | null; output: string } {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
  try {
    const path = `${folder}/denotrack.service`;
    Deno.writeTextFileSync(path, text.replace("ExecStart=/usr/local/bin/denotrack", "ExecStart=/bin/true"));
    const { status, stdout, stderr } = spawnSync("systemd-analyze", [...args, path], { encoding: "utf8" });
    return { code: status, output: `${stdout}${stderr}` };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const isSafe = ["security", "--offline=true", `--threshold=${MOST_EXPOSURE * 10}`, "--no-pager"];

Deno.test(withNeeds(needs, "systemd has nothing to say against the unit", () => {
  assert.deepEqual(analyze(unit, "verify"), { code: 0, output: "" });
  const { output } = analyze(unit.replace("WatchdogSec=", "WatchdogSecs="), "verify");
  assert.match(output, /Unknown key/, "and it would say so");
}));

Deno.test(withNeeds(needs, "the unit exposes no more than it has to", () => {
  const { code, output } = analyze(unit, ...isSafe);
  assert.equal(code, 0, output);
  const open = unit.replace("ProtectSystem=strict", "").replace("NoNewPrivileges=yes", "")
    .replace("DynamicUser=yes", "");
  assert.notEqual(analyze(open, ...isSafe).code, 0);
}));

Deno.test("the unit agrees with the program", () => {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
  assert.equal(value("Type"), "notify");
  assert.equal(value("RestartPreventExitStatus"), "2");
  assert.equal(value("CapabilityBoundingSet"), "CAP_NET_BIND_SERVICE");
  assert.equal(value("AmbientCapabilities"), "CAP_NET_BIND_SERVICE");
  assert.equal(value("MemoryDenyWriteExecute"), "no", "V8 writes machine code");
  assert.match(value("ExecReload") ?? "", / -HUP /);
  assert.ok(Number(value("TimeoutStopSec")) > 33, "longer than the last save");
});
