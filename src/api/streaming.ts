/** Answers that are made while they are sent, as fast as the client takes them. */
import { JSON_HEADERS } from "./answers.ts";
import { nextTurn } from "./turns.ts";

/** Text that is sent at once; a little more may come together. */
const PIECE_CHARACTERS = 16 * 1024;
const SLICE_MILLISECONDS = 1;

/**
 * Answers with the text that `next` gives piece by piece, "" if it has none just now, `undefined` after the last. Each
 * call must be short.
 */
export function streamJson(next: () => string | undefined): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await nextTurn();
      const { text, isLast } = await collect(next);
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (isLast) controller.close();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: JSON_HEADERS });
}

/** Enough text to send, or all that is left. */
async function collect(next: () => string | undefined): Promise<{ text: string; isLast: boolean }> {
  let text = "";
  for (let end = performance.now() + SLICE_MILLISECONDS; text.length < PIECE_CHARACTERS;) {
    const more = next();
    if (more === undefined) return { text, isLast: true };
    text += more;
    if (performance.now() < end || text.length >= PIECE_CHARACTERS) continue;
    await nextTurn();
    end = performance.now() + SLICE_MILLISECONDS;
  }
  return { text, isLast: false };
}

/** A JSON list of the entries that `fill` pushes as JSON texts, some a call; it gives false with the last. */
export function streamList(fill: (entries: string[]) => boolean): Response {
  let opened = false;
  let closed = false;
  let isFirst = true;
  return streamJson(() => {
    if (closed) return undefined;
    let text = opened ? "" : "[";
    opened = true;
    const entries: string[] = [];
    closed = !fill(entries);
    if (entries.length > 0) {
      text += (isFirst ? "" : ",") + entries.join(",");
      isFirst = false;
    }
    return closed ? text + "]" : text;
  });
}
