import project from "./deno.json" with { type: "json" };
import { runDoctor } from "./src/doctor/doctor.ts";
import { startApp, StartError } from "./src/app.ts";
import { type Config, type ConfigResult, parseConfig, printConfig } from "./src/config/config.ts";
import { ConfigFileError, readConfigFile, readOrCreateConfigFile, withApiKey } from "./src/config/file.ts";
import { type ConfigTask, parseFlags } from "./src/flags.ts";
import { runHealth } from "./src/health.ts";
import { finishesWithin, nextSignal, onReloadSignal } from "./src/signals.ts";
import { runTransfer } from "./src/transfers.ts";

/** A start that is given up has nothing to save. */
const LOADING_STOP_SECONDS = 3;

/** What the exit itself may take of the time for a stop. */
const EXIT_MILLISECONDS = 200;

/** The exit code: 0 is a stop that was asked for, 1 a failure, 2 flags or a configuration that want mending. */
async function main(args: string[]): Promise<number> {
  try {
    const task = parseFlags(args, project.version);
    if (task.is === "end") return task.exitCode;
    return task.is === "run" ? await run(task.config.file) : await serveNobody(task);
  } catch (error) {
    const isExpected = error instanceof ConfigFileError || error instanceof StartError;
    console.error(isExpected ? error.message : error);
    return error instanceof ConfigFileError ? 2 : 1;
  }
}

/** What is done without a tracker: no configuration is written for it. */
async function serveNobody(task: ConfigTask): Promise<number> {
  const { file, isNamed } = task.config;
  const text = await readConfigFile(file);
  if (text === undefined && isNamed) throw new ConfigFileError(`${file}: no such file`);
  const result = parseConfig({ text: text ?? "", file, env: Deno.env.toObject() });
  // Whoever asks every minute has read the warnings.
  const where = text === undefined ? `${file}: no such file; the defaults and the environment` : file;
  if (task.is === "doctor") return await runDoctor({ result, file, where });
  if (task.is === "health" && "config" in result) return await runHealth(result.config);
  const config = accept(result);
  if (config === undefined) return 2;
  if (task.is === "export" || task.is === "import") return await runTransfer(config, task);
  console.log(task.is === "check" ? `${where}: ok` : printConfig(config, { hideSecrets: true }).trimEnd());
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
