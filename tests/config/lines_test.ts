import assert from "node:assert/strict";
import { findLines, formatPath, type Path } from "../../src/config/lines.ts";

/** The path of every line found, as `line path`. */
function linesOf(text: string): string[] {
  return [...findLines(text)].map(([id, line]) => `${line} ${formatPath(JSON.parse(id) as Path)}`);
}

Deno.test("keys, sections and blocks stand on their lines", () => {
  const text = `# a comment = 1
first = 1 # [not_a_section]

  second="[x]" 
[table]
third = true
[[block]]
fourth = 4
[[ block ]]
fourth = 4
[block.inner]
fifth = 5
[[block.list]]
sixth = 6
`;
  assert.deepEqual(linesOf(text), [
    "2 first",
    "4 second",
    "5 table",
    "6 table.third",
    "7 block",
    "7 block[0]",
    "8 block[0].fourth",
    "9 block[1]",
    "10 block[1].fourth",
    "11 block[1].inner",
    "12 block[1].inner.fifth",
    "13 block[1].list",
    "13 block[1].list[0]",
    "14 block[1].list[0].sixth",
  ]);
});

Deno.test("values that span lines do not move what follows", () => {
  const text = `a = """
b = 1
\\""" # still text
"""""
c = '''
[d]
''''
e = [ # one
  1, 2,

  "]", ["#"],
]
f = { g = 1, h.i = [ { j = "}" }, {} ] }
k = 1979-05-27 07:32:00Z
`;
  assert.deepEqual(linesOf(text), [
    "1 a",
    "5 c",
    "8 e",
    "9 e[0]",
    "9 e[1]",
    "11 e[2]",
    "11 e[3]",
    "11 e[3][0]",
    "13 f",
    "13 f.g",
    "13 f.h",
    "13 f.h.i",
    "13 f.h.i[0]",
    "13 f.h.i[0].j",
    "13 f.h.i[1]",
    "14 k",
  ]);
});

Deno.test("quoted and dotted keys, Windows line ends and a byte order mark", () => {
  const text = '\uFEFF"a b".c . \'d.e\' = 1\r\n["x\\ty"]\r\n"[" = ""\r\n\'\\t\' = 0';
  assert.deepEqual([...findLines(text)], [
    ['["a b"]', 1],
    ['["a b","c"]', 1],
    ['["a b","c","d.e"]', 1],
    ['["x\\ty"]', 2],
    ['["x\\ty","["]', 3],
    ['["x\\ty","\\\\t"]', 4],
  ]);
});

Deno.test("a path is shown on one line", () => {
  assert.equal(formatPath(["udp_server", 0, "bind_address"]), "udp_server[0].bind_address");
  assert.equal(formatPath(["a\nb"]), "a\\u{a}b");
  assert.equal(formatPath([]), "");
});
