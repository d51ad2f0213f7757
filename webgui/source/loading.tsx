/** Something that comes from the tracker: while it loads, when it fails, and when it is there. */
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { explain } from "./api_client.ts";
import { connection } from "./stats_stream.ts";

export interface Loaded<T> {
  /** What came last; kept while it is loaded again. */
  readonly value: T | undefined;
  readonly problem: string | undefined;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/** Loads when `key` changes, when asked again, and when a lost connection is back. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; problem?: string }>({ key: "" });
  const [turn, setTurn] = useState(0);
  const isLost = connection.value === "lost";
  const again = () => setTurn((before) => before + 1);
  useEffect(() => {
    const over = new AbortController();
    load(over.signal).then(
      (value) => !over.signal.aborted && setState({ key, value }),
      (error) => !over.signal.aborted && setState({ key, problem: explain(error) }),
    );
    return () => over.abort();
  }, [key, turn]);
  useEffect(() => {
    if (!isLost && state.problem !== undefined) again();
  }, [isLost]);
  return {
    value: state.value,
    problem: state.key === key ? state.problem : undefined,
    isLoading: state.key !== key,
    again,
  };
}

interface WaitingProps<T> {
  readonly of: Loaded<T>;
  readonly children: (value: T) => ComponentChildren;
}

/** The three states of what is loaded. */
export function Waiting<T>({ of: { value, problem, again }, children }: WaitingProps<T>) {
  if (problem !== undefined) {
    return (
      <div class="state bad" role="alert">
        <p>{problem}</p>
        <button type="button" onClick={again}>Try again</button>
      </div>
    );
  }
  if (value === undefined) return <div class="state" role="status">Loading…</div>;
  return <>{children(value)}</>;
}
