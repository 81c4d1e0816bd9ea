import { describe, expect, it } from "vitest";
import type { Change, Frame } from "../src/protocol";
import { emptyState, reduce, type State, topicRows } from "../src/reducer";

const channel = "public-routers";
const topic = "router.live";

const hello = (resume = "snapshot"): Frame => ({
  type: "hello",
  heartbeat: 15,
  resume,
  channels: { [channel]: { [topic]: "state", "router.status": "log" } },
});
const part = (n: number, ...rows: [string, number, object][]): Frame => ({
  type: "snapshot",
  channel,
  topic,
  part: n,
  rows: rows.map(([key, seq, value]) => ({ key, seq, n: 1, value: value as Record<string, unknown> })),
});
const sync: Frame = { type: "sync", seq: null, rows: {} };
const change = (key: string, seq: number, patch: object | null, full = false): Change => ({
  channel,
  topic,
  key,
  seq,
  n: 1,
  patch: patch as Record<string, unknown> | null,
  full,
});
const delta = (base: number, seq: number, ...changes: Change[]): Frame => ({
  type: "delta",
  time: 1000,
  base,
  seq,
  changes,
});

function stateAfter(...frames: Frame[]): State {
  return reduce(emptyState, frames).state;
}

function values(s: State): Record<string, unknown> {
  return Object.fromEntries([...topicRows(s, topic)].map(([k, r]) => [k, r.value]));
}

describe("a fresh start", () => {
  it("joins the parts and is synced only after sync", () => {
    const parts = stateAfter(hello(), part(1, ["a", 1, { x: 1 }]), part(2, ["b", 2, { x: 2 }]));
    expect(parts.synced).toBe(false);
    const s = reduce(parts, [sync]).state;
    expect(s.synced).toBe(true);
    expect(values(s)).toEqual({ a: { x: 1 }, b: { x: 2 } });
  });

  it("forgets what it had with part 1, not before", () => {
    const old = stateAfter(hello(), part(1, ["a", 1, { x: 1 }], ["b", 2, {}]), sync);
    const again = reduce(old, [hello()]).state;
    expect(values(again)).toEqual({ a: { x: 1 }, b: {} });
    expect(values(reduce(again, [part(1, ["a", 1, { x: 1 }])]).state)).toEqual({ a: { x: 1 } });
  });

  it("drops a table that a fresh snapshot does not mention", () => {
    const old = stateAfter(hello(), part(1, ["a", 1, {}]), sync);
    expect(values(reduce(old, [hello(), sync]).state)).toEqual({});
  });

  it("drops what the channels of hello no longer carry", () => {
    const old = stateAfter(hello(), part(1, ["a", 1, {}]), sync);
    const other: Frame = { type: "hello", heartbeat: 15, resume: "delta", channels: { other: { [topic]: "state" } } };
    expect(values(reduce(old, [other]).state)).toEqual({});
  });

  it("does not let a later part bring back a row that a change removed meanwhile", () => {
    const s = stateAfter(
      hello(),
      part(1, ["a", 5, { x: 1 }]),
      delta(4, 20, change("b", 20, null), change("a", 19, { x: 2 })),
      part(2, ["b", 12, {}], ["a", 5, { x: 1 }]),
      sync,
    );
    expect(values(s)).toEqual({ a: { x: 2 } });
  });
});

describe("a delta", () => {
  const start = stateAfter(hello(), part(1, ["a", 10, { x: 1, y: 1 }]), sync, delta(10, 10));

  it("patches, adds and removes rows", () => {
    const s = reduce(start, [
      delta(10, 13, change("a", 11, { x: 2, y: null }), change("b", 12, { z: 1 })),
      delta(13, 14, change("a", 14, null)),
    ]).state;
    expect(values(s)).toEqual({ b: { z: 1 } });
  });

  it("replaces the row when the patch is full", () => {
    expect(values(reduce(start, [delta(10, 11, change("a", 11, { z: 1 }, true))]).state)).toEqual({ a: { z: 1 } });
  });

  it("leaves a change out whose seq is not above the row's own", () => {
    expect(values(reduce(start, [delta(9, 10, change("a", 10, { x: 9 }))]).state)).toEqual({ a: { x: 1, y: 1 } });
  });

  it("keeps rows that did not change as the same objects", () => {
    const more = reduce(start, [delta(10, 11, change("b", 11, {}))]).state;
    expect(topicRows(more, topic).get("a")).toBe(topicRows(start, topic).get("a"));
  });

  it("leaves the old state as it was", () => {
    const before = JSON.stringify(values(start));
    reduce(start, [delta(10, 11, change("a", 11, { x: 5 }))]);
    expect(JSON.stringify(values(start))).toBe(before);
  });

  it("reports what changed, with the time of the cut", () => {
    const { changed } = reduce(start, [delta(10, 11, change("a", 11, { x: 5 }))]);
    expect(changed).toMatchObject([{ topic, key: "a", time: 1000, row: { value: { x: 5, y: 1 } } }]);
  });
});

