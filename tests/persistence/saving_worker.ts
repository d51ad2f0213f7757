// A Worker that opens the database of its message and saves the torrents of its message.

import type { Rows } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";

interface Scope {
  onmessage: (event: MessageEvent<{ options: DatabaseOptions; rows: Rows }>) => void;
  postMessage(message: string): void;
}
const scope = self as unknown as Scope;

scope.onmessage = async ({ data: { options, rows } }) => {
  const database = await openDatabase(options);
  await database.save("torrents", rows);
  await database.close();
  scope.postMessage("saved");
};
