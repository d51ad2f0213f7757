/** Measurements in turns: a machine that is slower for a minute is then slower for all. */

/** What several rounds found: the median, and the least and the most. */
export interface Figure {
  median: number;
  least: number;
  most: number;
}

/** Runs each once a round, in an order that moves on by one, so that nobody always comes after the same neighbour. */
export async function takeTurns<C, R>(
  contenders: readonly C[],
  rounds: number,
  run: (contender: C, round: number) => Promise<R>,
): Promise<Map<C, R[]>> {
  const results = new Map<C, R[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length];
      results.get(contender)!.push(await run(contender, round));
    }
  }
  return results;
}

export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1] };
}

/** How far the rounds lie apart, as a share of the median. */
export function spread({ median, least, most }: Figure): number {
  return median === 0 ? 0 : (most - least) / median;
}

/**
 * What one reached against another, for each of the pairs of which both were measured, by `ours / theirs`: the ratio of
 * each round by itself, because what slows a whole round down slows both.
 */
export function ratios<R>(
  pairs: readonly (readonly [ours: string, theirs: string])[],
  results: ReadonlyMap<string, readonly R[]>,
  value: (result: R) => number,
): Record<string, Figure> {
  const found: Record<string, Figure> = {};
  for (const [ours, theirs] of pairs) {
    const [left, right] = [results.get(ours), results.get(theirs)];
    if (left === undefined || right === undefined) continue;
    found[ratioName(ours, theirs)] = figure(left.map((result, round) => value(result) / value(right[round])));
  }
  return found;
}

/** What a ratio is called in the results. */
export function ratioName(ours: string, theirs: string): string {
  return `${ours} / ${theirs}`;
}
