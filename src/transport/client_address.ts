/**
 * Who the client of an HTTP request is: the other end of the connection or, behind proxies that the operator
 * trusts, the address that the nearest of them saw.
 */

import { type Cidr, cidrContains, type IpFamily, parseCidr, parseIp } from "../base/ip.ts";

export interface ClientAddressOptions {
  /** Addresses and blocks (`10.0.0.0/8`) of the proxies whose header is believed. Empty: nobody is. */
  trustedProxies: readonly string[];
  /** `X-Forwarded-For`, `X-Real-IP` or another list of addresses, or `Forwarded` (RFC 7239). */
  forwardedHeader: string;
}

/**
 * Finds the client's address and writes it to `out` (at least 4 words, in wire order). `remote` is the other end
 * of the connection; `readHeader` gives the value of the header it is asked for, its lines joined by `, `, and is
 * called for a trusted proxy only. Returns the family, or 0 if `remote` is not an IP address. Never throws unless
 * `readHeader` does.
 */
export type ClientAddress = (
  remote: string,
  readHeader: (name: string) => string | null | undefined,
  out: Int32Array,
) => 0 | IpFamily;

/** Hops that are followed. Real chains have a few; a client could send thousands of a proxy's own address. */
const MAX_HOPS = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Throws a TypeError that names the entry of `trustedProxies` that is neither an address nor a block. */
export function createClientAddress(options: ClientAddressOptions): ClientAddress {
  const trusted = options.trustedProxies.map((text) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) throw new TypeError(`not an IP address or block: ${text}`);
    return cidr;
  });
  if (trusted.length === 0) return (remote, _readHeader, out) => parseIp(remote, out);
  const header = options.forwardedHeader;
  const walk = header.toLowerCase() === "forwarded" ? walkForwarded : walkAddressList;
  return (remote, readHeader, out) => {
    const family = parseIp(remote, out);
    if (family === 0 || !isTrusted(trusted, family, out)) return family;
    const value = readHeader(header);
    return value ? walk(value, trusted, family, out) : family;
  };
}

function isTrusted(trusted: readonly Cidr[], family: IpFamily, words: Int32Array): boolean {
  for (const cidr of trusted) if (cidrContains(cidr, family, words)) return true;
  return false;
}

/**
 * Walks from hop to hop, right to left: each entry was written by the hop to its right, so it is worth as much as
 * that one. `out` and the result hold the last hop that is known; an entry that is no address ends the walk.
 */
function walkAddressList(
  value: string,
  trusted: readonly Cidr[],
  proxy: IpFamily,
  out: Int32Array,
): IpFamily {
  let family = proxy;
  let end = value.length;
  for (let hops = 0; end >= 0 && hops < MAX_HOPS; hops++) {
    const comma = end === 0 ? -1 : value.lastIndexOf(",", end - 1);
    const hop = parseNode(value.slice(comma + 1, end).trim(), out);
    if (hop === 0) return family;
    family = hop;
    if (!isTrusted(trusted, family, out)) return family;
    end = comma;
  }
  return family;
}

/** As `walkAddressList`, for `for=192.0.2.60;proto=http, for="[2001:db8::1]:4711"`. */
function walkForwarded(value: string, trusted: readonly Cidr[], proxy: IpFamily, out: Int32Array): IpFamily {
  let family = proxy;
  let end = value.length;
  for (let hops = 0; end >= 0 && hops < MAX_HOPS; hops++) {
    const comma = lastOutsideQuotes(value, ",", end);
    const hop = parseNode(forParameter(value.slice(comma + 1, end)), out);
    if (hop === 0) return family;
    family = hop;
    if (!isTrusted(trusted, family, out)) return family;
    end = comma;
  }
  return family;
}

/** The value of the one `for` parameter of an element of `Forwarded`, or an empty text. */
function forParameter(element: string): string {
  let found = "";
  let end = element.length;
  while (end >= 0) {
    const semicolon = lastOutsideQuotes(element, ";", end);
    const pair = element.slice(semicolon + 1, end);
    end = semicolon;
    const equals = pair.indexOf("=");
    if (pair.slice(0, equals).trim().toLowerCase() !== "for") continue;
    // A parameter may stand only once; two of them say nothing.
    if (found !== "") return "";
    found = pair.slice(equals + 1).trim();
  }
  return found;
}

/**
 * The last index before `end` at which the separator stands outside quotes, or -1. Read from the right, where the
 * trusted proxy wrote: a quote that the client left open further left cannot swallow the proxy's element.
 */
function lastOutsideQuotes(text: string, separator: string, end: number): number {
  const wanted = separator.charCodeAt(0);
  let quoted = false;
  for (let i = end - 1; i >= 0; i--) {
    const code = text.charCodeAt(i);
    if (code === QUOTE && !isEscaped(text, i)) quoted = !quoted;
    else if (code === wanted && !quoted) return i;
  }
  return -1;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (first > 0 && text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (index - first) % 2 === 1;
}

/** Reads an address with or without quotes, brackets and a port. Returns 0 and leaves `out` alone otherwise. */
function parseNode(text: string, out: Int32Array): 0 | IpFamily {
  const node = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  if (node.startsWith("[")) {
    const close = node.indexOf("]");
    if (close < 0 || !isPort(node.slice(close + 1))) return 0;
    const address = node.slice(1, close);
    // Brackets are for IPv6; a mapped address in them is IPv4 as everywhere.
    return address.includes(":") ? parseIp(address, out) : 0;
  }
  const colon = node.indexOf(":");
  if (colon < 0 || colon !== node.lastIndexOf(":")) return parseIp(node, out);
  return isPort(node.slice(colon)) ? parseIp(node.slice(0, colon), out) : 0;
}

/** Nothing, or a colon and what RFC 7239 takes for a port: digits, or a name that begins with an underscore. */
function isPort(text: string): boolean {
  return text === "" || /^:(?:\d{1,5}|_[\w.-]+)$/.test(text);
}
