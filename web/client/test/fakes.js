// The world outside, for tests: an EventSource, a server and tasks that do what they are told.

import { mock } from "node:test";

/** FakeSource is an EventSource whose frames a test sends. */
export class FakeSource {
  static all = [];
  static get last() {
    return FakeSource.all.at(-1);
  }

  readyState = 0;
  #id = "";
  #listeners = new Map();

  constructor(url) {
    this.url = new URL(url);
    FakeSource.all.push(this);
  }

  addEventListener(type, f) {
    this.#listeners.set(type, f);
  }

  close() {
    this.readyState = 2;
  }

  /** send delivers a frame; like a browser it repeats the last id when there is none. */
  send(type, data, id) {
    this.sendText(type, JSON.stringify(data), id);
  }

  /** sendText delivers what a server that is not ours may say. */
  sendText(type, data, id = this.#id) {
    this.#id = id;
    if (this.readyState < 2) this.#listeners.get(type)?.({ type, data, lastEventId: id });
  }

  /** lose ends the connection; refused: by an answer other than 200. */
  lose(refused = false) {
    this.readyState = refused ? 2 : 0;
    this.onerror();
  }

  hello(more = {}) {
    this.send("hello", { conn: "c1", journal: "j", heartbeat: 15, resume: "snapshot", channels: {}, ...more });
  }

  /** start sends a whole first step, with rows of router.live in the channel pub. */
  start(rows = {}, id = "e.10", hello = {}) {
    this.hello(hello);
    this.snapshot(rows);
    this.send("sync", { seq: 10, rows: {} }, id);
  }

  snapshot(rows, part = 1, seq = 5) {
    const list = Object.entries(rows).map(([key, value]) => [key, seq, 1, value]);
    this.send("snapshot", { channel: "pub", topic: "router.live", part, rows: list });
  }

  delta(base, seq, changes, id = `e.${seq}`) {
    const all = changes.map((c) => ({ channel: "pub", topic: "router.live", event: "router.live", seq, n: 1, ...c }));
    this.send("delta", { time: 7, base, seq, changes: all }, id);
  }
}

/** world gives the module a browser, with the answers of a server by "METHOD path". */
export function world(answers = {}) {
  FakeSource.all = [];
  const asked = [];
  const tracked = [];
  const page = new EventTarget();
  Object.assign(globalThis, {
    EventSource: FakeSource,
    location: new URL("http://app.test/dashboard"),
    addEventListener: page.addEventListener.bind(page),
    fetch: async (url, { method = "GET", headers = {}, body: sent } = {}) => {
      const { pathname } = new URL(url);
      if (pathname.endsWith("/track")) tracked.push(JSON.parse(sent));
      asked.push({ path: `${method} ${pathname}`, authorization: headers.Authorization });
      const { status = 404, body = {}, headers: more = {} } = answers[`${method} ${pathname}`] ?? {};
      if (status === 0) throw new TypeError("failed to fetch");
      return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: more });
    },
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  return { asked, tracked, answers, page };
}

/** soon waits, in real time, until a condition holds: messages between tabs are tasks of their own. */
export async function soon(what, holds) {
  const end = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within 5 s: ${what}`);
    await new Promise((next) => setImmediate(next));
  }
}
