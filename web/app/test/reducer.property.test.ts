// A server in a few lines, and a client that loses its connection wherever it hurts: after every sync
// and every delta, what the client has is what the server has.

import fc from "fast-check";
import { expect, it } from "vitest";
import { mergeObject } from "../src/merge";
import type { Change, Frame, Value } from "../src/protocol";
import { emptyState, reduce, type State, topicRows } from "../src/reducer";

const channel = "c";
const topic = "t";

interface Entry {
  seq: number;
  key: string;
  patch: Value | null;
}

/** Server keeps rows and every change. */
class Server {
  seq = 0;
  readonly rows = new Map<string, { seq: number; value: Value }>();
  readonly log: Entry[] = [];

  put(key: string, patch: Value | null): void {
    this.seq++;
    this.log.push({ seq: this.seq, key, patch });
    if (patch === null) this.rows.delete(key);
    else this.rows.set(key, { seq: this.seq, value: mergeObject(this.rows.get(key)?.value, patch) });
  }

  /** since is one delta with all that came after a cursor: per row, the patches composed. */
  since(base: number): Frame {
    const changes: Change[] = [];
    for (const key of new Set(this.log.filter((e) => e.seq > base).map((e) => e.key))) {
      const mine = this.log.filter((e) => e.key === key && e.seq > base);
      const reborn = mine.findLastIndex((e) => e.patch === null);
      const row = this.rows.get(key);
      const seq = mine.at(-1)?.seq ?? 0;
      if (!row) changes.push({ channel, topic, key, seq, n: 0, patch: null, full: false });
      else if (reborn >= 0) changes.push({ channel, topic, key, seq, n: 0, patch: row.value, full: true });
      else {
        const patch = Object.assign({}, ...mine.map((e) => e.patch)) as Value;
        changes.push({ channel, topic, key, seq, n: 0, patch, full: false });
      }
    }
    return { type: "delta", time: 1, base, seq: this.seq, changes };
  }

  /** join is the initial step for a cursor, in parts of one row. */
  join(cursor: number | null): Frame[] {
    const hello = (resume: string): Frame => ({
      type: "hello",
      heartbeat: 15,
      resume,
      channels: { [channel]: { [topic]: "state" } },
    });
    const sync: Frame = { type: "sync", seq: this.seq, rows: { [channel]: { [topic]: this.rows.size } } };
    if (cursor !== null) return [hello("delta"), this.since(cursor), sync];
    const rows = [...this.rows].map(([key, r]) => ({ key, seq: r.seq, n: 0, value: r.value }));
    const parts: Frame[] = [{ type: "snapshot", channel, topic, part: 1, rows: rows.slice(0, 1) }];
    for (const [i, row] of rows.slice(1).entries()) {
      parts.push({ type: "snapshot", channel, topic, part: i + 2, rows: [row] });
    }
    return [hello("snapshot"), ...parts, sync];
  }
}

const value = fc.dictionary(fc.constantFrom("x", "y", "z"), fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }), {
  minKeys: 1,
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("put" as const), key: fc.constantFrom("a", "b", "c"), patch: value }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), key: fc.constantFrom("a", "b", "c") }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  // The connection ends, and the next one ends after some of its frames, and so on.
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("drop" as const), after: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }) }),
  },
);

/** withoutNulls: a patch that makes a row has no fields to remove. */
function withoutNulls(v: Value): Value {
  return mergeObject({}, v);
}

it("ends in the server's state, wherever the connection breaks", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const server = new Server();
      let state: State = emptyState;
      let cursor: number | null = null;
      const take = (frames: Frame[]) => {
        for (const f of frames) {
          const r = reduce(state, [f]);
          expect(r.broken).toBeNull();
          state = r.state;
          // As stream.ts does: ids come with sync and delta, and a snapshot takes the old one away.
          if (f.type === "snapshot") cursor = null;
          if (f.type === "sync" || (f.type === "delta" && state.synced)) cursor = state.cursor;
        }
      };
      const same = () => {
        const mine = Object.fromEntries([...topicRows(state, topic)].map(([k, r]) => [k, r.value]));
        expect(mine).toEqual(Object.fromEntries([...server.rows].map(([k, r]) => [k, r.value])));
      };
      take(server.join(null));
      for (const s of steps) {
        if (s.do === "put") server.put(s.key, server.rows.has(s.key) ? s.patch : withoutNulls(s.patch));
        else if (s.do === "remove") server.rows.has(s.key) && server.put(s.key, null);
        else {
          if (s.do === "drop") {
            for (const n of s.after) take(server.join(cursor).slice(0, n));
            take(server.join(cursor));
          } else take([server.since(cursor ?? 0)]);
          same();
        }
      }
    }),
    { numRuns: 1000 },
  );
});
