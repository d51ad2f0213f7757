/** The program itself: whether it serves, and how it is configured. */
import { createRoute, z } from "@hono/zod-openapi";
import { publicConfig } from "../config/config.ts";
import { GUARDED, json, NOT_CACHED, statusSchema } from "./answers.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

/** Intervals of saving for which a database may fail before the program calls itself ill. */
const PATIENT_INTERVALS = 3;

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  tags: ["program"],
  summary: "Whether the tracker serves; wants no token",
  security: [],
  responses: {
    200: json("It serves", statusSchema),
    503: json(
      "It stops, a thread hangs, or its database has been failing for more than three intervals",
      statusSchema,
    ),
  },
});

const configRoute = createRoute({
  method: "get",
  path: "/api/config",
  tags: ["program"],
  summary: "The configuration in effect, without its secrets",
  responses: {
    200: json("Every key with its value", z.record(z.string(), z.unknown()).openapi("Config")),
    ...GUARDED,
  },
});

export function addProgram(api: ApiRoutes, setup: ApiSetup): void {
  api.openapi(healthRoute, (c) => {
    const trouble = troubleOf(setup);
    return trouble === undefined
      ? c.json({ status: "ok" }, 200, NOT_CACHED)
      : c.json({ status: trouble }, 503, NOT_CACHED);
  });
  api.openapi(configRoute, (c) => c.json(publicConfig(setup.config), 200, NOT_CACHED));
}

function troubleOf({ config, statistics, clock, stopping, silentThreads }: ApiSetup): string | undefined {
  if (stopping.aborted) return "stopping";
  const [silent] = silentThreads();
  if (silent !== undefined) return `${silent} does not answer`;
  const { failingSince } = statistics.saving;
  if (failingSince === 0) return undefined;
  const seconds = clock.unixSeconds() - failingSince;
  return seconds > PATIENT_INTERVALS * config.persistence_interval
    ? `the database has been failing for ${seconds} seconds`
    : undefined;
}
