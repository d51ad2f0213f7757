/** Lets peers outlive a restart, by the state file of the configuration. */
import { logger } from "./base/log.ts";
import type { Building } from "./building.ts";
import { readStateFile, StateFileError, writeStateFile } from "./persistence/state_file.ts";

const log = logger("state");

/**
 * Brings back the peers of the state file, and sees to it that they are written at the stop. A file that is no good is
 * said to be so and kept: one of ours is put aside, any other is left where it is and never written to.
 */
export function restorePeers(building: Building): void {
  const path = building.config.state_file;
  if (path === "") return;
  if (readPeers(path, building)) building.stops.push(() => writePeers(path, building));
}

/** Whether the file may be written later. */
function readPeers(path: string, { config, tracker, clock }: Building): boolean {
  const now = { seconds: clock.seconds(), unixSeconds: clock.unixSeconds() };
  try {
    const peers = readStateFile(path, tracker.store, now, config.peer_timeout);
    log.info(`${peers} peers are back from ${path}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    return explainUnread(path, error);
  }
}

function explainUnread(path: string, error: unknown): boolean {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof StateFileError) || error.isForeign) {
    log.error(`state_file: ${reason}; it is left alone, so peers do not outlive this run`);
    return false;
  }
  try {
    Deno.renameSync(path, `${path}.damaged`);
  } catch (renameError) {
    log.error(
      `state_file: ${reason}; it cannot be put aside (${renameError}), so peers do not outlive this run`,
    );
    return false;
  }
  log.error(`state_file: ${reason}; it is now ${path}.damaged, and the tracker starts without peers`);
  return true;
}

function writePeers(path: string, { tracker, clock }: Building): void {
  const now = { seconds: clock.seconds(), unixSeconds: clock.unixSeconds() };
  try {
    const peers = writeStateFile(path, tracker.store, now);
    log.info(`${peers} peers are in ${path}`);
  } catch (error) {
    log.error(`state_file: ${path} could not be written: ${error instanceof Error ? error.message : error}`);
  }
}
