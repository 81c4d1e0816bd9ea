// The state of a stream and how frames change it: no clock, no network, no page. Every rule of the
// protocol that a client must keep is here, and nowhere else.

import { mergeObject } from "./merge";
import type { Change, Delta, Frame, Gap, Hello, LogEvent, Snapshot, Sync, Value } from "./protocol";

/** Row is one row as it is now. A row that changes becomes a new object. */
export interface Row {
  /** The sequence number of its last change. */
  readonly seq: number;
  /** How often it was updated; the difference of two says how many updates were merged. */
  readonly n: number;
  readonly value: Value;
}

export type Rows = ReadonlyMap<string, Row>;

export interface State {
  /** Rows by topic and channel; tableOf and topicRows read it. */
  readonly tables: ReadonlyMap<string, Rows>;
  /** The end of the last span that was applied; null while it is not known. */
  readonly cursor: number | null;
  /** True from sync until the next hello. */
  readonly synced: boolean;
  /** Discrete events, oldest first, at most maxEvents. */
  readonly events: readonly LogEvent[];
  /** Where the server's journal could not give all that was missed. */
  readonly gaps: readonly Gap[];
  /** What a step between hello and sync has to remember; null outside of one. */
  readonly step: Step | null;
}

interface Step {
  /** Only what changed is sent, on top of what we have. */
  readonly resumed: boolean;
  /** Tables from before a fresh snapshot that no part has replaced yet: gone if none does. */
  readonly old: ReadonlySet<string>;
  /** Rows removed during the step, with their seq: a part from before must not bring them back. */
  readonly removed: ReadonlyMap<string, number>;
}

/** Changed names a row that a reduction set or removed. */
export interface Changed {
  readonly topic: string;
  readonly key: string;
  readonly row: Row | null;
  /** The server's time of the cut in ms; null in a snapshot. */
  readonly time: number | null;
}

export interface Reduction {
  readonly state: State;
  readonly changed: readonly Changed[];
  /** Not null: something was missed. What is shown may be old; connect again without a cursor. */
  readonly broken: string | null;
}

export const maxEvents = 200;
const maxGaps = 20;

export const emptyState: State = { tables: new Map(), cursor: null, synced: false, events: [], gaps: [], step: null };

/** topicRows returns the rows of a topic, of the first channel that has any. */
export function topicRows(state: State, topic: string): Rows {
  let first: Rows | undefined;
  for (const [id, rows] of state.tables) {
    if (topicOf(id) !== topic) continue;
    if (rows.size > 0) return rows;
    first ??= rows;
  }
  return first ?? noRows;
}

const noRows: Rows = new Map();

/** reduce applies frames in their order. It stops at the frame that shows that one was missed. */
export function reduce(state: State, frames: readonly Frame[]): Reduction {
  const draft = new Draft(state);
  for (const frame of frames) {
    const broken = draft.apply(frame);
    if (broken !== null) return { state: draft.finish(), changed: draft.changed, broken };
  }
  return { state: draft.finish(), changed: draft.changed, broken: null };
}

/** Draft copies each table at most once per reduction, however many frames touch it. */
class Draft {
  readonly changed: Changed[] = [];
  private tables: Map<string, Rows>;
  private readonly own = new Map<string, Map<string, Row>>();
  private cursor: number | null;
  private synced: boolean;
  private events: readonly LogEvent[];
  private gaps: readonly Gap[];
  private step: { resumed: boolean; old: Set<string>; removed: Map<string, number> } | null;

  constructor(state: State) {
    this.tables = new Map(state.tables);
    this.cursor = state.cursor;
    this.synced = state.synced;
    this.events = state.events;
    this.gaps = state.gaps;
    const { step } = state;
    this.step = step && { ...step, old: new Set(step.old), removed: new Map(step.removed) };
  }

  finish(): State {
    return {
      tables: this.tables,
      cursor: this.cursor,
      synced: this.synced,
      events: this.events,
      gaps: this.gaps,
      step: this.step,
    };
  }

  apply(frame: Frame): string | null {
    switch (frame.type) {
      case "hello":
        this.hello(frame);
        return null;
      case "snapshot":
        this.snapshot(frame);
        return null;
      case "sync":
        return this.sync(frame);
      case "ping":
        // The cut went on without anything for us. If the ping does not say where it stands, the
        // base of the next delta cannot be compared with ours.
        if (this.step === null) this.cursor = frame.seq;
        return null;
      case "delta":
        return this.delta(frame);
      case "event":
        this.log(frame);
        return null;
      case "gap":
        this.gaps = [...this.gaps, frame].slice(-maxGaps);
        return null;
      case "auth":
      case "bye":
        return null;
    }
  }

