// Small parts that several views use.

import type { ComponentChildren } from "preact";
import type { App } from "../app";
import { age } from "../format";
import type { RouterState } from "../model";
import { stateMeaning, stateWord } from "../model";

/** Each state has a shape of its own: colour is never the only sign. */
const shapes: Readonly<Record<RouterState, ComponentChildren>> = {
  online: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  degraded: (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  stale: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.2 2" />,
  offline: <path d="M2.5 2.5l7 7m0-7l-7 7" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" />,
  "auth-failed": <path d="M6 1.2l5 9.3H1z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />,
  unknown: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" />,
};

/** Shape is the sign of a state, without its word. */
export function Shape({ state }: { state: RouterState }) {
  return (
    <svg class="shape" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
      {shapes[state]}
    </svg>
  );
}

/** State is a state's sign and word. */
export function State({ state, reason }: { state: RouterState; reason?: string }) {
  return (
    <span class={`state is-${state}`} title={reason || stateMeaning[state]}>
      <Shape state={state} />
      {stateWord[state]}
    </span>
  );
}

/** Meter is a share as a bar. The number stands beside it, so that it is decoration for a screen reader. */
export function Meter({ value, warn = 80, bad = 95 }: { value: number | null; warn?: number; bad?: number }) {
  const share = value === null ? 0 : Math.max(0, Math.min(100, value));
  const level = share >= bad ? "is-bad" : share >= warn ? "is-warn" : "";
  return (
    <span class={`meter ${level}`} aria-hidden="true">
      <span style={{ transform: `scaleX(${share / 100})` }} />
    </span>
  );
}

/** Age of a server's time in ms; it counts on by itself. */
export function Age({ app, at }: { app: App; at: number | null }) {
  return <>{age(at === null ? null : Math.max(0, app.serverNow() - at) / 1000)}</>;
}

/** Spark draws the last readings as a line; its scale is its own. */
export function Spark({
  values,
  width = 72,
  height = 18,
}: {
  values: readonly number[];
  width?: number;
  height?: number;
}) {
  if (values.length < 3) return <svg class="spark" width={width} height={height} aria-hidden="true" />;
  const most = Math.max(...values);
  const least = Math.min(...values);
  // A quarter of the top at least, or else the noise of a steady line would look like a storm.
  const range = Math.max(most - least, most / 4, 1);
  const step = (width - 2) / (Math.max(values.length, 12) - 1);
  const x = (i: number) => width - 1 - (values.length - 1 - i) * step;
  const y = (v: number) => 2 + ((most - v) / range) * (height - 4);
  const line = values.map((v, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path class="spark-fill" d={`${line}L${width - 1} ${height}L${x(0).toFixed(1)} ${height}Z`} />
      <path class="spark-line" d={line} />
    </svg>
  );
}

/** Arrow shows the direction of a sorted column. */
export function Arrow({ descending }: { descending: boolean }) {
  return (
    <svg class="arrow" viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
      <path d={descending ? "M1 2.5h6L4 6.5z" : "M1 5.5h6L4 1.5z"} fill="currentColor" />
    </svg>
  );
}
