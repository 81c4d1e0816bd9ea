// The rows of one stream, and how frames change them: no clock, no network, no page.

/**
 * merge applies a patch to a row: neither is changed. A row is flat, and the server tells a field whole, so one level
 * of RFC 7396 is all there is: deeper, what an object has lost would stay.
 */
export const merge = (row, patch) =>
  Object.fromEntries(Object.entries({ ...row, ...patch }).filter(([, v]) => v !== null));

/**
 * newState returns the types of frames and two functions. apply(type, data) returns what a frame brought: rows, an event, a gap; null
 * if something was missed before it. rows() lists every row as if it had just come.
 */
export function newState() {
  // By channel and topic; pos is of the last event or gap. During a snapshot, fresh has the keys that it told
  // of so far, with their seq.
  const tables = new Map();
  let hello = {};
  let cursor = -1;
  let out;

  const tableOf = ({ channel, topic, event }) => {
    const name = JSON.stringify([channel, topic]);
    if (!tables.has(name)) tables.set(name, { of: { kind: "row", channel, topic, event }, rows: new Map() });
    return tables.get(name);
  };

  const put = (t, key, row, time) => {
    t.fresh?.set(key, row.seq);
    if (row.value) t.rows.set(key, row);
    else if (!t.rows.delete(key)) return;
    out.push({ ...t.of, key, ...row, time });
  };

  const frames = {
    hello(d) {
      for (const t of tables.values()) {
        if (d.journal !== hello.journal) t.pos = 0;
        if (d.resume === "snapshot") t.fresh = new Map();
      }
      if (d.resume === "snapshot") cursor = -1;
      hello = d;
    },
    snapshot(d) {
      const t = tableOf(d);
      if (d.part < 2) t.fresh = new Map();
      for (const [key, seq, n, value] of d.rows) if (!(seq <= t.fresh.get(key))) put(t, key, { seq, n, value });
    },
    delta(d) {
      if (cursor >= 0 && d.base > cursor) return true;
      for (const c of d.changes) {
        const { key, seq, n, patch } = c;
        const t = tableOf(c);
        // What a snapshot has not brought yet is of before it, and stands for nothing.
        const row = t.fresh && !t.fresh.has(key) ? null : t.rows.get(key);
        if (seq <= row?.seq) continue;
        put(t, key, { seq, n, value: patch && merge(c.full ? null : row?.value, patch) }, d.time);
      }
    },
    sync() {
      for (const t of tables.values()) {
        for (const key of t.rows.keys()) if (t.fresh?.has(key) === false) put(t, key, {});
        t.fresh = null;
      }
    },
    ping() {},
    auth() {},
    bye() {},
    event(d, kind) {
      const t = tableOf(d);
      if (d.pos <= t.pos) return;
      t.pos = d.pos;
      out.push({ ...d, kind });
    },
  };
  frames.gap = frames.event;

  return {
    types: Object.keys(frames),
    apply(type, d) {
      out = [];
      if (frames[type](d, type)) return null;
      if (d.seq > cursor) cursor = d.seq;
      return out;
    },
    rows: () => [...tables.values()].flatMap((t) => [...t.rows].map(([key, row]) => ({ ...t.of, key, ...row }))),
  };
}
