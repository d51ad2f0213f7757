/** Orders to the database by way of the API: saving now, reading a list again. */
import { createRoute, z } from "@hono/zod-openapi";
import { logger } from "../base/log.ts";
import { GUARDED, json, statusSchema } from "./answers.ts";
import type { ApiRoutes, ApiSetup, DatabaseOrders, ListName } from "./setup.ts";

/** Clients and the sweep of idle connections lose patience after a while: whatever takes longer goes on unattended. */
const PATIENCE_MILLISECONDS = 8000;

const log = logger("api");

const PERSISTENCE_OFF = { status: "persistence is off" };
const STILL_RUNNING = { status: "still running" };

const orderAnswers = {
  202: json("It takes long and goes on; the log tells how it ends: `still running`", statusSchema),
  409: json("There is no database: `persistence is off`", statusSchema),
  503: json("The database does not do it now; the reason", statusSchema),
  ...GUARDED,
};

const savedSchema = z.object({ status: z.literal("ok"), saved: z.int().min(0) }).openapi("Saved");
const reloadedSchema = z.object({ status: z.literal("ok"), entries: z.int().min(0) }).openapi("Reloaded");

const saveRoute = createRoute({
  method: "post",
  path: "/api/save",
  tags: ["database"],
  summary: "Saves what has changed, now",
  responses: { 200: json("Saved, so many changes", savedSchema), ...orderAnswers },
});

export function addSaving(api: ApiRoutes, { database }: ApiSetup): void {
  api.openapi(saveRoute, async (c) => {
    if (database === undefined) return c.json(PERSISTENCE_OFF, 409);
    const outcome = await carryOut("saving", database.save());
    if (outcome === "late") return c.json(STILL_RUNNING, 202);
    if ("failure" in outcome) return c.json({ status: outcome.failure }, 503);
    return c.json({ status: "ok" as const, saved: outcome.result }, 200);
  });
}

/** Adds `GET /api/LIST/reload`. It stands before the route that takes any text for an entry. */
export function addReload(api: ApiRoutes, { database }: ApiSetup, list: ListName): void {
  const route = createRoute({
    method: "get",
    path: `/api/${list}/reload`,
    tags: [list],
    summary: `Makes the ${list} what the database holds; needs the full token`,
    responses: { 200: json("Done, so many entries", reloadedSchema), ...orderAnswers },
  });
  api.openapi(route, async (c) => {
    if (database === undefined) return c.json(PERSISTENCE_OFF, 409);
    const outcome = await carryOut(`reloading the ${list}`, reload(database, list));
    if (outcome === "late") return c.json(STILL_RUNNING, 202);
    if ("failure" in outcome) return c.json({ status: outcome.failure }, 503);
    return c.json({ status: "ok" as const, entries: outcome.result }, 200);
  });
}

async function reload(database: DatabaseOrders, list: ListName): Promise<number> {
  return (await database.reload([list]))[list];
}

type Outcome = { readonly result: number } | { readonly failure: string };

/** How an order ends, if it does so in time; else the log is told. */
async function carryOut(what: string, order: Promise<number>): Promise<Outcome | "late"> {
  const ended: Promise<Outcome> = order.then(
    (result) => ({ result }),
    (error) => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), PATIENCE_MILLISECONDS);
  });
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  if (outcome === "late") {
    ended.then((end) => "failure" in end ? log.error(`${what}: ${end.failure}`) : log.info(`${what}: done`));
  }
  return outcome;
}
