/** Checks of each server of the configuration: its address and port, its certificate. */
import { X509Certificate } from "node:crypto";
import { enabledBlocks } from "../building.ts";
import type { Config } from "../config/config.ts";
import { askServer, type ServerBlock, type ServerKind } from "../health.ts";
import { explainBindError, formatBindAddress, probeTcp, probeTls, probeUdp } from "../transport/binding.ts";
import { type Finding, ok, warning } from "./finding.ts";

const DAY_MILLISECONDS = 86_400_000;
/** Time enough to renew one. */
const CERTIFICATE_DAYS = 14;

/** Whether each address can be listened on, or is by this tracker already. */
export async function checkAddresses(config: Config): Promise<Finding[]> {
  const kinds = ["udp_server", "http_server", "api_server"] as const;
  const findings = kinds.flatMap((kind) =>
    enabledBlocks<ServerBlock["config"]>(kind, config[kind]).map((block) => checkAddress(kind, block))
  );
  return await Promise.all(findings);
}

async function checkAddress(kind: ServerKind, block: ServerBlock): Promise<Finding> {
  const address = formatBindAddress(block.bind);
  const subject = `${block.name} at ${address}`;
  try {
    if (kind === "udp_server") probeUdp(block.bind);
    else probeTcp(block.bind);
    return ok(subject, "free");
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse;
    if (isTaken && (await askServer(kind, block)).isWell) return ok(subject, "the tracker listens there");
    return warning(subject, explainBindError(error), ...bindRemedies(kind, block, error));
  }
}

function bindRemedies(kind: ServerKind, { name, bind }: ServerBlock, error: unknown): string[] {
  if (error instanceof Deno.errors.AddrInUse) {
    const flags = kind === "udp_server" ? "-ulpn" : "-tlpn";
    return [`who it is: ss ${flags} 'sport = :${bind.port}'`];
  }
  if (error instanceof Deno.errors.PermissionDenied && bind.port < 1024) {
    return [
      `sysctl -w net.ipv4.ip_unprivileged_port_start=${bind.port}`,
      "or AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit",
    ];
  }
  return [`in the configuration: another bind_address for ${name}`];
}

/** Whether each certificate can be read, belongs to its key, and is good for some time. */
export function checkCertificates(config: Config, unixSeconds: number): Finding[] {
  const blocks = [
    ...enabledBlocks("http_server", config.http_server),
    ...enabledBlocks("api_server", config.api_server),
  ].filter(({ config }) => config.ssl);
  return blocks.map(({ name, bind, config: { ssl_cert, ssl_key } }) => {
    const subject = `certificate of ${name}`;
    let cert: string;
    let key: string;
    try {
      [cert, key] = [Deno.readTextFileSync(ssl_cert), Deno.readTextFileSync(ssl_key)];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return warning(subject, reason, "the user of the tracker must be able to read ssl_cert and ssl_key");
    }
    try {
      probeTls(bind, { cert, key });
      return judgeCertificate(subject, new X509Certificate(cert), unixSeconds * 1000);
    } catch (error) {
      const reason = explainBindError(error);
      return warning(
        subject,
        `not a certificate chain with its key: ${reason}`,
        `see ${ssl_cert} and ${ssl_key}`,
      );
    }
  });
}

function judgeCertificate(subject: string, certificate: X509Certificate, now: number): Finding {
  const { validFrom, validTo } = certificate;
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MILLISECONDS);
  if (Date.parse(validFrom) > now) return warning(subject, `not valid before ${validFrom}`, "see the clock");
  if (days < 0) return warning(subject, `ended at ${validTo}`, "renew it, then restart the tracker");
  const text = `good for ${days} days, until ${validTo}`;
  return days < CERTIFICATE_DAYS
    ? warning(subject, text, "renew it, then restart the tracker")
    : ok(subject, text);
}
