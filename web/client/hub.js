// The connections of a browser, one per address and filter, and the tabs that share them.

import { newState } from "./state.js";

const kept = 200; // events, for tabs that come later and want history

/**
 * lead serves the tabs that talk over a channel; it returns how to end. The names in messages are short, as they count.
 * What tabs say, k being the connection, the JSON of [address, filter, more to tell it by], and f the subscription:
 *   { k, f, w: [channels, routers, history, token] }  it wants these channels, shows these routers, wants so many
 *                                                     past events, and has a token: 1, or []
 *   { k, f }                                          it is gone
 *   { k, f, a: [token] }                              the token that was asked for
 *   { r }                                             retry: 1, if the connection is dead or waits; 2, whatever is
 * What they hear, k being the connection, or one subscription of it:
 *   { k, i: items, s: status }                        what came, and how it is; one may be missing
 *   { k, q: 1 }                                       the question for a token
 *   {}                                                somebody leads from now on, who knows nothing yet
 */
export function lead(name) {
  const bus = new BroadcastChannel(name);
  const groups = new Map();
  const hear = (m) => {
    if (m.w?.[0][0] && !groups.has(m.k)) groups.set(m.k, newGroup(m.k, bus));
    for (const [key, group] of groups) if ((m.k ?? key) === key && group(m)) groups.delete(key);
  };
  bus.onmessage = ({ data }) => hear(data);
  bus.postMessage({});
  return () => {
    bus.close();
    hear({}); // of no connection: all of them end
  };
}

/**
 * newGroup is one connection and its tabs: a function that takes their messages, and returns true when nobody
 * is left. It makes its EventSource anew by itself: the browser's own way of coming back stops for ever on any
 * status but 200, and does not notice a connection that went silent.
 */
