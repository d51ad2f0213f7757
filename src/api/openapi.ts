/** The description of the API, made from the schemas by which requests are checked, and a page to read it on. */
import { createRoute, z } from "@hono/zod-openapi";
import { json } from "./answers.ts";
import type { ApiRoutes } from "./setup.ts";
import { type Described, docsPage } from "./docs_page.ts";

const INTRODUCTION =
  "A request carries a token, as `?token=` or as `Authorization: Bearer`; `/health` and this " +
  'description want none. A failure is `{"status": reason}`.';

const HTML_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  // Its address may carry a token.
  "referrer-policy": "no-referrer",
};

const jsonRoute = createRoute({
  method: "get",
  path: "/api/openapi.json",
  tags: ["program"],
  summary: "This description, for machines; wants no token",
  security: [],
  responses: { 200: json("OpenAPI 3.1", z.object({ openapi: z.literal("3.1.0") })) },
});

const pageRoute = createRoute({
  method: "get",
  path: "/api/docs",
  tags: ["program"],
  summary: "This description, to read; wants no token",
  security: [],
  responses: { 200: { description: "A page", content: { "text/html": { schema: z.string() } } } },
});

/** Adds `/api/openapi.json` and `/api/docs`. What is added later is not described. */
export function addDescription(api: ApiRoutes, version: string): void {
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  api.openAPIRegistry.registerComponent("securitySchemes", "query", {
    type: "apiKey",
    in: "query",
    name: "token",
  });
  api.openAPIRegistry.registerPath(jsonRoute);
  api.openAPIRegistry.registerPath(pageRoute);
  const description = api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "denotrack",
      version,
      description: INTRODUCTION,
      license: { name: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { query: [] }],
    tags: tagsOf(api),
  });
  const text = JSON.stringify(description);
  const page = docsPage(JSON.parse(text) as Described);
  api.get(jsonRoute.path, () => new Response(text, { headers: { "content-type": "application/json" } }));
  api.get(pageRoute.path, () => new Response(page, { headers: HTML_HEADERS }));
}

function tagsOf(api: ApiRoutes): { name: string }[] {
  const names = api.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" ? definition.route.tags ?? [] : []
  );
  return [...new Set(names)].map((name) => ({ name }));
}
