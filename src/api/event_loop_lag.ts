/** How late timers of this thread are: what an announce over HTTP may have to wait for. */
import { Histogram, type Registry } from "prom-client";
import { pause } from "./pause.ts";

const PERIOD_MILLISECONDS = 250;

/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

export class EventLoopLag {
  readonly #histogram: Histogram;

  constructor(registry: Registry) {
    this.#histogram = new Histogram({
      name: "denotrack_event_loop_lag_seconds",
      help: "How late a timer of the main thread was, four times a second",
      buckets: BOUNDS,
      registers: [registry],
    });
  }

  /** Measures until the signal. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const due = performance.now() + PERIOD_MILLISECONDS;
      await pause(PERIOD_MILLISECONDS, signal);
      if (!signal.aborted) this.#histogram.observe(Math.max(performance.now() - due, 0) / 1000);
    }
  }
}
