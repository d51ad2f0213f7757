import { Command, CommanderError, Option } from "commander";
import project from "./deno.json" with { type: "json" };
import { startApp, StartError } from "./src/app.ts";
import { type Config, type ConfigResult, parseConfig, printConfig } from "./src/config/config.ts";
import { ConfigFileError, readConfigFile, readOrCreateConfigFile, withApiKey } from "./src/config/file.ts";
import { finishesWithin, nextSignal, onReloadSignal } from "./src/signals.ts";

/** A start that is given up has nothing to save. */
const LOADING_STOP_SECONDS = 3;

/** What the exit itself may take of the time for a stop. */
const EXIT_MILLISECONDS = 200;

interface Flags {
  config: string;
  checkConfig?: true;
  printConfig?: true;
}

/** The exit code: 0 is a stop that was asked for, 1 a failure, 2 flags or a configuration that want mending. */
async function main(args: string[]): Promise<number> {
  try {
    const program = createProgram().parse(args, { from: "user" });
    const flags = program.opts<Flags>();
    if (!flags.checkConfig && !flags.printConfig) return await run(flags.config);
    return await inspect(flags, program.getOptionValueSource("config") === "cli");
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isExpected = error instanceof ConfigFileError || error instanceof StartError;
    console.error(isExpected ? error.message : error);
    return error instanceof ConfigFileError ? 2 : 1;
  }
}

function createProgram(): Command {
  const print = (text: string) => console.log(text.trimEnd());
  const printError = (text: string) => console.error(text.trimEnd().replace("\n(", " ("));
  return new Command("denotrack")
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
    .version(`denotrack ${project.version}`, "--version", "print the version")
    .helpOption("--help", "print this help")
    .showHelpAfterError("The flags are listed by --help.")
    .configureOutput({ writeOut: print, writeErr: printError })
    .exitOverride();
}

/** `--check-config` and `--print-config`: nothing is written and nothing started. */
async function inspect({ config: file, checkConfig }: Flags, isNamed: boolean): Promise<number> {
  const text = await readConfigFile(file);
  if (text === undefined && isNamed) throw new ConfigFileError(`${file}: no such file`);
  const config = accept(parseConfig({ text: text ?? "", file, env: Deno.env.toObject() }));
  if (config === undefined) return 2;
  const subject = text === undefined ? `${file}: no such file; the defaults and the environment` : file;
  console.log(checkConfig ? `${subject}: ok` : printConfig(config, { hideSecrets: true }).trimEnd());
  return 0;
}

/** Runs the tracker until a signal or a failure ends it. */
async function run(file: string): Promise<number> {
  const { text, notice } = await readOrCreateConfigFile(file);
  if (notice !== undefined) console.error(notice);
  const config = accept(parseConfig({ text, file, env: Deno.env.toObject() }));
  if (config === undefined) return 2;
  const signal = nextSignal();
  const keyed = withApiKey(config, file);
  if (keyed.warning !== undefined) console.error(`warning: ${keyed.warning}`);
  let stopSeconds = LOADING_STOP_SECONDS;
  const starting = startApp(keyed.config, project.version).then((app) => {
    stopSeconds = app.stopSeconds;
    onReloadSignal(() => app.reloadLists());
    return app;
  });
  const failure = await Promise.race([signal, starting.then((app) => app.failed)]);
  if (failure !== undefined) console.error(failure);
  const stopping = starting.then((app) => app.stop());
  if (!await finishesWithin(stopSeconds * 1000 - EXIT_MILLISECONDS, stopping)) {
    console.error("warning: not everything stopped in time");
  }
  return failure === undefined ? 0 : 1;
}

/** The configuration with its warnings printed, or `undefined` with its problems printed. */
function accept(result: ConfigResult): Config | undefined {
  if ("problems" in result) {
    result.problems.forEach((problem) => console.error(problem));
    return undefined;
  }
  result.warnings.forEach((warning) => console.error(`warning: ${warning}`));
  return result.config;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
