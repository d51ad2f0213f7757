/** Checks of the configuration itself: what is allowed, and better otherwise. */
import type { Config } from "../config/config.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** What cannot be guessed in the life of a tracker; 16 random hexadecimal digits are 64 bits. */
const KEY_CHARS = 16;

const NEW_KEY = 'in the configuration: api_key = "…", for instance from: openssl rand -hex 20';

/** Bits of a file's mode that let people other than its owner and group read it. */
const READABLE_BY_OTHERS = 0o004;

/** `warnings` are those of reading the configuration, by `where` it was read from. */
export function checkConfig(where: string, warnings: readonly string[]): Finding[] {
  if (warnings.length === 0) return [ok("configuration", where)];
  return warnings.map((text) => warning("configuration", text));
}

export function checkApiKeys(config: Config): Finding[] {
  if (!config.api_server.some(({ enabled }) => enabled)) return [];
  const subject = "api_key";
  if (config.api_key === "") return [warning(subject, "not set: nobody can use the API", NEW_KEY)];
  const weak = (["api_key", "api_key_readonly"] as const).filter((key) =>
    config[key] !== "" && isWeak(config[key])
  );
  if (weak.length === 0) return [ok(subject, "long enough")];
  return weak.map((key) =>
    warning(key, `easy to guess: expected at least ${KEY_CHARS} random characters`, NEW_KEY)
  );
}

/** Short, or made of few different characters. */
function isWeak(key: string): boolean {
  return key.length < KEY_CHARS || new Set(key).size < 8;
}

/** The file holds the api_key and the password of the database. `undefined` where there is no file, or no such thing. */
export function checkConfigFile(file: string, mode: number | undefined): Finding[] {
  if (mode === undefined || (mode & READABLE_BY_OTHERS) === 0) return [];
  return [warning("configuration", `${file} can be read by everybody, with its keys`, `chmod o-r ${file}`)];
}