  private hello(frame: Hello): void {
    this.synced = false;
    // Our numeric cursor may be older than the id we sent, whose inside is the server's business.
    this.cursor = null;
    for (const id of this.tables.keys()) {
      const [topic, channel] = id.split("\n") as [string, string];
      if (!frame.channels[channel]?.[topic]) this.tables.delete(id);
    }
    const resumed = frame.resume !== "snapshot";
    this.step = { resumed, old: new Set(resumed ? [] : this.tables.keys()), removed: new Map() };
  }

  private sync(frame: Sync): string | null {
    for (const id of this.step?.old ?? []) this.tables.delete(id);
    // What was resumed stands on what we had. If that was wrong, it shows here; a fresh start cannot
    // be helped by another one, so it is not asked.
    const wrong = this.step?.resumed ? this.miscount(frame) : null;
    this.step = null;
    if (wrong !== null) return wrong;
    this.synced = true;
    this.cursor = frame.seq ?? this.cursor;
    return null;
  }

  private miscount(frame: Sync): string | null {
    for (const [channel, topics] of Object.entries(frame.rows)) {
      for (const [topic, told] of Object.entries(topics)) {
        const have = this.tables.get(tableId(channel, topic))?.size ?? 0;
        if (have !== told) return `${channel} has ${told} rows of ${topic}, and here are ${have}`;
      }
    }
    return null;
  }

  private snapshot(frame: Snapshot): void {
    const id = tableId(frame.channel, frame.topic);
    if (frame.part === 1) this.forget(id);
    const rows = this.writable(id);
    for (const r of frame.rows) {
      if (r.seq <= (rows.get(r.key)?.seq ?? this.step?.removed.get(`${id}\n${r.key}`) ?? -1)) continue;
      this.set(rows, frame.topic, r.key, { seq: r.seq, n: r.n, value: r.value }, null);
    }
  }

  private delta(frame: Delta): string | null {
    if (this.cursor !== null && this.cursor < frame.base) {
      return `the stream jumped from ${this.cursor} to ${frame.base}`;
    }
    for (const c of frame.changes) this.change(c, frame.time);
    this.cursor = Math.max(frame.seq, this.cursor ?? frame.seq);
    return null;
  }

  private change(c: Change, time: number): void {
    const id = tableId(c.channel, c.topic);
    const rows = this.writable(id);
    const old = rows.get(c.key);
    if (old && c.seq <= old.seq) return;
    if (c.patch === null) {
      this.step?.removed.set(`${id}\n${c.key}`, c.seq);
      if (rows.delete(c.key)) this.changed.push({ topic: c.topic, key: c.key, row: null, time });
      return;
    }
    const value = mergeObject(c.full ? null : old?.value, c.patch);
    this.set(rows, c.topic, c.key, { seq: c.seq, n: c.n, value }, time);
  }

  private set(rows: Map<string, Row>, topic: string, key: string, row: Row, time: number | null): void {
    rows.set(key, row);
    this.changed.push({ topic, key, row, time });
  }

  private log(event: LogEvent): void {
    // History is sent again to a client that starts anew, so the same event may come twice.
    if (this.events.some((e) => sameEvent(e, event))) return;
    this.events = [...this.events, event].slice(-maxEvents);
  }

  private forget(id: string): void {
    this.step?.old.delete(id);
    const rows = new Map<string, Row>();
    this.own.set(id, rows);
    this.tables.set(id, rows);
  }

  private writable(id: string): Map<string, Row> {
    let rows = this.own.get(id);
    if (!rows) {
      rows = new Map(this.tables.get(id));
      this.own.set(id, rows);
      this.tables.set(id, rows);
    }
    return rows;
  }
}

function sameEvent(a: LogEvent, b: LogEvent): boolean {
  return (
    a.seq === b.seq &&
    a.time === b.time &&
    a.topic === b.topic &&
    a.channel === b.channel &&
    JSON.stringify(a.data) === JSON.stringify(b.data)
  );
}

function tableId(channel: string, topic: string): string {
  return `${topic}\n${channel}`;
}

function topicOf(id: string): string {
  return id.slice(0, id.indexOf("\n"));
}
