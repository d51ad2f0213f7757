import { Command, CommanderError, Option } from "commander";
import project from "./deno.json" with { type: "json" };
import { startApp, StartError } from "./src/app.ts";
import { type Config, type ConfigResult, parseConfig, printConfig } from "./src/config/config.ts";
import { ConfigFileError, randomApiKey, readConfigFile, readOrCreateConfigFile } from "./src/config/file.ts";
import { finishesWithin, nextSignal } from "./src/signals.ts";

/** A stop that was asked for ends within three seconds, and the exit itself is part of them. */
const STOP_LIMIT_MS = 2800;

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
  const starting = startApp(withApiKey(config, file), project.version);
  const failure = await Promise.race([signal, starting.then((app) => app.failed)]);
  if (failure !== undefined) console.error(failure);
  const stopping = starting.then((app) => app.stop());
  if (!await finishesWithin(STOP_LIMIT_MS, stopping)) {
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

/** An API without a key would be open to everybody; with a random one it is closed until the operator sets one. */
function withApiKey(config: Config, file: string): Config {
  if (config.api_key !== "" || !config.api_server.some((block) => block.enabled)) return config;
  const remedy = `to use the API, set api_key in ${file} or DENOTRACK_API_KEY`;
  console.error(`warning: api_key is not set, so this run has a random one that nobody knows; ${remedy}`);
  return { ...config, api_key: randomApiKey() };
}

if (import.meta.main) Deno.exit(await main(Deno.args));
