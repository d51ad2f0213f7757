// The compose file and what it mounts. Nothing is started.

import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { repositoryRoot } from "../support/program.ts";
import { configOf, readPackage } from "./settings.ts";

/** The part of the Compose specification that the file uses; anything else is a slip. */
const composeSchema = z.strictObject({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
      image: z.string(),
      restart: z.literal("unless-stopped"),
      stop_grace_period: z.string().optional(),
      depends_on: z.union([
        z.array(z.string()),
        z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })),
      ]).optional(),
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      secrets: z.array(z.string()).default([]),
      healthcheck: z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        retries: z.int(),
      }).optional(),
      read_only: z.boolean().optional(),
      cap_drop: z.array(z.string()).optional(),
      security_opt: z.array(z.string()).optional(),
      ulimits: z.record(z.string(), z.int()).optional(),
    }),
  ),
  secrets: z.record(z.string(), z.strictObject({ environment: z.string() })),
  volumes: z.record(z.string(), z.null()),
});

const text = readPackage("compose.yaml");
const compose = composeSchema.parse(parse(text));
const services = Object.entries(compose.services);

Deno.test("every secret must be given, and none stands in the file", () => {
  const secret = /PASSWORD|API_KEY|DB_PATH/;
  for (const [name, { environment }] of services) {
    for (const [key, value] of Object.entries(environment).filter(([key]) => secret.test(key))) {
      assert.match(value, /\$\{[A-Z_]+:\?[^}]+\}/, `${name}: ${key}`);
    }
  }
  assert.deepEqual(text.match(/\$\{\w+(?!\w*:\?)[^}]*\}/g), null, "no variable has a default");
});

Deno.test("what is named is there: services, volumes, secrets, files", () => {
  for (const [name, service] of services) {
    const { depends_on: needed = [], volumes, secrets } = service;
    for (const other of Array.isArray(needed) ? needed : Object.keys(needed)) {
      assert.ok(other in compose.services, `${name} needs ${other}`);
    }
    for (const secret of secrets) assert.ok(secret in compose.secrets, secret);
    for (const volume of volumes) {
      const [from] = volume.split(":");
      if (!from.startsWith(".")) assert.ok(from in compose.volumes, volume);
      else assert.ok(Deno.statSync(`${repositoryRoot}/.ci/packaging/${from}`).isFile, volume);
    }
    assert.match(service.image, service.build === undefined ? /:v?\d/ : /^denotrack$/, "a version is named");
  }
  const { build } = compose.services.denotrack;
  assert.ok(Deno.statSync(`${repositoryRoot}/.ci/packaging/${build!.context}/${build!.dockerfile}`).isFile);
});

Deno.test("only the tracker is for everybody", () => {
  const ports = services.flatMap(([name, service]) => service.ports.map((port) => `${name} ${port}`));
  const open = ports.filter((port) => !port.includes(" 127.0.0.1:"));
  assert.deepEqual(open, ["denotrack 6969:6969/udp", "denotrack 6969:6969/tcp"]);
});

Deno.test("the tracker's settings are good, and lead to the database beside it", () => {
  const given = (value: string) => value.replace(/\$\{[^}]+\}/g, "given");
  const environment = Object.entries(compose.services.denotrack.environment);
  const config = configOf(
    Object.fromEntries(
      environment.map(([key, value], i) => [key, given(value) + (key.includes("KEY") ? i : "")]),
    ),
  );
  const url = new URL(config.db_path);
  const { POSTGRES_USER: user, POSTGRES_DB: name } = compose.services.postgres.environment;
  assert.deepEqual([config.db_driver, url.hostname, url.username, url.pathname], [
    ...["PgSQL", "postgres", user, `/${name}`],
  ]);
});

Deno.test("Prometheus finds the tracker and its token, Grafana finds Prometheus and the dashboard", () => {
  const scrapeSchema = z.object({
    scrape_configs: z.tuple([z.object({
      metrics_path: z.literal("/metrics"),
      authorization: z.object({ credentials_file: z.string() }),
      static_configs: z.tuple([z.object({ targets: z.tuple([z.string()]) })]),
    })]),
  });
  const [scrape] = scrapeSchema.parse(parse(readPackage("prometheus.yml"))).scrape_configs;
  const [{ targets: [target] }] = scrape.static_configs;
  const [secret] = compose.services.prometheus.secrets;
  assert.equal(scrape.authorization.credentials_file, `/run/secrets/${secret}`);
  assert.equal(compose.secrets[secret].environment, "DENOTRACK_API_KEY_READONLY");
  assert.ok(
    readPackage("Dockerfile").includes(`API_SERVER__0__BIND_ADDRESS=0.0.0.0:${target.split(":")[1]}`),
  );
  assert.equal(target.split(":")[0], "denotrack");

  const datasource = parse(readPackage("grafana/datasource.yml")).datasources[0];
  assert.deepEqual([datasource.type, datasource.url], ["prometheus", "http://prometheus:9090"]);
  const folder: string = parse(readPackage("grafana/dashboards.yml")).providers[0].options.path;
  const mounted = compose.services.grafana.volumes.find((volume) =>
    volume.includes("grafana_dashboard.json")
  );
  assert.ok(mounted?.includes(`:${folder}/`), mounted);
});
