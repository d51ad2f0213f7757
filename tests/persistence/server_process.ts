// What the two servers under test have in common: a folder of their own, a free port, an unprivileged user, and an end.

import process from "node:process";
import { spawnSync } from "node:child_process";
import { findProgram } from "../support/skip.ts";
import { type CertificateFiles, createCertificate } from "../support/certificate.ts";
import { descendantsOf, freePort, type Program, signalProcess, startProgram } from "../support/program.ts";

/** A database server that belongs to the tests, or that was named by a variable and can only be connected to. */
export interface TestServer {
  /** For `db_path`: the name and password of the tests, unless others are given. */
  url(other?: { user?: string; password?: string; database?: string }): string;
  /** Statements by a connection of one's own, with every right. Rows as arrays of values. */
  admin(sql: string): Promise<unknown[][]>;
  /** Ends every connection but that which asks for it. */
  cutConnections(): Promise<void>;
  /** `undefined` for a server that is not ours to stop. */
  readonly own: OwnServer | undefined;
  /** Ends what was started and removes its folder. */
  close(): Promise<void>;
}

export interface OwnServer {
  /** Starts it again on the same port; resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it, in order unless by SIGKILL. */
  stop(signal?: Deno.Signal): Promise<void>;
  /** Nothing is answered any more, and nothing is closed. */
  pause(): void;
  resume(): void;
}

export const HOST = "127.0.0.1";
export const USER = "tester";
/** Each of these has a meaning in a URL. */
export const PASSWORD = "p@ss:w/o?rd#%25é";
export const DATABASE = "tracker";

export function serverUrl(
  protocol: string,
  port: number,
  other: { user?: string; password?: string; database?: string } = {},
): string {
  const user = encodeURIComponent(other.user ?? USER);
  const password = encodeURIComponent(other.password ?? PASSWORD);
  return `${protocol}://${user}:${password}@${HOST}:${port}/${other.database ?? DATABASE}`;
}

/** A URL from a variable, with parts replaced. */
export function otherUrl(
  text: string,
  other: { user?: string; password?: string; database?: string } = {},
): string {
  const url = new URL(text);
  if (other.user !== undefined) url.username = encodeURIComponent(other.user);
  if (other.password !== undefined) url.password = encodeURIComponent(other.password);
  if (other.database !== undefined) url.pathname = `/${other.database}`;
  return url.href;
}

/** A program of a server, which Debian keeps out of PATH; `undefined` when it is not installed. */
export function findServerProgram(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not there.
    }
  }
  return findProgram(name);
}

/** A folder of the tests in which the servers, which refuse to run as root, may write. */
export function makeServerFolder(user: string): string {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-server-" });
  if (isRoot()) runOnce(["chown", user, folder]);
  return folder;
}

/** A key and a self-signed certificate in the folder, readable for the server alone. */
export function makeServerCertificate(folder: string, user: string, address: string): CertificateFiles {
  const files = createCertificate(folder, [address]);
  Deno.chmodSync(files.keyPath, 0o600);
  if (isRoot()) runOnce(["chown", user, files.keyPath]);
  return files;
}

/** The command, run by this user when we are root. */
export function asUser(user: string, command: readonly string[]): string[] {
  if (!isRoot()) return [...command];
  return ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", ...command];
}

/** Runs to the end; throws with what was written when it fails. */
export function runOnce(command: readonly string[], directory?: string): void {
  const [file, ...args] = command;
  const { status, stdout, stderr } = spawnSync(file!, args, { cwd: directory, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")} failed:\n${stdout}\n${stderr}`);
}

/** The server as a process that can be stopped and started. */
export function ownServer(
  command: (port: number) => readonly string[],
  directory: string,
  isReady: (output: string) => boolean,
  stopSignal: Deno.Signal,
): OwnServer & { readonly port: number } {
  const port = freePort(HOST);
  let program: Program | undefined;
  const signal = (name: Deno.Signal) => {
    if (program !== undefined) signalProcess(program.pid, name);
  };
  // PostgreSQL has a process for each connection, which goes on without its parent for a while.
  const signalAll = (name: Deno.Signal) => {
    const children = program === undefined ? [] : descendantsOf(program.pid);
    signal(name);
    children.forEach((pid) => signalProcess(pid, name));
  };
  return {
    port,
    start: async () => {
      program = startProgram({ command: command(port), directory });
      await program.waitForOutput(isReady, 60_000);
    },
    stop: async (name = stopSignal) => {
      if (name === "SIGKILL") signalAll(name);
      else signal(name);
      const ended = program;
      program = undefined;
      if (ended === undefined) return;
      try {
        await ended.waitForExit(20_000);
      } catch {
        signalProcess(ended.pid, "SIGKILL");
        await ended.waitForExit(20_000);
      }
    },
    pause: () => signalAll("SIGSTOP"),
    resume: () => signalAll("SIGCONT"),
  };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
