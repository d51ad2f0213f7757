// A self-signed certificate for servers under test.

import { spawnSync } from "node:child_process";

export interface CertificateFiles {
  certPath: string;
  keyPath: string;
}

/** Writes a key and its certificate, valid for a day for the given IP addresses, as PEM files. Needs openssl. */
export function createCertificate(directory: string, addresses: readonly string[]): CertificateFiles {
  const certPath = `${directory}/cert.pem`;
  const keyPath = `${directory}/key.pem`;
  const names = addresses.map((address) => `IP:${address}`).join(",");
  const { status, stderr } = spawnSync("openssl", [
    ...["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=localhost"],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    // A server's certificate and no authority's: some clients take none that could be both.
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", `subjectAltName=${names}`, "-keyout", keyPath, "-out", certPath],
  ]);
  if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
  return { certPath, keyPath };
}
