// The connections of a browser, one per address and filter, and the tabs that share them.

import { newState } from "./state.js";

const kept = 200; // events, for tabs that come later and want history

/**
 * lead serves the tabs that talk over a channel; it returns how to end. Each message says which tab it is from:
 *   { key, base, filter, want, history, token }  the channels that it wants of a connection; none: it is gone
 *   { key, answer }                              the token that it was asked for
 *   { wake }                                     look whether the connection is dead, and do not wait any longer; 2: connect
 *                                                anew, whatever is
 * All tabs hear { key, items }, { key, status } and { key, ask }; with to, it is for one of them. What has
 * no key says that somebody leads from now on, who knows nothing yet.
 */
export function lead(name) {
  const bus = new BroadcastChannel(name);
  const groups = new Map();
  const post = (m) => bus.postMessage(m);
  const hear = (m) => {
    if (m.want?.length && !groups.has(m.key)) groups.set(m.key, newGroup(m, post));
    for (const [key, group] of groups) if ((m.key ?? key) === key && group(m)) groups.delete(key);
  };
  bus.onmessage = (e) => hear(e.data);
  post({});
  return () => {
    bus.close();
    hear({ end: 1 });
  };
}

/**
 * newGroup is one connection and its tabs: a function that takes their messages, and returns true when nobody
 * is left. It makes its EventSource anew by itself: the browser's own way of coming back stops for ever on any
 * status but 200, and does not notice a connection that went silent.
 */
function newGroup({ key, base, filter }, send) {
  const tabs = new Map();
  const state = newState();
  let status;
  let events = [];
  let asked = []; // the channels of the present connection
  let source;
  let turn = 0; // each attempt is one; what belongs to an older one is not heard any more
  let last = "";
  let shown;
  let hello = {};
  let due; // when the present connection counts as dead
  let failures = 0;
  let trusted = true; // no token was refused since the stream was live
  let timer; // for what comes next: the end of a pause, or of patience
  let token;
  let answer;

  const of = (name) => [...tabs.values()].flatMap((t) => t[name]);

  const say = (next) => {
    status = { ...hello, ...next };
    send({ key, status });
  };

  /** begin ends what was going on; what f does counts only if nothing else was begun meanwhile. */
  const begin = async (f) => {
    const mine = ++turn;
    clearTimeout(timer);
    source?.close();
    due = Infinity;
    try {
      await f?.(() => mine === turn);
    } catch {
      if (mine === turn) again("lost");
    }
  };

  /** start connects, or connects anew, from where it was. */
  const start = () =>
    begin(async (current) => {
      asked = [...new Set(of("want"))];
      say({ state: "connecting" });
      await ask();
      const more = last ? { last_event_id: last } : { history: Math.max(...of("history")) };
      if (token) {
        const answer = await request(`/ticket${query()}`, "POST");
        if (!answer.ok) return refused(answer, current);
        more.ticket = (await answer.json()).ticket;
      }
      if (!current()) return;
      source = new EventSource(base + query(more));
      shown = "";
      watch();
      for (const type of state.types) source.addEventListener(type, (e) => current() && take(type, e));
      source.onerror = () => current() && (source.readyState > 1 ? check() : again("lost"));
    });

  const query = (more) => {
    const all = Object.entries({ partial: 1, channel: asked, ...filter, ...more });
    return `?${new URLSearchParams(all.flatMap(([name, list]) => [list].flat().map((v) => [name, v])))}`;
  };

  const request = (path, method) =>
    fetch(base + path, {
      method,
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(20000),
    });

  /** check learns why the stream was refused, which an EventSource cannot see. */
  const check = () => begin(async (current) => refused(await request(`/check${query()}`), current));

  const refused = async (answer, current) => {
    const { status } = answer;
    const { detail } = await answer.json().catch(() => ({}));
    if (!current()) return;
    if (status < 204) again("lost");
    else if (status === 429 || status > 499) again("busy", detail, answer.headers.get("Retry-After"));
    else end({ 204: "logged-out", 401: "expired" }[status] ?? "refused", detail);
  };

  const take = (type, e) => {
    let d;
    let items;
    try {
      d = JSON.parse(e.data);
      items = state.apply(type, d);
    } catch {} // what came is no frame of RouterPulse: nobody knows what was lost
    if (!items) {
      last = "";
      return again("missed");
    }
    // A snapshot replaces what the old cursor stood for. Cut off in the middle, nothing can be resumed.
    if (type === "snapshot") last = "";
    if (e.lastEventId !== shown) last = shown = e.lastEventId;
    if (type === "hello") {
      hello = d;
      say({ state: "connecting" });
    }
    watch();
    if (type === "bye") return d.reconnect ? again(d.code, d.why, /many|busy/.test(d.code) && 5) : end(d.code, d.why);
    // Without a new token the stream ends, and says so.
    if (type === "auth")
      ask()
        .then(() => request(`/${hello.conn}/auth`, "POST"))
        .catch(() => {});
    if (type === "event") events = [...events, ...items].slice(-kept);
    if (items.length) send({ key, items });
    if (type !== "sync") return;
    failures = 0;
    trusted = true;
    say({ state: "live" });
  };

  const after = (ms, f) => {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  };

  /** Every heartbeat brings something; after two without, the connection is dead. */
  const watch = () => {
    const ms = hello.heartbeat * 2000 || 30000;
    due = Date.now() + ms;
    after(ms, () => again("silent"));
  };

  /** again waits a little, longer each time, and not as long as others, so that a restart is no storm. */
  const again = (code, why, seconds) => {
    begin();
    due = 0;
    const ms = 1000 * (Math.min(+seconds || 0, 300) + Math.min(1.6 ** failures++, 10) * (1 + 2 * Math.random()));
    say({ state: "waiting", code, why, at: Date.now() + ms });
    after(ms, start);
  };

  /** end stops for good, unless a new token may help: once. */
  const end = (code, why) =>
    begin(async (current) => {
      if (trusted && code === "expired") {
        trusted = false;
        await ask();
        if (token && current()) return start();
      }
      if (current()) say({ state: "stopped", code, why });
    });

  /** ask asks the tabs that have a token for it; whoever answers first is right. */
  const ask = async () => {
    const asking = (resolve) => {
      answer = resolve;
      setTimeout(resolve, 9000);
      send({ key, ask: 1 });
    };
    token = of("token").includes(true) && (await new Promise(asking));
  };

  return (m) => {
    if (m.want?.length) {
      if (!tabs.has(m.from)) {
        const past = events.slice(-m.history || kept); // none, if no history is wanted
        send({ key, to: m.from, items: [...state.rows(), ...past], status });
      }
      tabs.set(m.from, m);
      // Who comes may have logged in meanwhile. A page asks for one channel after the other: one start is enough.
      if (status?.state === "stopped" || !m.want.every((c) => asked.includes(c) && !status.denied?.[c]))
        after(9, start);
    } else if (m.wake) {
      if (m.wake > 1 || Date.now() > due) start();
    } else if ("answer" in m) answer?.(m.answer);
    else if (m.end || (tabs.delete(m.from) && !tabs.size)) {
      begin();
      return true;
    }
  };
}
