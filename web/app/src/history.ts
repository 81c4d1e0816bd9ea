// History from the query API, and how the live tail is joined to it without a seam.

import { isObject } from "./protocol";
import { reasonOf } from "./stream";

/** Point is one instant of a chart: Unix seconds, and a value per line. */
export interface Point {
  readonly t: number;
  readonly v: readonly (number | null)[];
}

/** Range is a stretch of history on the grid of a router's own samples. */
export interface Range {
  start: number;
  end: number;
  step: number;
  /** How far back a value may be to be shown at an instant, in seconds. */
  window: number;
}

export const hour = 3600;
const mostPoints = 720;

/**
 * rangeFor lays the grid of a query on the router's own samples: anchor is the time of one of them,
 * period their distance, both in seconds. So a point stands where its sample was taken, and the live
 * tail goes on in the same rhythm.
 */
export function rangeFor(now: number, anchor: number | null, period: number, length = hour): Range {
  const every = Math.max(1, Math.ceil(length / mostPoints / period));
  const step = period * every;
  const origin = anchor ?? 0;
  const end = origin + Math.floor((now - origin) / step) * step;
  return { start: end - Math.floor(length / step) * step, end, step, window: Math.ceil(2.5 * period) };
}

/** selector writes labels as PromQL does. A list is a choice. */
export function selector(metric: string, labels: Readonly<Record<string, string | readonly string[]>>): string {
  const parts = Object.entries(labels).map(([name, v]) =>
    typeof v === "string" ? `${name}=${quote(v)}` : `${name}=~${quote(v.map(escapeRegexp).join("|"))}`,
  );
  return `${metric}{${parts.join(",")}}`;
}

/** lastIn takes the newest value of a short window, so that a silence is a gap and not a flat line. */
export function lastIn(series: string, r: Range): string {
  return `last_over_time(${series}[${r.window}s])`;
}

function quote(s: string): string {
  return JSON.stringify(s);
}

function escapeRegexp(s: string): string {
  return s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** NoHistory says why there is none, for people. */
export class NoHistory extends Error {}

const longUrl = 4000;

/** queryRange asks for one line: value by Unix second. No data is an empty map. */
export async function queryRange(fetch: Fetch, base: string, query: string, r: Range): Promise<Map<number, number>> {
  const form = new URLSearchParams({ query, start: String(r.start), end: String(r.end), step: String(r.step) });
  const url = `${base}api/v1/query_range`;
  const long = query.length > longUrl;
  let answer: Response;
  try {
    answer = await (long ? fetch(url, { method: "POST", body: form }) : fetch(`${url}?${form}`));
  } catch {
    throw new NoHistory("the server cannot be reached");
  }
  if (!answer.ok) throw new NoHistory((await reasonOf(answer)) || sayStatus(answer.status));
  return readMatrix(await answer.json());
}

function sayStatus(status: number): string {
  if (status === 401) return "it takes a login";
  if (status === 403) return "your rights do not include it";
  if (status === 404) return "this server keeps none";
  return `the store answered ${status}`;
}

/** readMatrix reads the answer of query_range; several series would be added up. */
export function readMatrix(body: unknown): Map<number, number> {
  const out = new Map<number, number>();
  const data = isObject(body) && isObject(body.data) ? body.data : {};
  for (const series of Array.isArray(data.result) ? data.result : []) {
    const values = isObject(series) && Array.isArray(series.values) ? series.values : [];
    for (const pair of values) {
      if (!Array.isArray(pair)) continue;
      const v = Number(pair[1]);
      if (typeof pair[0] === "number" && Number.isFinite(v)) out.set(pair[0], (out.get(pair[0]) ?? 0) + v);
    }
  }
  return out;
}

/** toPoints puts lines on one axis. */
export function toPoints(lines: readonly ReadonlyMap<number, number>[]): Point[] {
  const times = new Set(lines.flatMap((l) => [...l.keys()]));
  return [...times].sort((a, b) => a - b).map((t) => ({ t, v: lines.map((l) => l.get(t) ?? null) }));
}

/**
 * join appends the live tail. Where both have something, the tail is right: it carries every sample
 * with its own time, and history may be a moment behind.
 */
export function join(history: readonly Point[], live: readonly Point[]): Point[] {
  const first = live[0];
  if (!first) return [...history];
  return [...history.filter((p) => p.t < first.t), ...live];
}

/** since leaves out what is older than a time. */
export function since(points: readonly Point[], from: number): Point[] {
  return points.filter((p) => p.t >= from);
}

/** columns turns points into uPlot's columns, with a break where a sample is missing. */
export function columns(points: readonly Point[], lines: number, gap: number): [number[], ...(number | null)[][]] {
  const t: number[] = [];
  const v: (number | null)[][] = Array.from({ length: lines }, () => []);
  for (const p of points) {
    const last = t.at(-1);
    if (last !== undefined && p.t - last > gap) {
      t.push(last + gap / 2);
      for (const column of v) column.push(null);
    }
    t.push(p.t);
    for (const [i, column] of v.entries()) column.push(p.v[i] ?? null);
  }
  return [t, ...v];
}
