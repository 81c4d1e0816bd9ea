// The frames of the live stream, as the page reads them. Everything that comes from the network is
// checked here once; the rest of the page trusts these types.

/** A row's fields. Only JSON objects are rows; what is inside is up to the topic. */
export type Value = Readonly<Record<string, unknown>>;

/** What a channel carries: topic to mode ("state" rows or a "log" of events). */
export type Topics = Readonly<Record<string, string>>;

export interface Hello {
  type: "hello";
  /** Seconds between two pings, give or take a fifth. */
  heartbeat: number;
  /** "snapshot": everything is sent again. Anything else: only what changed since the cursor. */
  resume: string;
  channels: Readonly<Record<string, Topics>>;
}

export interface SnapshotRow {
  key: string;
  seq: number;
  n: number;
  value: Value;
}

export interface Snapshot {
  type: "snapshot";
  channel: string;
  topic: string;
  part: number;
  rows: readonly SnapshotRow[];
}

export interface Sync {
  type: "sync";
  seq: number | null;
  /** How many rows there are now, by channel and topic. */
  rows: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Change {
  channel: string;
  topic: string;
  key: string;
  seq: number;
  n: number;
  /** null removes the row. */
  patch: Value | null;
  /** The patch is the whole row: it came into view. */
  full: boolean;
}

export interface Delta {
  type: "delta";
  time: number;
  base: number;
  seq: number;
  changes: readonly Change[];
}

export interface LogEvent {
  type: "event";
  channel: string;
  topic: string;
  seq: number;
  time: number;
  data: Value;
}

export interface Gap {
  type: "gap";
  channel: string;
  topic: string;
  why: string;
  lost: number;
}

export interface Ping {
  type: "ping";
  seq: number | null;
  time: number | null;
}

/** The token of this stream is about to end. */
export interface Auth {
  type: "auth";
  /** Unix seconds, 0 if the server did not say. */
  expires: number;
}

export interface Bye {
  type: "bye";
  code: string;
  why: string;
  /** False: the server does not want to see us again unless something changes. */
  reconnect: boolean;
}

export type Frame = Hello | Snapshot | Sync | Delta | LogEvent | Gap | Ping | Auth | Bye;

/** The names of the frames, for addEventListener. */
export const frameTypes = ["hello", "snapshot", "sync", "delta", "event", "gap", "ping", "auth", "bye"] as const;

/** parseFrame reads one frame. null: it is no frame that we know, and is left out. */
export function parseFrame(type: string, data: string): Frame | null {
  let body: unknown;
  try {
    body = data === "" ? {} : JSON.parse(data);
  } catch {
    return null;
  }
  return isObject(body) && Object.hasOwn(readers, type) ? (readers[type]?.(body) ?? null) : null;
}

type Reader = (b: Value) => Frame | null;

const readers: Readonly<Record<string, Reader>> = {
  hello: (b) => ({
    type: "hello",
    heartbeat: positive(b.heartbeat, 15),
    resume: text(b.resume),
    channels: isObject(b.channels) ? (b.channels as Record<string, Topics>) : {},
  }),
  snapshot: (b) => ({
    type: "snapshot",
    channel: text(b.channel),
    topic: text(b.topic),
    part: positive(b.part, 1),
    rows: list(b.rows).flatMap(snapshotRow),
  }),
  sync: (b) => ({
    type: "sync",
    seq: numberOr(b.seq, null),
    rows: isObject(b.rows) ? (b.rows as Sync["rows"]) : {},
  }),
  delta: (b) => {
    const base = numberOr(b.base, null);
    const seq = numberOr(b.seq, null);
    if (base === null || seq === null) return null;
    return { type: "delta", time: numberOr(b.time, 0), base, seq, changes: list(b.changes).flatMap(change) };
  },
  event: (b) => ({
    type: "event",
    channel: text(b.channel),
    topic: text(b.topic),
    seq: numberOr(b.seq, 0),
    time: numberOr(b.time, 0),
    data: isObject(b.data) ? b.data : {},
  }),
  gap: (b) => ({
    type: "gap",
    channel: text(b.channel),
    topic: text(b.topic),
    why: text(b.why),
    lost: numberOr(b.lost, 0),
  }),
  ping: (b) => ({ type: "ping", seq: numberOr(b.seq, null), time: numberOr(b.time, null) }),
  auth: (b) => ({ type: "auth", expires: numberOr(b.expires, 0) }),
  bye: (b) => ({ type: "bye", code: text(b.code), why: text(b.why), reconnect: b.reconnect !== false }),
};

function snapshotRow(row: unknown): SnapshotRow[] {
  if (!Array.isArray(row)) return [];
  const [key, seq, n, value] = row;
  if (typeof key !== "string" || typeof seq !== "number" || !isObject(value)) return [];
  return [{ key, seq, n: numberOr(n, 0), value }];
}

function change(c: unknown): Change[] {
  if (!isObject(c) || typeof c.key !== "string" || typeof c.seq !== "number") return [];
  if (c.patch !== null && !isObject(c.patch)) return [];
  return [
    {
      channel: text(c.channel),
      topic: text(c.topic),
      key: c.key,
      seq: c.seq,
      n: numberOr(c.n, 0),
      patch: c.patch,
      full: c.full === true,
    },
  ];
}

/** isObject tells a JSON object from a list, null and the plain values. */
export function isObject(v: unknown): v is Value {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

function list(v: unknown): readonly unknown[] {
  return Array.isArray(v) ? v : [];
}

function text(v: unknown): string {
  return typeof v === "string" ? v : "";
}

function positive(v: unknown, otherwise: number): number {
  return typeof v === "number" && v > 0 ? v : otherwise;
}

function numberOr<T>(v: unknown, otherwise: T): number | T {
  return typeof v === "number" ? v : otherwise;
}
