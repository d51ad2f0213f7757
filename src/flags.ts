/** The flags: what the program is asked to do. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { either } from "./config/text.ts";
import { TABLE_KEYS, type TableKey } from "./persistence/database.ts";
import type { ExportJob } from "./transfer/export.ts";
import type { ImportJob } from "./transfer/import.ts";
import type { RowFormat } from "./transfer/row_text.ts";

/** The file of `--config`, and whether the flag was given. */
export interface ConfigFlag {
  readonly file: string;
  readonly isNamed: boolean;
}

export type Task = ConfigTask | { readonly is: "end"; readonly exitCode: 0 | 2 };
/** What needs a configuration. */
export type ConfigTask =
  & { readonly config: ConfigFlag }
  & (
    | { readonly is: "run" | "check" | "print" | "health" | "doctor" }
    | { readonly is: "export"; readonly job: ExportJob }
    | { readonly is: "import"; readonly job: ImportJob }
  );

/** Options of export and import. */
interface TransferFlags {
  only?: TableKey[];
  format?: RowFormat;
}

interface ImportFlags extends TransferFlags {
  skipBad?: true;
  fromLine: number;
  dryRun?: true;
}

const WRONG_FLAGS_HINT = "The flags are listed by --help.";

/** What the flags ask for. `end` is a program that has answered by itself, or said what is wrong with them. */
export function parseFlags(args: readonly string[], version: string): Task {
  let task: Task = { is: "end", exitCode: 0 };
  try {
    createProgram(version, (asked) => task = asked).parse(args, { from: "user" });
    return task;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { is: "end", exitCode: error.exitCode === 0 ? 0 : 2 };
  }
}

type Ask = (task: ConfigTask) => void;

function createProgram(version: string, ask: Ask): Command {
  const print = (text: string) => console.log(text.trimEnd());
  const printError = (text: string) => console.error(text.trimEnd().replace("\n(", " ("));
  const program = new Command("denotrack")
    .description("A BitTorrent tracker over UDP and HTTP, with an API and a web interface.")
    .option(
      "--config <file>",
      "the configuration; written with the defaults where there is none",
      "config.toml",
    )
    .addOption(
      new Option("--check-config", "tell what is wrong with the configuration").conflicts("printConfig"),
    )
    .option("--print-config", "print the configuration in effect, without its secrets")
    .version(`denotrack ${version}`, "--version", "print the version")
    .helpOption("--help", "print this help")
    .showHelpAfterError(WRONG_FLAGS_HINT)
    .configureOutput({ writeOut: print, writeErr: printError })
    .exitOverride();
  program.action((flags: { checkConfig?: true; printConfig?: true }) => {
    ask({
      is: flags.checkConfig ? "check" : flags.printConfig ? "print" : "run",
      config: configFlag(program),
    });
  });
  addHost(program, ask);
  addExport(program, ask);
  addImport(program, ask);
  return program.helpCommand(false);
}

/** What is asked of the host that the tracker runs on. */
function addHost(program: Command, ask: Ask): void {
  const commands = [
    ["health", "ask the running tracker whether it serves; exit code 0 or 1"],
    ["doctor", "check this host for what the tracker wants, and say what to change; exit code 0 or 1"],
  ] as const;
  for (const [is, description] of commands) {
    addCommand(program, is, description, "the tracker's configuration")
      .description(`denotrack ${is}: ${description}.`)
      .action(() => ask({ is, config: configFlag(program) }));
  }
}

function addExport(program: Command, ask: Ask): void {
  addTransfer(program, "export", "write the tables of the database to FILE (- is stdout)")
    .option("--force", "replace FILE if it is there")
    .action((file: string, flags: TransferFlags & { force?: true }) => {
      const { tables, format } = transferFlags(flags);
      ask({
        is: "export",
        config: configFlag(program),
        job: { file, tables, format, isForced: flags.force === true },
      });
    });
}

function addImport(program: Command, ask: Ask): void {
  addTransfer(program, "import", "bring the rows of FILE (- is stdin) into the database")
    .option("--skip-bad", "go on after lines that are no rows, which are told and counted")
    .option("--from-line <n>", "pass over the lines before this one", parseLineNumber, 1)
    .option("--dry-run", "only check the lines, without a database")
    .addHelpText(
      "after",
      `
Nothing is removed. A torrent keeps the larger number of completed downloads, a key gets the time of FILE. So the
same file may be imported again and again, and after an interruption it is enough to run the import again; from the
line that it told, with --from-line, it is done sooner. The tracker that uses the database should not run meanwhile.`,
    )
    .action((file: string, flags: ImportFlags) => {
      const { fromLine, skipBad, dryRun } = flags;
      const rules = { fromLine, skipsBad: skipBad === true, isDryRun: dryRun === true };
      ask({ is: "import", config: configFlag(program), job: { file, ...transferFlags(flags), ...rules } });
    });
}

function addTransfer(program: Command, name: string, description: string): Command {
  return addCommand(program, name, description, "the configuration that names the database")
    .description(`denotrack ${name}: ${description}. The database is that of the configuration.`)
    .argument("<FILE>")
    .option("--only <tables>", `of these alone: ${TABLE_KEYS.join(",")}`, parseTables)
    .addOption(
      new Option(
        "--format <format>",
        "the format; without it the ending of FILE tells (.gz too), jsonl for -",
      )
        .choices(["jsonl", "csv"]),
    );
}

function addCommand(program: Command, name: string, summary: string, configDoc: string): Command {
  return program.command(name)
    .summary(summary)
    .option("--config <file>", `${configDoc} (default: "config.toml")`)
    .hook("preAction", () => {
      const { checkConfig, printConfig } = program.opts<{ checkConfig?: true; printConfig?: true }>();
      if (checkConfig || printConfig) {
        const flag = checkConfig ? "--check-config" : "--print-config";
        program.error(`error: option '${flag}' cannot be used with '${name}'`);
      }
    });
}

/** `--config` belongs to the whole program, which takes it wherever it stands. */
function configFlag(program: Command): ConfigFlag {
  const isNamed = program.getOptionValueSource("config") === "cli";
  return { file: program.opts<{ config: string }>().config, isNamed };
}

function transferFlags({ only, format }: TransferFlags): Pick<ExportJob, "tables" | "format"> {
  return { tables: only ?? TABLE_KEYS, format };
}

function parseTables(text: string): TableKey[] {
  const names = text.split(",");
  const unknown = names.find((name) => !TABLE_KEYS.some((key) => key === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected ${either(TABLE_KEYS)} with commas.`);
  return TABLE_KEYS.filter((key) => names.includes(key));
}

function parseLineNumber(text: string): number {
  const isNumber = /^[1-9][0-9]{0,14}$/.test(text);
  if (!isNumber) throw new InvalidArgumentError("Expected a line number from 1.");
  return Number(text);
}
