/** Prints a configuration as TOML, and its keys as a table for the README. */

import { type Config, configKeys, defaultConfig, type KeyNote, type Keys } from "./schema.ts";

export interface PrintOptions {
  /** Leaves out the keys of the API and the password in db_path. */
  readonly hideSecrets: boolean;
}

type Values = Readonly<Record<string, unknown>>;

const LINE_WIDTH = 110;

const HEADER = `# The configuration of denotrack. Every key may be left out; it then has its default.
#
# An environment variable wins over this file. Its name is DENOTRACK_ and the key in upper case, with __ between
# the levels and blocks numbered from 0: DENOTRACK_INTERVAL, DENOTRACK_UDP_SERVER__0__BIND_ADDRESS.
`;

/** The configuration as a TOML file with a comment above each key. With its secrets, it reads back as the same. */
export function printConfig(config: Config, { hideSecrets }: PrintOptions): string {
  const values: Values = hideSecrets ? { ...config, db_path: withoutPassword(config.db_path) } : config;
  const top: string[] = [];
  const sections: string[] = [];
  for (const [name, node] of configKeys) {
    const value = values[name];
    if (node.kind === "key") {
      const isHidden = hideSecrets && isApiKey(name) && value !== "";
      top.push(
        comment(docLine(node.note)),
        isHidden ? `# ${name} is set, and hidden here` : pair(name, value),
        "",
      );
    } else if (node.kind === "table") {
      sections.push(comment(node.doc), `[${name}]`, ...pairs(value as Values, node.keys, true), "");
    } else if (Array.isArray(value) && value.length === 0) {
      // An empty list cannot be written as blocks, and a plain key must stand before every section.
      top.push(comment(node.doc), pair(name, value), "");
    } else {
      sections.push(comment(node.doc));
      (value as readonly Values[]).forEach((block, index) => {
        sections.push(`[[${name}]]`, ...pairs(block, node.keys, index === 0), "");
      });
    }
  }
  return [HEADER, ...top, ...sections].join("\n").trimEnd() + "\n";
}

/** The configuration without the keys of the API, and without the password in `db_path`. */
export function publicConfig(config: Config): Values {
  const entries = Object.entries(config).filter(([name]) => !isApiKey(name));
  return { ...Object.fromEntries(entries), db_path: withoutPassword(config.db_path) };
}

/** The file that is written where there is none: every key with its default, and this api_key. */
export function exampleConfig(apiKey: string): string {
  return printConfig({ ...defaultConfig(), api_key: apiKey }, { hideSecrets: false });
}

/** All keys as Markdown, with the rule for the names of the environment variables before the table. */
export function configTable(): string {
  const defaults: Values = defaultConfig();
  const rows = ["| Key | Default | Meaning |", "| --- | --- | --- |"];
  for (const [name, node] of configKeys) {
    if (node.kind === "key") {
      rows.push(row(name, defaults[name], node.note));
      continue;
    }
    const value = defaults[name];
    const [title, table] = Array.isArray(value)
      ? [`[[${name}]]`, value[0] as Values]
      : [`[${name}]`, value as Values];
    rows.push(`| **\`${title}\`** | | ${cell(node.doc)} |`);
    for (const [key, child] of node.keys) {
      if (child.kind === "key") rows.push(row(key, table[key], child.note));
    }
  }
  return `${TABLE_INTRODUCTION}\n${rows.join("\n")}\n`;
}

const TABLE_INTRODUCTION = `Every key may be left out. An environment variable wins over the file: its name is
\`DENOTRACK_\` and the key in upper case, with \`__\` between the levels and the blocks of a list numbered from 0, as in
\`DENOTRACK_INTERVAL=900\`, \`DENOTRACK_DB_STRUCTURE__DB_TORRENTS=torrents\` or
\`DENOTRACK_UDP_SERVER__0__BIND_ADDRESS=0.0.0.0:6969\`. A list of texts is written with commas:
\`DENOTRACK_HTTP_SERVER__0__TRUSTED_PROXIES=10.0.0.0/8,::1\`.
`;

function isApiKey(name: string): boolean {
  return name === "api_key" || name === "api_key_readonly";
}

function row(key: string, value: unknown, note: KeyNote): string {
  return `| \`${key}\` | \`${cell(tomlValue(value))}\` | ${cell(docLine(note))} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function docLine(note: KeyNote): string {
  return note.limits === undefined ? note.doc : `${note.doc} (${note.limits})`;
}

function pairs(table: Values, keys: Keys, withComments: boolean): string[] {
  return [...keys].flatMap(([key, node]) => {
    const line = pair(key, table[key]);
    return withComments && node.kind === "key" ? [comment(docLine(node.note)), line] : [line];
  });
}

function pair(key: string, value: unknown): string {
  return `${key} = ${tomlValue(value)}`;
}

/** Text as comment lines that fit the width. */
function comment(text: string): string {
  const lines = ["#"];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`;
    if (longer.length <= LINE_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(`# ${word}`);
  }
  return lines.join("\n");
}

/** Only what a configuration holds: texts without control characters, whole numbers, booleans and lists of these. */
function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  return JSON.stringify(value);
}

/** The URL with the password masked, whether it stands before the host or among the parameters. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:/?]*:).*@/i, "$1***@").replace(/([?&][^=&]*password=)[^&]*/gi, "$1***");
}
