// One chart: title, the values at the cursor or now, and the plot, which is loaded when it is needed.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { columns } from "../history";
import { clockTime } from "../link";
import type { Track } from "../tracks";
import type { Line, Plot } from "./plot";

export interface ChartProps {
  app: App;
  track: Track;
  title: ComponentChildren;
  /** What it shows, for those who do not see it. */
  label: string;
  lines: readonly Line[];
  top: number;
  fixed?: boolean;
  format: (v: number | null) => string;
  axis: (v: number) => string;
}

export function Chart(props: ChartProps) {
  const { app, track, lines, format } = props;
  const box = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const data = columns(track.points.value, lines.length, track.gap);
  const failed = usePlot(box, props, data, setCursor);
  const newest = data[0].length - 1;
  const fresh = app.link.value.kind === "live" && app.serverNow() / 1000 - (data[0][newest] ?? 0) <= track.gap + 2;
  // Beyond the newest sample nothing is known, so that nothing is said about now when it is old.
  const index = cursor !== null && cursor <= newest ? cursor : fresh ? newest : -1;
  const at = cursor === null ? undefined : data[0][index];
  return (
    <figure class="chart">
      <figcaption>
        <h2>{props.title}</h2>
        <span class="readout">
          {lines.map((l, i) => (
            <span key={l.name} class={`key ${l.color.slice(2)}`}>
              <i aria-hidden="true" /> {l.name} <b>{format(data[i + 1]?.[index] ?? null)}</b>
            </span>
          ))}
        </span>
        {at === undefined ? (
          <span class={`live ${fresh ? "is-live" : ""}`}>{fresh ? "Live" : "Nothing new"}</span>
        ) : (
          <time class="live">{clockTime(at * 1000)}</time>
        )}
      </figcaption>
      <div
        class="plot"
        ref={box}
        role="img"
        aria-label={`${props.label}, the last hour. ${extremes(data, lines, format)}`}
      />
      {track.why.value && <p class="aside">No history here: {track.why.value}. The chart fills from now on.</p>}
      {failed && <p class="aside">The chart could not be loaded; reload the page. Its numbers above go on.</p>}
    </figure>
  );
}

/** usePlot makes the plot and keeps it up to date; true if its code could not be loaded. */
function usePlot(
  box: { current: HTMLDivElement | null },
  { app, lines, top, fixed, axis }: ChartProps,
  data: ReturnType<typeof columns>,
  onCursor: (i: number | null) => void,
): boolean {
  const plot = useRef<Plot | null>(null);
  const [ready, setReady] = useState(0);
  const [failed, setFailed] = useState(false);
  // What a chart shows does not change while it is there.
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    let gone = false;
    const make = async () => {
      try {
        const { Plot } = await import("./plot");
        if (gone || !box.current) return;
        plot.current?.destroy();
        plot.current = new Plot(box.current, { lines, top, fixed, format: axis, onCursor });
        setReady((n) => n + 1);
      } catch {
        setFailed(true);
      }
    };
    void make();
    dark.addEventListener("change", make);
    return () => {
      gone = true;
      dark.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  const now = app.serverNow() / 1000;
  // The hour moves on by a pixel or so every few seconds, also when nothing comes in.
  const moved = Math.floor(now / 4);
  // Drawn when one of these changes.
  useEffect(() => {
    plot.current?.draw(data, Math.max(now, data[0].at(-1) ?? 0));
  }, [ready, data[0].length, data[0].at(-1), data[0][0], moved]);
  return failed;
}

function extremes(
  data: ReturnType<typeof columns>,
  lines: readonly Line[],
  format: (v: number | null) => string,
): string {
  return lines
    .map((l, i) => {
      const values = (data[i + 1] as (number | null)[]).filter((v): v is number => v !== null);
      return values.length === 0 ? `${l.name}: no data` : `${l.name}: up to ${format(Math.max(...values))}`;
    })
    .join(". ");
}