function newGroup(key, bus) {
  const [base, filter] = JSON.parse(key);
  const tabs = new Map();
  const state = newState();
  let status;
  let events = [];
  let asked = []; // the channels of the present connection
  let shown = []; // the routers that it shows, as far as the server was told
  let source;
  let turn = 0; // each attempt is one; what belongs to an older one is not heard any more
  let last = "";
  let idle; // the turn, when the server can be told of others
  let due; // when the present connection counts as dead
  let failures = 0;
  let renewed; // a token was refused since the stream was live
  let timer; // for what comes next: the end of a pause, or of patience
  let token;
  let answer;

  const send = (m) => bus.postMessage({ k: key, ...m });

  /** of lists what the tabs want: 0 channels, 1 routers, 2 numbers of past events, 3 tokens. */
  const of = (i) => [...new Set([...tabs.values()].flatMap((t) => t[i]))];

  const say = (state, code, why, at) => {
    status = { ...status, state, code, why, at };
    send({ s: status });
  };

  /**
   * begin ends what was going on; what f does counts only if nothing else was begun meanwhile. It throws an error, or
   * an answer that says why there is no stream.
   */
  const begin = async (f) => {
    const mine = ++turn;
    clearTimeout(timer);
    source?.close();
    due = Infinity;
    try {
      await f?.(() => mine === turn);
    } catch (answer) {
      const { status } = answer;
      let detail;
      try {
        ({ detail } = await answer.json());
      } catch {} // it is an error, or a proxy speaks HTML
      if (mine !== turn) return;
      if (!(status > 203)) again("lost");
      else if (status === 429 || status > 499) again("busy", detail, answer.headers.get("Retry-After"));
      else end(status < 205 ? "logged-out" : status === 401 ? "expired" : "refused", detail);
    }
  };

  /** start connects, or connects anew, from where it was. */
  const start = () =>
    begin(async (current) => {
      asked = of(0);
      shown = of(1);
      say("connecting");
      await ask();
      const more = last ? { last_event_id: last } : { history: Math.max(...of(2)) };
      if (token) {
        const answer = await request(`/ticket?${query()}`, {});
        if (!answer.ok) throw answer;
        more.ticket = (await answer.json()).ticket;
      }
      if (!current()) return;
      source = new EventSource(`${base}?${query(more)}`);
      watch();
      state.types.forEach((type) => source.addEventListener(type, take));
      source.onerror = () => {
        if (source.readyState < 2) again("lost");
        else
          begin(async () => {
            throw await request(`/check?${query()}`); // an EventSource cannot see why it was refused
          });
      };
    });

  const query = (more) => {
    const all = Object.entries({ partial: 1, channel: asked, router: shown, ...filter, ...more });
    return new URLSearchParams(all.flatMap(([name, list]) => [list].flat().map((v) => [name, v])));
  };

  /** request asks about the stream, or with a body changes something; without a network the answer is 0. */
  const request = (path, body) =>
    fetch(base + path, {
      method: body && "POST",
      body: JSON.stringify(body),
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(20000),
    }).catch(() => 0);

  /** follow tells the server which routers the tabs show now: one request after the other, or they overtake. */
  const follow = async () => {
    const now = of(1);
    const add = now.filter((r) => !shown.includes(r));
    const del = shown.filter((r) => !now.includes(r));
    // Two lists are an empty string together if both are empty.
    if (idle !== turn || !(add + del)) return;
    idle = 0;
    shown = now;
    const mine = turn;
    const answer = await request(`/${status.conn}/track`, { add, del });
    if (mine !== turn) return;
    idle = turn;
    answer.ok ? follow() : again("lost");
  };

  const take = (e) => {
    const { type } = e;
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
    // Before a snapshot comes one that stands for no rows, but for the events that were told.
    last = e.lastEventId || last;
    if (items[0]) send({ i: items });
    watch();
    frames[type]?.(d, items);
  };

  const frames = {
    hello(d) {
      status = d;
      idle = turn;
      watch();
      say("connecting");
      follow();
    },
    event(_, items) {
      events = [...events, ...items].slice(-kept);
    },
    sync() {
      failures = renewed = 0;
      say("live");
    },
    /** Without a new token the stream ends, and says so. */
    async auth() {
      await ask();
      request(`/${status.conn}/auth`, {});
    },
    bye({ reconnect, code, why }) {
      reconnect ? again(code, why, /many|busy/.test(code) && 5) : end(code, why);
    },
  };

  const after = (ms, f) => {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  };

  /** Every heartbeat brings something; after two without, the connection is dead. */
  const watch = () => {
    const ms = status.heartbeat * 2000 || 30000;
    due = Date.now() + ms;
    after(ms, () => again("silent"));
  };

  /** again waits a little, longer each time, and not as long as others, so that a restart is no storm. */
  const again = (code, why, seconds) => {
    begin();
    due = 0;
    const ms = 1000 * (Math.min(seconds | 0, 300) + Math.min(1.6 ** failures++, 10) * (1 + 2 * Math.random()));
    say("waiting", code, why, Date.now() + ms);
    after(ms, start);
  };

  /** end stops for good, unless a new token may help: once. */
  const end = (code, why) => {
    if (!renewed && code === "expired" && of(3)[0]) {
      renewed = 1;
      return start();
    }
    begin();
    asked = [];
    say("stopped", code, why);
  };

  /** ask asks the tabs that have a token for it; whoever answers first is right. */
  const ask = async () => {
    const asking = (resolve) => {
      answer = resolve;
      setTimeout(resolve, 9000);
      send({ q: 1 });
    };
    token = of(3)[0] && (await new Promise(asking));
  };

  return ({ k, f: from, w: want, a: token, r: wake }) => {
    if (want?.[0][0]) {
      // A tab that shows other routers than before is told of those that others show already.
      const past = tabs.has(from) ? [] : events.slice(-want[2] || kept); // none, if no history is wanted
      send({ k: from, i: [...state.rows(), ...past], s: status });
      tabs.set(from, want);
      follow();
      // Who comes may have logged in meanwhile. A page asks for one channel after the other: one start is enough.
      if (!want[0].every((c) => asked.includes(c) && !status.denied?.[c])) after(9, start);
    } else if (wake) {
      if (wake > 1 || Date.now() > due) start();
    } else if (token) answer?.(token[0]);
    else if (!k || (tabs.delete(from) && !tabs.size)) {
      begin();
      return true;
    } else follow();
  };
}
