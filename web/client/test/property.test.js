// Random schedules: a server whose rows change, whose stream breaks after any frame, and which loses its memory.
// After every sync and every cut the client has what the server has.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newState } from "../state.js";

const table = { channel: "c", topic: "t", event: "t" };

/** random is a small generator (mulberry32): the same seed gives the same schedule. */
function random(seed) {
  let a = seed;
  const next = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (n) => Math.floor(next() * n) };
}

/** newServer keeps each field with the seq of its last change, as the hub does. */
function newServer(random) {
  let epoch = 0;
  let seq = 0;
  let rows = new Map(); // key → { seq, fields: name → { seq, value } }, value undefined: gone

  const value = (row) =>
    Object.fromEntries([...row.fields].filter(([, f]) => f.value !== undefined).map(([name, f]) => [name, f.value]));
  const present = () => [...rows].filter(([, row]) => !row.gone);

  return {
    /** change sets or removes fields of a row, or the row. */
    change() {
      const key = "abcd"[random.below(4)];
      const row = rows.get(key);
      seq++;
      if (row && !row.gone && random.below(4) === 0) return rows.set(key, { ...row, seq, gone: true });
      const fields = row && !row.gone ? row.fields : new Map();
      const fresh = row && !row.gone ? row.fresh : seq; // since when it is this row
      const name = "xyz"[random.below(3)];
      fields.set(name, { seq, value: random.below(3) === 0 ? undefined : random.below(9) });
      rows.set(key, { seq, fields, fresh });
    },
    forget() {
      epoch++;
      seq = random.below(3);
      const kept = present();
      rows = new Map(kept.map(([key, row]) => [key, { ...row, seq, fresh: seq }]));
      for (const [, row] of rows) for (const f of row.fields.values()) f.seq = seq;
    },
    id: () => `${epoch}.${seq}`,
    rows: () => Object.fromEntries(present().map(([key, row]) => [key, value(row)])),
    /** delta is what changed since a cut: patches of fields, whole rows for those that are new. */
    delta(base) {
      const changes = [...rows]
        .filter(([, row]) => row.seq > base)
        .map(([key, row]) => {
          if (row.gone) return { ...table, key, seq: row.seq, n: 1, patch: null };
          if (row.fresh > base) return { ...table, key, seq: row.seq, n: 1, full: true, patch: value(row) };
          const patch = [...row.fields].filter(([, f]) => f.seq > base).map(([name, f]) => [name, f.value ?? null]);
          return { ...table, key, seq: row.seq, n: 1, patch: Object.fromEntries(patch) };
        });
      return ["delta", { time: 1, base, seq, changes }];
    },
    /** join is the first step for an id, the snapshot in parts of one row; the last frame has the id. */
    join(id) {
      const [life, at] = id.split(".").map(Number);
      const sync = ["sync", { seq }];
      const hello = (resume) => ["hello", { journal: "j", resume, channels: { c: { t: "state" } } }];
      if (id && life === epoch) return [hello("delta"), this.delta(at), sync];
      const list = present().map(([key, row]) => [key, row.seq, 1, value(row)]);
      const parts = list.map((row, i) => ["snapshot", { ...table, part: i + 1, rows: [row] }]);
      return [hello("snapshot"), ...(parts.length ? parts : [["snapshot", { ...table, part: 1, rows: [] }]]), sync];
    },
  };
}

function run(seed) {
  const dice = random(seed);
  const server = newServer(dice);
  const state = newState();
  const mine = {};
  let id = "";
  const take = ([type, d]) => {
    if (type === "snapshot") id = "";
    const items = state.apply(type, d);
    assert.ok(items, "nothing was missed");
    for (const { key, value } of items) {
      if (value) mine[key] = value;
      else delete mine[key];
    }
  };
  const arrive = (frames) => {
    frames.forEach(take);
    id = server.id();
    assert.deepEqual(mine, server.rows());
    assert.deepEqual(
      Object.fromEntries(state.rows().map((r) => [r.key, r.value])),
      server.rows(),
      "for a tab that comes later",
    );
  };
  arrive(server.join(""));
  for (let i = 0; i < 60; i++) {
    const what = dice.below(20);
    if (what < 11) server.change();
    else if (what < 16) arrive([server.delta(Number(id.split(".")[1]))]);
    else {
      if (what === 19) server.forget();
      // The connection breaks, and the next ones after some of their frames.
      for (let n = dice.below(3); n > 0; n--) {
        const frames = server.join(id);
        frames.slice(0, dice.below(frames.length)).forEach(take);
        if (dice.below(2) === 0) server.change();
      }
      arrive(server.join(id));
    }
  }
}

test("200 random schedules end in the server's state", () => {
  for (let seed = 1; seed <= 200; seed++) {
    try {
      run(seed);
    } catch (e) {
      e.message = `seed ${seed}: ${e.message}`;
      throw e;
    }
  }
});
