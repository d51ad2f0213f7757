import assert from "node:assert/strict";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { checkAddresses, checkCertificates } from "../../src/doctor/server_checks.ts";
import { formatBindAddress } from "../../src/transport/binding.ts";
import { createCertificate } from "../support/certificate.ts";
import { freePort } from "../support/program.ts";
import { withTracker } from "../support/running_tracker.ts";
import { withNeeds } from "../support/skip.ts";

function configOf(udp: string, http: string, ...more: string[]): Config {
  const blocks = [`[[udp_server]]\nbind_address = "${udp}"`, `[[http_server]]\nbind_address = "${http}"`];
  const text = ["api_server = []", ...blocks, ...more].join("\n");
  const result = parseConfig({ text, file: "test.toml", env: {} });
  assert.ok("config" in result, JSON.stringify(result));
  return result.config;
}

Deno.test("an address is free, the tracker's own, or somebody else's", () =>
  withTracker({ udp: ["127.0.0.1:0"], http: ["127.0.0.1:0"] }, async ({ listening }) => {
    const free = `127.0.0.1:${freePort("127.0.0.1")}`;
    const texts = async (config: Config) =>
      (await checkAddresses(config)).map(({ state, text }) => [state, text]);
    assert.deepEqual(await texts(configOf(free, free)), [["ok", "free"], ["ok", "free"]]);
    const own = configOf(formatBindAddress(listening.udp[0]), formatBindAddress(listening.http[0]));
    const ours = ["ok", "the tracker listens there"];
    assert.deepEqual(await texts(own), [ours, ours]);

    const stranger = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(""),
    );
    const taken = configOf(free, `127.0.0.1:${stranger.addr.port}`);
    const [, finding] = await checkAddresses(taken);
    assert.deepEqual([finding.state, finding.text], [
      "warning",
      "another program uses this address and port",
    ]);
    assert.deepEqual(finding.remedies, [`who it is: ss -tlpn 'sport = :${stranger.addr.port}'`]);
    await stranger.shutdown();

    const [elsewhere] = await checkAddresses(configOf("192.0.2.1:6969", free));
    assert.deepEqual([elsewhere.state, elsewhere.text], ["warning", "this machine has no such address"]);
  }));

Deno.test(
  withNeeds(
    { programs: ["openssl"] },
    "a certificate: good, about to end, ended, not its key's, not there",
    () => {
      const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
      const { certPath, keyPath } = createCertificate(folder, ["127.0.0.1"]);
      const other = `${folder}/other`;
      Deno.mkdirSync(other);
      const stranger = createCertificate(other, ["127.0.0.1"]);
      const check = (key: string, unixSeconds: number) => {
        const tls = `ssl = true\nssl_cert = '${certPath}'\nssl_key = '${key}'`;
        const [finding, ...rest] = checkCertificates(
          configOf("127.0.0.1:0", "127.0.0.1:0", tls),
          unixSeconds,
        );
        assert.deepEqual(rest, []);
        return [finding.state, finding.text].join(": ");
      };
      const now = Date.now() / 1000;
      const day = 86_400;
      // It is made for one day.
      assert.match(check(keyPath, now), /^warning: good for 0 days, until /);
      assert.match(check(keyPath, now - 60 * day), /^warning: not valid before /);
      assert.match(check(keyPath, now + 2 * day), /^warning: ended at /);
      assert.match(check(stranger.keyPath, now), /^warning: not a certificate chain with its key: /);
      assert.match(check(`${folder}/none.pem`, now), /^warning: No such file/);
      assert.deepEqual(checkCertificates(configOf("127.0.0.1:0", "127.0.0.1:0"), now), []);
      Deno.removeSync(folder, { recursive: true });
    },
  ),
);
