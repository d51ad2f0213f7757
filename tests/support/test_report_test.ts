import assert from "node:assert/strict";
import { skippedName } from "./skip.ts";
import { addReport, readReport, summaryLine, withSkippedAsFailed } from "./test_report.ts";

/** As `deno test --junit-path` writes it. */
const junitXml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="0.075">
    <testsuite name="./a_test.ts" tests="7" disabled="1" errors="0" failures="2">
        <testcase name="ok" classname="./a_test.ts" time="0.003" line="1" col="6">
        </testcase>
        <testcase name="a &gt; b" classname="./a_test.ts" time="0.003" line="2" col="6"/>
        <testcase name="bad &amp; &quot;quoted&quot;" classname="./a_test.ts" time="0.001" line="4" col="6">
            <failure message="1 test step failed">&lt;testcase&gt; 1 test step failed.</failure>
        </testcase>
        <testcase name="${
  skippedName("absent", "not installed: x")
}" classname="./a_test.ts" time="0" line="3">
            <skipped/>
        </testcase>
        <testcase name="ignored" classname="./a_test.ts" time="0" line="3"><skipped/></testcase>
        <testcase name="ok &gt; a step" classname="./a_test.ts" time="0.000" line="1" col="38">
        </testcase>
        <testcase name="bad &amp; &quot;quoted&quot; &gt; a step" classname="./a_test.ts" time="0.001" line="4">
            <failure message="Uncaught Error: s">Error: s</failure>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="ok &gt; a step from a shared suite" classname="./suite.ts" time="0" line="9" col="6"/>
        <testcase name="other" classname="./b_test.ts" time="0.003" line="1" col="6">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("report: whole tests are counted, steps are not", () => {
  const report = readReport(junitXml);
  assert.equal(report.passed, 3);
  assert.deepEqual(report.failed, ['./a_test.ts: bad & "quoted"']);
  assert.deepEqual(report.skipped, [
    { name: "./a_test.ts: absent", reason: "not installed: x" },
    { name: "./a_test.ts: ignored", reason: "no reason given" },
  ]);
  assert.equal(summaryLine(report), "3 passed, 1 failed, 2 skipped");
});

Deno.test("report: nothing skipped is not mentioned, and no report is no test", () => {
  assert.equal(summaryLine({ passed: 2, failed: [], skipped: [] }), "2 passed, 0 failed");
  assert.equal(summaryLine(readReport("")), "0 passed, 0 failed");
});

Deno.test("report: on a build machine a skipped test has failed", () => {
  const report = withSkippedAsFailed(readReport(junitXml));
  assert.equal(summaryLine(report), "3 passed, 3 failed");
  assert.match(report.failed[1]!, /absent: skipped, which CI=true forbids: not installed: x/);
});

Deno.test("report: a second run is added, and told from the first", () => {
  const report = readReport(junitXml);
  addReport(report, "again", readReport(junitXml));
  assert.equal(summaryLine(report), "6 passed, 2 failed, 4 skipped");
  assert.deepEqual(report.failed, ['./a_test.ts: bad & "quoted"', 'again: ./a_test.ts: bad & "quoted"']);
  assert.equal(report.skipped[3]!.name, "again: ./a_test.ts: ignored");
});
