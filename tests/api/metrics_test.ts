import assert from "node:assert/strict";
import { LatencySampler } from "../../src/tracker/latency.ts";
import { COUNTER } from "../../src/tracker/stats.ts";
import dashboard from "../../src/api/grafana_dashboard.json" with { type: "json" };
import { announce, createTestApi, hexOf, START_UNIX, type TestApi, type TestApiOptions } from "./test_api.ts";

const database = { save: () => Promise.resolve(0), reload: () => Promise.resolve({}) };

async function metricsOf(api: TestApi): Promise<Map<string, number>> {
  const response = await api.ask("/metrics");
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const match = /^([a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})?) ([0-9.e+-]+)$/.exec(line);
    assert.ok(match, `not the text format: ${line}`);
    return [match[1], Number(match[2])];
  }));
}

async function metricsWith(options: TestApiOptions, prepare: (api: TestApi) => void = () => {}) {
  const api = createTestApi(options);
  prepare(api);
  return await metricsOf(api);
}

Deno.test("every counter is a metric of its own", async () => {
  const names = Object.keys(COUNTER) as (keyof typeof COUNTER)[];
  const metrics = await metricsWith({}, ({ tracker }) => {
    for (const name of names) tracker.counters[COUNTER[name]] = 100 + COUNTER[name];
  });
  const told = new Set(metrics.values());
  // The look at the metrics is itself a request.
  const own = ["tcp4_connections_handled", "tcp4_api_handled"];
  for (const name of names) {
    assert.ok(told.has(100 + COUNTER[name] + (own.includes(name) ? 1 : 0)), `${name} is missing`);
  }
  assert.equal(metrics.get('denotrack_requests_total{protocol="udp",family="ipv6",kind="announces"}'), 112);
  assert.equal(metrics.get('denotrack_refused_total{reason="blacklisted"}'), 115);
});

Deno.test("figures of the tracker and of the process", async () => {
  const metrics = await metricsWith({}, ({ tracker }) => {
    announce(tracker, { torrent: hexOf(1) });
    announce(tracker, { torrent: hexOf(1), port: 2, left: 1 });
    announce(tracker, { torrent: hexOf(2), port: 3, left: 1 });
    tracker.access.keys.set(new Int32Array(5), 0, 0);
  });
  assert.equal(metrics.get("denotrack_torrents"), 2);
  assert.equal(metrics.get('denotrack_peers{kind="seeders"}'), 1);
  assert.equal(metrics.get('denotrack_peers{kind="leechers"}'), 2);
  assert.equal(metrics.get('denotrack_list_entries{list="keys"}'), 1);
  assert.equal(metrics.get("denotrack_start_time_seconds"), START_UNIX);
  assert.equal(metrics.get('denotrack_info{version="1.2.3"}'), 1);
  assert.ok(metrics.get('denotrack_memory_bytes{kind="rss"}')! > 1e6);
});

Deno.test("dropped datagrams are told where they are known", async () => {
  const name = "denotrack_udp_receive_buffer_drops_total";
  assert.equal((await metricsWith({})).get(name), undefined);
  assert.equal((await metricsWith({ udpDrops: () => 0 })).get(name), 0);
  assert.equal((await metricsWith({ udpDrops: () => 7 })).get(name), 7);
});

Deno.test("the database has metrics where there is one", async () => {
  assert.ok([...(await metricsWith({})).keys()].every((name) => !name.includes("database")));
  const metrics = await metricsWith(
    { database, limits: { keepTorrents: true } },
    ({ tracker, statistics }) => {
      tracker.store.setCompleted(new Int32Array(5), 1);
      statistics.saving.lastSave = 1234;
      statistics.saving.refused = 5;
      statistics.saving.lastSaveMilliseconds = 250;
      statistics.saving.failingSince = 1235;
    },
  );
  assert.equal(metrics.get('denotrack_database_backlog{table="torrents"}'), 1);
  assert.equal(metrics.get("denotrack_database_last_save_timestamp_seconds"), 1234);
  assert.equal(metrics.get("denotrack_database_last_save_duration_seconds"), 0.25);
  assert.equal(metrics.get("denotrack_database_failing_since_timestamp_seconds"), 1235);
  assert.equal(metrics.get("denotrack_database_refused_changes"), 5);
});

Deno.test("announces are a histogram, summed up as Prometheus wants it", async () => {
  const metrics = await metricsWith({}, ({ tracker }) => {
    const sampler = new LatencySampler(tracker.counters, "udp");
    for (const milliseconds of [0.01, 0.3, 0.3, 5000]) sampler.note(milliseconds);
  });
  const bucket = (le: string) => metrics.get(`denotrack_announce_seconds_bucket{protocol="udp",le="${le}"}`);
  assert.deepEqual([bucket("0.00005"), bucket("0.0005"), bucket("1"), bucket("+Inf")], [1, 3, 3, 4]);
  assert.equal(metrics.get('denotrack_announce_seconds_count{protocol="udp"}'), 4);
  assert.ok(Math.abs(metrics.get('denotrack_announce_seconds_sum{protocol="udp"}')! - 5.00061) < 1e-9);
});

Deno.test("a second look shows the same, not twice as much", async () => {
  const api = createTestApi({ udpDrops: () => 7 });
  announce(api.tracker, { torrent: hexOf(1) });
  await api.ask("/api/clients");
  await metricsOf(api);
  const metrics = await metricsOf(api);
  assert.equal(metrics.get("denotrack_udp_receive_buffer_drops_total"), 7);
  assert.equal(metrics.get('denotrack_software_peers{software="qBittorrent"}'), 1);
  assert.equal(metrics.get('denotrack_requests_total{protocol="tcp",family="ipv4",kind="api"}'), 3);
});

Deno.test("metrics may be open by configuration, and nothing else with them", async () => {
  const { ask } = createTestApi({ config: { metrics_public: true } });
  assert.equal((await ask("/metrics", { token: "" })).status, 200);
  assert.equal((await ask("/api/stats", { token: "" })).status, 401);
});

Deno.test("the dashboard asks for metrics and labels that there are", async () => {
  const api = createTestApi({ database, udpDrops: () => 1 });
  announce(api.tracker, { torrent: hexOf(1) });
  await api.ask("/api/clients");
  const metrics = [...(await metricsOf(api)).keys()];
  const labelsOf = (name: string) =>
    new Set(
      metrics.filter((metric) => metric.split("{")[0] === name)
        .flatMap((metric) => Array.from(metric.matchAll(/([a-z]+)="/g), ([, label]) => label)),
    );
  const known = new Set(metrics.map((metric) => metric.split("{")[0]));
  const asked = new Set<string>();
  for (const { targets, title } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      const names = Array.from(expr.matchAll(/denotrack_\w+/g), ([name]) => name);
      assert.ok(names.length > 0, title);
      for (const name of names) assert.ok(known.has(name), `${title}: ${name}`);
      names.forEach((name) => asked.add(name));
      const labels = new Set(names.flatMap((name) => [...labelsOf(name)]));
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.ok(labels.has(label), `${title}: ${label}`);
      }
    }
  }
  const parts = (name: string) => /_(?:sum|count)$/.test(name) || name === "denotrack_info";
  assert.deepEqual([...known].filter((name) => !asked.has(name) && !parts(name)), [], "not on the dashboard");
});
