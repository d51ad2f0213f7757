/** A live chart of the last minutes, with a legend that screen readers can read. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { paint, resolveColor } from "./theme.ts";

export interface Series {
  readonly name: string;
  /** What it is now, as it is written. */
  readonly now: string;
}

interface ChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  /** Times in seconds before now, then the values of each series. */
  readonly data: readonly (readonly number[])[];
}

const HEIGHT = 180;
/** What a chart shows at least, so that its first minute is not stretched. */
const SHOWN_SECONDS = 60;

/** Steps of the values' axis: none is a fraction. */
const STEPS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

export function Chart({ title, series, data }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const painted = paint.value;
  useEffect(() => {
    const element = place.current!;
    const chart = new uPlot(optionsOf(series, element.clientWidth), aligned(data), element);
    plot.current = chart;
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [painted]);
  useEffect(() => {
    plot.current?.setData(aligned(data));
  }, [data]);
  return (
    <section class="card chart" aria-label={title}>
      <h2>{title}</h2>
      <div ref={place} class="plot" aria-hidden="true" />
      <ul class="legend">
        {series.map(({ name, now }, i) => (
          <li key={name}>
            <span class={`swatch series-${i + 1}`} aria-hidden="true" />
            {name} <b>{now}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

function aligned(data: readonly (readonly number[])[]): uPlot.AlignedData {
  return data.map((values) => [...values]) as uPlot.AlignedData;
}

function optionsOf(series: readonly Series[], width: number): uPlot.Options {
  const axis = { stroke: resolveColor("--soft"), grid: { stroke: resolveColor("--line"), width: 1 } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_, min) => [Math.min(min, -SHOWN_SECONDS), 0] },
      y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 60,
        incrs: [10, 30, 60, 120, 300],
        values: (_, ticks) => ticks.map((seconds) => agoOf(seconds)),
      },
      { ...axis, size: 56, incrs: STEPS, values: (_, ticks) => ticks.map(shortNumber) },
    ],
    series: [
      {},
      ...series.map(({ name }, i) => ({
        label: name,
        stroke: resolveColor(`--series-${i + 1}`),
        width: 2,
        points: { show: false },
      })),
    ],
  };
}

function agoOf(seconds: number): string {
  if (seconds === 0) return "now";
  return seconds % 60 === 0 ? `−${-seconds / 60} min` : `−${-seconds} s`;
}

function shortNumber(value: number): string {
  return Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
