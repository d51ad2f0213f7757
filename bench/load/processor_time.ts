/** Processor time from /proc, to the nanosecond. Linux. */

/**
 * Nanoseconds that all threads of a process have run. What a thread that has ended spent is not in it, so differences
 * are taken while no thread ends.
 */
export function processorNanoseconds(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ")[0]);
    } catch (error) {
      // A thread that ended meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return sum;
}

/** The process's resident memory in bytes, of all kinds. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) * 1024;
}
