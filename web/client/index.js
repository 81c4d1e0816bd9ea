// The live stream of RouterPulse in a page: see README.md.

import { lead } from "./hub.js";

/** connect returns a client. It opens nothing until something is subscribed to. */
export function connect({ url = "/", token, share = true } = {}) {
  const base = new URL("v1/stream", new URL(url, location)).href;
  const subscriptions = new Set();
  const closed = new AbortController();
  const { signal } = closed;
  let bus;

  const post = (m) => signal.aborted || bus?.postMessage(m);

  const use = (name) => {
    if (signal.aborted) return;
    bus?.close();
    bus = new BroadcastChannel(name);
    bus.onmessage = ({ data: m }) => {
      if (m.key) subscriptions.forEach((s) => s.hear(m));
      else if (!m.from) again();
    };
    again();
  };

  /** Somebody leads who knows nothing yet. */
  const again = () => subscriptions.forEach((s) => s.join());

  /** alone leads by itself, or takes turns with the other tabs: who has the lock leads, until it goes. */
  const alone = () => {
    const locks = share && navigator.locks;
    const name = `routerpulse ${locks ? "" : Math.random()}`;
    const rule = () =>
      new Promise((done) => {
        const end = lead(name);
        signal.onabort = () => done(end());
      });
    use(name);
    if (locks)
      locks.request(name, { signal }, rule).catch(() => {}); // closed before its turn
    else rule();
  };

  try {
    const worker = share && new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onerror = alone;
    worker.port.onmessage = (e) => use(e.data);
  } catch {
    alone(); // there is none: not wanted, not here, or of another origin
  }

  const leave = () => subscriptions.forEach((s) => s.leave());
  const wake = (how) => post({ from: 1, wake: how });
  const listen = (type, f) => addEventListener(type, f, { signal });
  for (const type of ["online", "visibilitychange"]) listen(type, () => wake(1)); // the machine may have slept
  listen("pagehide", leave);
  listen("pageshow", (e) => e.persisted && again()); // it was kept for the Back button, asleep

  return {
    subscribe(channels, on, { history = 0, ...filter } = {}) {
      const want = [channels].flat();
      const s = newSubscription({ base, filter, want, history, token: !!token }, on, token, post);
      subscriptions.add(s);
      s.join();
      return () => {
        subscriptions.delete(s);
        s.leave();
      };
    },
    retry: () => wake(2),
    close() {
      leave();
      subscriptions.clear();
      closed.abort();
      bus?.close();
    },
  };
}

/** newSubscription joins a connection, keeps the rows, and tells its handlers what changes. */
function newSubscription(query, on, token, post) {
  const key = JSON.stringify([query.base, query.filter]);
  const from = Math.random();
  const rows = new Map();
  let stale = new Map();

  const take = (items) => {
    const mine = items.filter((i) => query.want.includes(i.channel));
    for (const i of mine) {
      if (i.kind !== "row") continue;
      const id = JSON.stringify([i.channel, i.topic, i.key]);
      stale.delete(id);
      if (i.value) rows.set(id, i);
      else rows.delete(id);
    }
    for (const kind of ["row", "event", "gap"]) {
      const some = mine.filter((i) => i.kind === kind);
      if (some.length) tell(`${kind}s`, some);
    }
  };

  /** What a handler throws is no other's trouble: in a task of its own, the browser reports it. */
  const tell = (name, what) => queueMicrotask(() => on[name]?.(what));

  return {
    /** join asks for every row again; those that do not come are gone. */
    join() {
      stale = new Map(rows);
      post({ ...query, key, from });
    },
    leave: () => post({ key, from, want: [] }),
    async hear({ key: of, to = from, ask, items = [], status }) {
      if (of !== key || to !== from) return;
      if (ask && token) {
        const answer = new Promise((resolve) => resolve(token()));
        return post({ key, from, answer: await answer.catch(() => {}) });
      }
      if (status) {
        // Of which every channel is denied is stopped, whatever others of the connection are.
        const why = query.want.map((c) => status.denied?.[c]);
        const stopped = why.every(Boolean) && { state: "stopped", code: "denied", why: why.join("; ") };
        tell("status", { ...status, ...stopped });
      }
      take(items);
      if (status?.state === "live") take([...stale.values()].map((row) => ({ ...row, value: null })));
    },
  };
}
