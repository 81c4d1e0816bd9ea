// uPlot, dressed as the page is: colours from the style sheet, the last hour, one cursor for all charts.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { hour } from "../history";

export interface Line {
  name: string;
  /** The custom property with its colour. */
  color: string;
  fill?: boolean;
  dash?: number[];
}

export interface PlotOptions {
  lines: readonly Line[];
  /** The top of the y axis at least; fixed: exactly. */
  top: number;
  fixed?: boolean;
  format: (v: number) => string;
  /** The point under the cursor, null when there is none. */
  onCursor: (index: number | null) => void;
}

/** The shortest stretch of time that is drawn, in seconds: a new chart must not be one wide step. */
const least = 300;

export type Columns = [number[], ...(number | null)[][]];

/** Plot is a chart in an element, as wide as it is. */
export class Plot {
  private readonly chart: uPlot;
  private readonly resize: ResizeObserver;

  constructor(box: HTMLElement, options: PlotOptions) {
    this.chart = new uPlot(settings(box, options), [[], ...options.lines.map(() => [])], box);
    this.resize = new ResizeObserver(() => this.chart.setSize(size(box)));
    this.resize.observe(box);
  }

  /** draw shows the hour that ends now (Unix seconds), or as much of it as there is. */
  draw(data: Columns, now: number): void {
    const first = data[0][0] ?? now;
    this.chart.batch(() => {
      this.chart.setData(data, false);
      this.chart.setScale("x", { min: Math.max(now - hour, Math.min(first, now - least)), max: now });
    });
  }

  destroy(): void {
    this.resize.disconnect();
    this.chart.destroy();
  }
}

function size(box: HTMLElement): { width: number; height: number } {
  return { width: box.clientWidth, height: box.clientHeight };
}

function settings(box: HTMLElement, o: PlotOptions): uPlot.Options {
  const css = getComputedStyle(box);
  const color = (name: string) => css.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--muted"),
    font: `11px ${css.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    ...size(box),
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "routerpulse" }, y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true },
      y: { range: (_u, _min, max) => [0, o.fixed ? o.top : Math.max(o.top, (max ?? 0) * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 72,
        incrs: [60, 300, 600, 900, 1800],
        values: (_u, ts) => ts.map(timeOfDay),
        grid: { show: false },
      },
      { ...axis, size: 46, space: 34, values: (_u, vs) => vs.map(o.format) },
    ],
    series: [{}, ...o.lines.map((l) => line(l, color))],
    hooks: { setCursor: [(u) => o.onCursor(u.cursor.idx ?? null)] },
  };
}

function line(l: Line, color: (name: string) => string): uPlot.Series {
  const stroke = color(l.color);
  return {
    label: l.name,
    stroke,
    width: 1.5,
    points: { show: false, size: 3, filter: (u, i) => alone(u.data[i] ?? []) },
    spanGaps: false,
    ...(l.fill ? { fill: color(`${l.color}-fill`) } : {}),
    ...(l.dash ? { dash: l.dash } : {}),
  };
}

/** alone finds the samples between two holes: a line has nothing to join them with. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const known = (i: number) => values[i] !== null && values[i] !== undefined;
  const out: number[] = [];
  for (let i = 0; i < values.length; i++) if (known(i) && !known(i - 1) && !known(i + 1)) out.push(i);
  return out;
}

function timeOfDay(t: number): string {
  const at = new Date(t * 1000);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
