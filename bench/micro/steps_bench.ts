/** The steps of an announce in one thread: `deno bench --allow-all bench/micro`. */
import { subjects } from "./subjects.ts";

for (const { name, create } of subjects({ torrents: 1_000_000, peers: 2_000_000 })) {
  const step = create();
  Deno.bench(name, () => step());
}
