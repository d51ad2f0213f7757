/**
 * A bencode decoder (BEP 3), strict: no leading zeros, keys sorted and each once, nothing after the value. Written for
 * the tests alone, so that it does not share the program's mistakes.
 */

/** Dictionary keys are bytes too: here a character for each byte. */
export type Bencoded = number | Uint8Array | Bencoded[] | Map<string, Bencoded>;

/** Throws where the bytes are not one bencoded value. */
export function decodeBencode(bytes: Uint8Array): Bencoded {
  const decoder = new Decoder(bytes);
  const value = decoder.value();
  if (decoder.at !== bytes.length) throw new Error(`${bytes.length - decoder.at} bytes after the value`);
  return value;
}

export function decodeDictionary(bytes: Uint8Array): Map<string, Bencoded> {
  const value = decodeBencode(bytes);
  if (!(value instanceof Map)) throw new Error("not a dictionary");
  return value;
}

/** The reason of a failure answer, which holds nothing else; null for any other answer. */
export function failureReason(bytes: Uint8Array): string | null {
  const dictionary = decodeDictionary(bytes);
  const reason = dictionary.get("failure reason");
  return reason instanceof Uint8Array && dictionary.size === 1 ? latin1(reason) : null;
}

/** A character for each byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

class Decoder {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  value(): Bencoded {
    const first = String.fromCharCode(this.bytes[this.at]);
    if (first === "i") return this.#integer();
    if (first === "l") return this.#list();
    if (first === "d") return this.#dictionary();
    return this.#byteString();
  }

  #integer(): number {
    this.at++;
    const text = this.#upTo("e");
    if (!/^(0|-?[1-9][0-9]*)$/.test(text)) throw new Error(`not an integer: ${text}`);
    return Number(text);
  }

  #byteString(): Uint8Array {
    const text = this.#upTo(":");
    if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new Error(`not a length: ${text}`);
    const start = this.at;
    this.at += Number(text);
    if (this.at > this.bytes.length) throw new Error("a string longer than what is left");
    return this.bytes.slice(start, this.at);
  }

  #list(): Bencoded[] {
    const list: Bencoded[] = [];
    for (this.at++; !this.#isEnd();) list.push(this.value());
    return list;
  }

  #dictionary(): Map<string, Bencoded> {
    const map = new Map<string, Bencoded>();
    let last: string | null = null;
    for (this.at++; !this.#isEnd();) {
      const key = latin1(this.#byteString());
      if (last !== null && key <= last) throw new Error(`key ${key} after ${last}`);
      last = key;
      map.set(key, this.value());
    }
    return map;
  }

  #isEnd(): boolean {
    if (this.at >= this.bytes.length) throw new Error("not closed");
    if (this.bytes[this.at] !== 0x65) return false;
    this.at++;
    return true;
  }

  #upTo(end: string): string {
    const stop = this.bytes.indexOf(end.charCodeAt(0), this.at);
    if (stop < 0) throw new Error(`no ${end}`);
    const text = latin1(this.bytes.subarray(this.at, stop));
    this.at = stop + 1;
    return text;
  }
}
