// The live stream of RouterPulse in a page: see README.md.

import { lead } from "./hub.js";

/** connect returns a client. It opens nothing until something is subscribed to. */
export function connect({ url = "/", token, share = true } = {}) {
  const base = new URL(`${url}v1/stream`, location).href;
  const subscriptions = new Set();
  const closed = new AbortController();
  const { signal } = closed;
  let bus;

  /** all subscriptions join (0), leave (1) or hear a message (2); messages are described in hub.js. */
  const all = (what, m) => subscriptions.forEach((s) => s[what](m));
  const post = (m) => bus?.postMessage(m);

  const use = (name) => {
    if (signal.aborted) return;
    bus?.close();
    bus = new BroadcastChannel(name);
    bus.onmessage = ({ data }) => {
      if (data.k) all(2, data);
      else if (!data.r) all(0); // somebody leads who knows nothing yet
    };
    all(0);
  };

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
    worker.port.onmessage = ({ data }) => use(data);
  } catch {
    alone(); // there is none: not wanted, not here, or of another origin
  }

  const look = () => post({ r: 1 }); // the machine may have slept
  const listen = (type, f) => addEventListener(type, f, { signal });
  listen("online", look);
  listen("visibilitychange", look);
  listen("pagehide", () => all(1));
  listen("pageshow", (e) => e.persisted && all(0)); // it was kept for the Back button, asleep

  /** subscribe joins a connection, keeps the rows, and tells its handlers what changes. */
  const subscribe = (channels, on, { history = 0, router = [], track, ...filter } = {}) => {
    const want = [channels].flat();
    const key = JSON.stringify([base, { ...filter, track: track ? 1 : [] }, track || router]);
    const from = Math.random();
    const rows = new Map();
    let stale;

    const send = (m) => post({ k: key, f: from, ...m });

    /** join asks for every row again, of other routers perhaps; those that do not come are gone. */
    const join = (routers = router) => {
      router = routers;
      stale = new Map(rows);
      send({ w: [want, router, history, token ? 1 : []] });
    };

    /** Others may want other channels over the same connection, and show other routers. */
    const mine = (i) => {
      const of = i.data?.router ?? i.key?.split("/")[1];
      return want.includes(i.channel) && !(track && of && !router.includes(of));
    };

    /** What a handler throws is no other's trouble: in a task of its own, the browser reports it. */
    const tell = (name, what) => queueMicrotask(() => on[name]?.(what));

    const take = (items) => {
      for (const i of items) {
        const id = JSON.stringify([i.channel, i.topic, i.key]); // an event has no key and no value
        stale.delete(id);
        if (i.value) rows.set(id, i);
        else rows.delete(id);
      }
      for (const kind of ["row", "event", "gap"]) {
        const some = items.filter((i) => i.kind === kind);
        if (some[0]) tell(`${kind}s`, some);
      }
    };

    const hear = async ({ k: to, i: items, s: status, q: asked }) => {
      if (to !== key && to !== from) return;
      if (asked && token) {
        let answer;
        try {
          answer = await token();
        } catch {} // it goes without
        send({ a: [answer] });
      }
      if (items) take(items.filter(mine));
      if (!status) return;
      if (status.state === "live") take([...stale.values()].map((row) => ({ ...row, value: null })));
      // Of which every channel is denied is stopped, whatever others of the connection are.
      const why = want.map((c) => status.denied?.[c]);
      tell("status", {
        ...status,
        ...(why.every((w) => w) && { state: "stopped", code: "denied", why: why.join("; ") }),
      });
    };

    const s = [join, send, hear]; // to send nothing is to leave
    subscriptions.add(s);
    join();
    const end = () => {
      subscriptions.delete(s);
      send();
    };
    end.track = join;
    return end;
  };

  return {
    subscribe,
    retry: () => post({ r: 2 }),
    close() {
      all(1);
      closed.abort();
      bus = bus?.close();
    },
  };
}
