// Saves chunks into an SQLite file, as a program of its own, until it is stopped or something fails. Each chunk is 500
// torrents with the chunk's number. Prints "saved N" for each, and at the end what failed.
//
// Arguments: the path of the file; the number of chunks.

import { defaultConfig } from "../../src/config/schema.ts";
import { DatabaseError } from "../../src/persistence/database.ts";
import { openDatabase } from "../../src/persistence/open.ts";
import { randomRows } from "./table_content.ts";

const [file, chunks] = Deno.args;
try {
  const database = await openDatabase({
    driver: "SQLite3",
    path: `sqlite://${encodeURI(file!)}`,
    structure: defaultConfig().db_structure,
    connectTimeoutSeconds: 1,
    callTimeoutSeconds: 1,
  });
  let saved = 0;
  for (let chunk = 1; chunk <= Number(chunks); chunk++) {
    const { hashes, numbers } = randomRows("torrents", 500);
    try {
      await database.save("torrents", { hashes, numbers: numbers.fill(chunk) });
      saved++;
      console.log(`saved ${chunk}`);
    } catch (error) {
      print(error);
      break;
    }
  }
  console.log(`count ${await database.count("torrents")} of ${saved * 500}`);
  await database.close();
} catch (error) {
  print(error);
}

function print(error: unknown): void {
  if (!(error instanceof DatabaseError)) throw error;
  console.log(`${error.fault}: ${error.message}`);
}
