import assert from "node:assert/strict";
import { test } from "node:test";
import { merge, newState } from "../state.js";

const table = { channel: "pub", topic: "router.live", event: "router.live" };

/** client applies frames, and keeps what it was told of as a page would. */
function client() {
  const state = newState();
  const rows = {};
  return {
    state,
    rows,
    apply(type, d) {
      const items = state.apply(type, d);
      for (const i of items ?? []) {
        if (i.kind !== "row") continue;
        if (i.value) rows[i.key] = i.value;
        else delete rows[i.key];
      }
      return items;
    },
    hello(resume = "snapshot", journal = "j") {
      this.apply("hello", { resume, journal });
    },
    snapshot(part, ...list) {
      return this.apply("snapshot", { ...table, part, rows: list });
    },
    delta(base, seq, ...changes) {
      return this.apply("delta", { time: 1, base, seq, changes: changes.map((c) => ({ ...table, n: 1, ...c })) });
    },
    sync(seq) {
      return this.apply("sync", { seq });
    },
  };
}

test("merge patches flat rows as RFC 7396 says", () => {
  const target = { a: 1, b: [2, 3] };
  assert.deepEqual(merge(target, { a: null, b: [4], e: 1 }), { b: [4], e: 1 });
  assert.deepEqual(target, { a: 1, b: [2, 3] });
  assert.deepEqual(merge(undefined, { a: null, b: 0 }), { b: 0 });
  const hostile = merge({}, JSON.parse('{"__proto__": {"admin": true}}'));
  assert.equal(hostile.admin, undefined);
  assert.deepEqual(Object.keys(hostile), ["__proto__"]);
});

test("changes are applied once, in their order", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 5, 1, { cpu: 1, reason: "x" }]);
  c.sync(6);
  c.delta(6, 8, { key: "a", seq: 8, patch: { cpu: 2, reason: null } });
  c.delta(6, 8, { key: "a", seq: 8, patch: { cpu: 9 } });
  assert.deepEqual(c.rows, { a: { cpu: 2 } });
  c.delta(8, 9, { key: "a", seq: 9, full: true, patch: { mem: 3 } }, { key: "b", seq: 9, patch: { cpu: 4 } });
  assert.deepEqual(c.rows, { a: { mem: 3 }, b: { cpu: 4 } });
  const [gone] = c.delta(9, 10, { key: "b", seq: 10, patch: null });
  assert.equal(gone.value, null);
  assert.deepEqual(c.rows, { a: { mem: 3 } });
});

test("a span that was missed is noticed", () => {
  const c = client();
  c.hello();
  c.sync(6);
  assert.deepEqual(c.delta(6, 8), []);
  assert.deepEqual(c.apply("ping", { seq: 20 }), []);
  assert.deepEqual(c.delta(20, 21), []);
  assert.equal(c.delta(22, 23), null);
});

test("a fresh snapshot replaces rows one by one, and drops the others at its end", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 50, 1, { v: 1 }], ["b", 50, 1, { v: 1 }], ["c", 50, 1, { v: 1 }]);
  c.sync(60);
  c.hello(); // of another life, whose numbers are lower
  c.snapshot(1, ["a", 3, 1, { v: 2 }]);
  assert.deepEqual(c.rows, { a: { v: 2 }, b: { v: 1 }, c: { v: 1 } }, "nothing blanks meanwhile");
  c.delta(2, 4, { key: "a", seq: 4, patch: null }, { key: "b", seq: 4, full: true, patch: { v: 3 } });
  c.snapshot(2, ["a", 3, 1, { v: 2 }], ["b", 3, 1, { v: 2 }]);
  c.sync(4);
  assert.deepEqual(c.rows, { b: { v: 3 } });
  assert.deepEqual(
    c.state.rows().map((r) => [r.channel, r.key, r.value]),
    [["pub", "b", { v: 3 }]],
  );
});

test("a resume keeps what is there", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 5, 1, { v: 1 }]);
  c.sync(6);
  c.hello("delta");
  c.delta(6, 9, { key: "b", seq: 8, patch: { v: 2 } });
  c.sync(9);
  assert.deepEqual(c.rows, { a: { v: 1 }, b: { v: 2 } });
});

test("events are told once", () => {
  const c = client();
  const event = (pos) => c.apply("event", { ...table, topic: "router.status", seq: 1, pos, data: {} }).length;
  c.hello();
  assert.deepEqual([event(1), event(2), event(2), event(1), event(3)], [1, 1, 0, 0, 1]);
  c.hello("snapshot", "another journal");
  assert.equal(event(1), 1);
  assert.equal(c.apply("gap", { ...table, topic: "router.status", pos: 4, why: "expired" })[0].kind, "gap");
});

test("what a fresh start does not bring at all is gone, and its numbers are its own", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 50, 1, { v: 1 }]);
  c.sync(60);
  c.hello(); // the channel is not allowed any more
  c.apply("snapshot", { ...table, channel: "other", part: 1, rows: [["b", 2, 1, { v: 2 }]] });
  c.sync(3);
  assert.deepEqual(c.rows, { b: { v: 2 } });
  assert.equal(c.delta(4, 5), null, "a span is missing, however high the numbers were before");
});

test("a patch of what the snapshot has not brought yet stands on nothing", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 5, 1, { old: 1 }]);
  c.sync(6);
  c.hello();
  c.delta(6, 9, { key: "a", seq: 9, patch: { v: 2 } });
  assert.deepEqual(c.rows, { a: { v: 2 } });
});

test("a snapshot of which nothing came but its announcement takes nothing away", () => {
  const c = client();
  c.hello();
  c.snapshot(1, ["a", 5, 1, { v: 1 }], ["b", 5, 1, { v: 1, w: 2 }]);
  c.sync(6);
  c.hello(); // of other channels; the connection breaks, and the next one is of these again
  c.hello("delta");
  c.delta(6, 9, { key: "b", seq: 9, patch: { v: 2 } });
  c.sync(9);
  assert.deepEqual(c.rows, { a: { v: 1 }, b: { v: 2, w: 2 } });
});
