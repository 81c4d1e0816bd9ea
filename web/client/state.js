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
  let journal;
  let cursor = -1;
  let out;

  const tableOf = ({ channel, topic }) => {
    const name = JSON.stringify([channel, topic]);
    const t = tables.get(name) ?? new Map();
    tables.set(name, t);
    return t;
  };

  const put = (t, { channel, topic, event, key, seq, n }, value, time) => {
    const row = { kind: "row", channel, topic, event, key, seq, n, value };
    t.fresh?.set(key, seq);
    if (value ? t.set(key, row) : t.delete(key)) out.push({ ...row, time });
  };

  const frames = {
    hello(d) {
      const anew = d.resume === "snapshot";
      for (const [, t] of tables) {
        if (d.journal !== journal) t.pos = 0;
        t.fresh = anew ? new Map() : null;
      }
      if (anew) cursor = -1;
      journal = d.journal;
    },
    snapshot(d) {
      const t = tableOf(d);
      if (d.part < 2) t.fresh = new Map();
      for (const [key, seq, n, value] of d.rows) if (!(seq <= t.fresh.get(key))) put(t, { ...d, key, seq, n }, value);
    },
    delta(d) {
      if (cursor >= 0 && d.base > cursor) return true;
      for (const c of d.changes) {
        const { key, patch } = c;
        const t = tableOf(c);
        // What a snapshot has not brought yet is of before it, and stands for nothing.
        const row = (t.fresh ?? t).has(key) && t.get(key);
        if (!(c.seq <= row?.seq)) put(t, c, patch && merge(!c.full && row?.value, patch), d.time);
      }
    },
    sync() {
      for (const [, t] of tables) {
        for (const [key, row] of t) if (!(t.fresh ?? t).has(key)) put(t, row);
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
    rows: () => [...tables].flatMap(([, t]) => [...t.values()]),
  };
}
