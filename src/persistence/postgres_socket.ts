/**
 * The socket of a connection to PostgreSQL. It is made here and not by the driver, so that it can be ended at once, and so
 * that a server without TLS is told as such.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ServerAddress } from "./database.ts";

/** "Let us speak TLS": a length of 8, and a number that is no version of the protocol. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

/** Connects, with TLS where the address wants it. Rejects with an error that has a `code`. */
export async function openSocket(address: ServerAddress, seconds: number): Promise<Socket> {
  const socket = connect({ host: address.host, port: address.port });
  const timer = setTimeout(() => {
    socket.destroy(coded(`no connection in ${Math.round(seconds * 10) / 10} s`, "ETIMEDOUT"));
  }, seconds * 1000);
  try {
    await once(socket, "connect");
    return address.tls === "off" ? socket : await secured(socket, address);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function secured(socket: Socket, { tls, caPath, host }: ServerAddress): Promise<Socket> {
  const ca = caPath === undefined ? {} : { ca: readFileSync(caPath, "utf8") };
  socket.write(SSL_REQUEST);
  const [answer] = await once(socket, "data");
  // More than one byte would be somebody's words from before the encryption.
  if (answer.length !== 1 || answer[0] !== YES) {
    throw coded("the server does not offer TLS", "ERR_TLS_NOT_OFFERED");
  }
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secure = connectTls({ socket, host, rejectUnauthorized: tls === "verified", ...ca, ...name });
  await once(secure, "secureConnect");
  return secure;
}

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