describe("the chain", () => {
  const start = stateAfter(hello(), part(1, ["a", 1, { x: 1 }]), sync, delta(10, 20));

  it("is broken by a base above the cursor, and nothing after it is applied", () => {
    const r = reduce(start, [delta(21, 22, change("a", 22, { x: 2 })), delta(22, 23, change("a", 23, { x: 3 }))]);
    expect(r.broken).toContain("20");
    expect(values(r.state)).toEqual({ a: { x: 1 } });
  });

  it("holds when spans overlap", () => {
    expect(reduce(start, [delta(15, 25), delta(25, 30)]).broken).toBeNull();
  });

  it("starts with the first delta when sync does not say where it stands", () => {
    expect(reduce(stateAfter(hello(), sync), [delta(500, 501)]).broken).toBeNull();
  });

  it("is checked from sync on when sync says it", () => {
    const s = stateAfter(hello(), { type: "sync", seq: 100, rows: {} });
    expect(reduce(s, [delta(100, 101)]).broken).toBeNull();
    expect(reduce(s, [delta(101, 102)]).broken).not.toBeNull();
  });

  it("follows a ping, which carries the cursor over cuts without anything for us", () => {
    expect(reduce(start, [{ type: "ping", seq: 40, time: null }, delta(40, 41)]).broken).toBeNull();
    expect(reduce(start, [{ type: "ping", seq: 40, time: null }, delta(41, 42)]).broken).not.toBeNull();
    const inAStep: Frame[] = [hello("delta"), { type: "ping", seq: 0, time: null }, delta(20, 21)];
    expect(reduce(start, inAStep).broken).toBeNull();
    expect(reduce(start, [{ type: "ping", seq: null, time: null }, delta(90, 91)]).broken).toBeNull();
  });

  it("begins anew with each connection", () => {
    expect(reduce(start, [hello("delta"), delta(35, 36), sync]).broken).toBeNull();
  });
});

describe("the count of rows", () => {
  const start = stateAfter(hello(), part(1, ["a", 1, {}]), sync);
  const counted = (n: number): Frame => ({ type: "sync", seq: 5, rows: { [channel]: { [topic]: n } } });

  it("shows after a resume whether what we had was right", () => {
    expect(reduce(start, [hello("delta"), counted(1)]).broken).toBeNull();
    const wrong = reduce(start, [hello("delta"), counted(2)]);
    expect(wrong.broken).toContain("2 rows");
    expect(wrong.state.synced).toBe(false);
  });

  it("does not make a fresh start begin again and again", () => {
    expect(reduce(start, [hello(), part(1), counted(2)]).broken).toBeNull();
  });
});

describe("events", () => {
  const event = (seq: number, router: string): Frame => ({
    type: "event",
    channel,
    topic: "router.status",
    seq,
    time: seq,
    data: { router },
  });

  it("are kept once, though history is sent again", () => {
    const s = stateAfter(
      hello(),
      event(1, "a"),
      event(2, "b"),
      sync,
      hello(),
      event(1, "a"),
      event(2, "b"),
      event(3, "a"),
      sync,
    );
    expect(s.events.map((e) => e.data.router)).toEqual(["a", "b", "a"]);
  });

  it("are bounded", () => {
    const s = stateAfter(hello(), ...Array.from({ length: 500 }, (_, i) => event(i, "a")));
    expect(s.events.length).toBe(200);
    expect(s.events.at(-1)?.seq).toBe(499);
  });

  it("may be missing, which a gap says", () => {
    const gap: Frame = { type: "gap", channel, topic: "router.status", why: "expired", lost: 12 };
    expect(stateAfter(hello(), gap).gaps).toEqual([gap]);
  });
});
