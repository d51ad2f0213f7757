/** How the program is told to end, and how long it may take over it. */

/** Resolves at the first signal to end. The second one ends the program at once, with exit code 130. */
export function nextSignal(): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let count = 0;
  const onSignal = () => ++count === 1 ? resolve(undefined) : Deno.exit(130);
  Deno.addSignalListener("SIGINT", onSignal);
  // Windows knows no SIGTERM, and Deno throws when asked to listen for it there.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", onSignal);
  return promise;
}

/** Calls `reload` at each SIGHUP. Windows has it for another purpose: its console window closes. */
export function onReloadSignal(reload: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", reload);
}

/** Whether the promise resolved in this time. Rejects if the promise does so in time. */
export async function finishesWithin(milliseconds: number, promise: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), milliseconds));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
