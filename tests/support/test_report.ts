// Reads the JUnit report of `deno test` and says what it comes to.

export interface TestReport {
  passed: number;
  /** The names of the tests that failed, and of those that were skipped where skipping is not allowed. */
  failed: string[];
  skipped: { name: string; reason: string }[];
}

interface TestCase {
  file: string;
  name: string;
  outcome: "passed" | "failed" | "skipped";
}

/** Counts whole tests: the steps of a test are not counted, and a failed step fails its test. */
export function readReport(junitXml: string): TestReport {
  const report: TestReport = { passed: 0, failed: [], skipped: [] };
  for (const { file, name, outcome } of wholeTests(testCases(junitXml))) {
    if (outcome === "passed") report.passed += 1;
    else if (outcome === "failed") report.failed.push(`${file}: ${name}`);
    else report.skipped.push({ name: `${file}: ${withoutReason(name)}`, reason: reasonIn(name) });
  }
  return report;
}

/** The last line of a run. */
export function summaryLine({ passed, failed, skipped }: TestReport): string {
  const counts = [`${passed} passed`, `${failed.length} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  return counts.join(", ");
}

/** What a run on a build machine makes of its skipped tests: failures. */
export function withSkippedAsFailed(report: TestReport): TestReport {
  const names = report.skipped.map(({ name, reason }) =>
    `${name}: skipped, which CI=true forbids: ${reason}`
  );
  return { passed: report.passed, failed: [...report.failed, ...names], skipped: [] };
}

/** Adds another run's report to the first; its tests are told by what the run was about. */
export function addReport(report: TestReport, about: string, more: TestReport): void {
  report.passed += more.passed;
  report.failed.push(...more.failed.map((name) => `${about}: ${name}`));
  report.skipped.push(...more.skipped.map(({ name, reason }) => ({ name: `${about}: ${name}`, reason })));
}

function testCases(junitXml: string): TestCase[] {
  const matches = junitXml.matchAll(/<testcase\s([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g);
  return [...matches].map(([, attributes = "", content = ""]) => ({
    file: attribute(attributes, "classname"),
    name: attribute(attributes, "name"),
    outcome: /<(?:failure|error)\b/.test(content)
      ? "failed"
      : /<skipped\b/.test(content)
      ? "skipped"
      : "passed",
  }));
}

/**
 * Deno reports a step as another test case, named `test > step`. Its file is the one that calls `step`, which for a suite
 * shared by several tests is not the test's own; hence the names alone decide.
 */
function wholeTests(cases: readonly TestCase[]): TestCase[] {
  const names = new Set(cases.map(({ name }) => name));
  const isStep = ({ name }: TestCase) => {
    for (let cut = name.indexOf(" > "); cut !== -1; cut = name.indexOf(" > ", cut + 1)) {
      if (names.has(name.slice(0, cut))) return true;
    }
    return false;
  };
  return cases.filter((each) => !isStep(each));
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(lt|gt|quot|apos|amp|#(\d+));/g, (_, entity: string, code: string | undefined) => {
    if (code !== undefined) return String.fromCodePoint(Number(code));
    return { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" }[entity]!;
  });
}

const reasonPattern = / \[skipped: (.*)\]$/;

function reasonIn(name: string): string {
  return reasonPattern.exec(name)?.[1] ?? "no reason given";
}

function withoutReason(name: string): string {
  return name.replace(reasonPattern, "");
}
