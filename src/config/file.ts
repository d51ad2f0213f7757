/** The file of the configuration: reads it, or writes the first one. */

import { type Config, exampleConfig } from "./config.ts";
import { oneLine } from "./text.ts";

/** A file that is there and cannot be read. The message is one line for the operator. */
export class ConfigFileError extends Error {}

/** The text of a file to start with, and what the operator should know of it. */
export interface FirstConfig {
  /** "" where there is no file and none could be written: the defaults apply. */
  readonly text: string;
  /** One line, set when there was no file: that it was written, or why not. */
  readonly notice?: string;
}

/** The text of the file, or `undefined` where there is none. Throws `ConfigFileError`. */
export async function readConfigFile(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const reason = error instanceof TypeError ? "not UTF-8 text" : reasonOf(error);
    throw new ConfigFileError(`${oneLine(file)}: cannot be read: ${reason}`);
  }
}

/**
 * The text of the file; where there is none, writes one with the defaults and a random api_key that only its owner
 * can read. Never changes a file that is there. Throws `ConfigFileError`.
 */
export async function readOrCreateConfigFile(file: string): Promise<FirstConfig> {
  const text = await readConfigFile(file);
  if (text !== undefined) return { text };
  const example = exampleConfig(randomApiKey());
  try {
    await createFile(file, example);
    return { text: example, notice: `${oneLine(file)}: written, with the defaults and a random api_key` };
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return { text: await readNewcomer(file) };
    return {
      text: "",
      notice: `warning: ${oneLine(file)}: cannot be written: ${reasonOf(error)}; the defaults apply`,
    };
  }
}

/** 160 random bits as 40 hexadecimal digits. */
export function randomApiKey(): string {
  return crypto.getRandomValues(new Uint8Array(20)).toHex();
}

/** Writes a new file whole, or leaves none. */
async function createFile(file: string, text: string): Promise<void> {
  const handle = await Deno.open(file, { write: true, createNew: true, mode: 0o600 });
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await handle.write(bytes.subarray(at));
    await handle.sync();
  } catch (error) {
    await Deno.remove(file);
    throw error;
  } finally {
    handle.close();
  }
}

/** A file that was not there a moment ago: written by another start, or a link that leads nowhere. */
async function readNewcomer(file: string): Promise<string> {
  const text = await readConfigFile(file);
  if (text === undefined) throw new ConfigFileError(`${oneLine(file)}: cannot be read: a link to no file`);
  return text;
}

/** What the system says of an error, in one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // The system's words come first; what follows names the call and the file again.
  return oneLine(message.replace(/ \(os error \d+\).*$/s, ""));
}

/** An API without a key would be open to everybody; with a random one it is closed until the operator sets one. */
export function withApiKey(config: Config, file: string): { config: Config; warning?: string } {
  if (config.api_key !== "" || !config.api_server.some((block) => block.enabled)) return { config };
  const remedy = `to use the API, set api_key in ${file} or DENOTRACK_API_KEY`;
  const warning = `api_key is not set, so this run has a random one that nobody knows; ${remedy}`;
  return { config: { ...config, api_key: randomApiKey() }, warning };
}
