import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connect } from "../index.js";
import { FakeSource, soon, world } from "./fakes.js";

const open = [];

/** page subscribes as a page would, and notes what it hears. */
function page(options = {}, channels = "pub", filter = {}) {
  const client = options.subscribe ? options : connect({ share: false, ...options });
  open.push(client);
  const p = { client, rows: new Map(), events: [], gaps: 0, statuses: [] };
  p.end = client.subscribe(
    channels,
    {
      rows: (rows) => rows.map((r) => (r.value ? p.rows.set(r.key, r.value) : p.rows.delete(r.key))),
      events: (events) => p.events.push(...events.map((e) => e.data)),
      gaps: (gaps) => (p.gaps += gaps.length),
      status: (s) => p.statuses.push(s),
    },
    filter,
  );
  Object.defineProperty(p, "status", { get: () => p.statuses.at(-1) });
  return p;
}

/** opened waits until so many sources were opened, and returns the last. The clock goes on meanwhile. */
async function opened(n, ms = 30_000) {
  await soon(`${n} connections`, () => {
    mock.timers.tick(10);
    return FakeSource.all.length >= n || (mock.timers.tick(ms) ?? false);
  });
  assert.equal(FakeSource.all.length, n);
  return FakeSource.last;
}

const state = (p, state) => soon(state, () => p.status?.state === state);

afterEach(() => {
  for (const client of open.splice(0)) client.close();
  mock.timers.reset();
});

test("rows, changes and events arrive; the state is live from sync", async () => {
  world();
  const p = page({ url: "/pulse/" }, ["pub", "priv"], { router: ["core-1", "core-2"], history: 5 });
  const source = await opened(1, 0);
  assert.equal(source.url.pathname, "/pulse/v1/stream");
  assert.deepEqual(source.url.searchParams.getAll("channel"), ["pub", "priv"]);
  assert.deepEqual(source.url.searchParams.getAll("router"), ["core-1", "core-2"]);
  assert.equal(source.url.searchParams.get("history"), "5");
  source.start({ "router/core-1": { cpu: 1 } });
  await state(p, "live");
  source.delta(10, 11, [{ key: "router/core-1", patch: { cpu: 2 } }]);
  source.send("event", { channel: "priv", topic: "router.status", pos: 1, data: { to: "offline" } });
  source.send("event", { channel: "other", topic: "router.status", pos: 1, data: { to: "online" } });
  source.send("gap", { channel: "pub", topic: "router.status", pos: 9, why: "expired" });
  await soon("the gap", () => p.gaps === 1);
  assert.deepEqual([...p.rows], [["router/core-1", { cpu: 2 }]]);
  assert.deepEqual(p.events, [{ to: "offline" }]);
});

test("a broken connection is made anew from where it was", async () => {
  world();
  const p = page();
  const first = await opened(1, 0);
  first.start({ a: { cpu: 1 }, b: {} });
  first.delta(10, 11, [{ key: "a", patch: { cpu: 2 } }]);
  first.lose();
  await state(p, "waiting");
  assert.equal(p.status.code, "lost");
  assert.ok(p.status.at > Date.now());
  const second = await opened(2);
  assert.equal(first.readyState, 2, "the browser does not try as well");
  assert.equal(second.url.searchParams.get("last_event_id"), "e.11");
  second.hello({ resume: "delta" });
  second.delta(11, 15, [{ key: "a", patch: { cpu: 3 } }], "");
  second.send("sync", { seq: 15 }, "e.15");
  await soon("the missed change", () => p.rows.get("a")?.cpu === 3);
  assert.ok(p.rows.has("b"));
});

test("a snapshot that was cut off is not resumed, but loses no event", async () => {
  world();
  page();
  const first = await opened(1, 0);
  first.start({ a: {} });
  first.lose();
  const second = await opened(2);
  second.hello();
  second.send("ping", { seq: 12 }, "e.12.between");
  second.snapshot({ a: {} });
  second.lose();
  assert.equal((await opened(3)).url.searchParams.get("last_event_id"), "e.12.between");
});

test("silence for two heartbeats ends a connection", async () => {
  world();
  const p = page();
  const first = await opened(1, 0);
  first.start({}, "e.10", { heartbeat: 2 });
  await state(p, "live");
  mock.timers.tick(3900);
  first.send("ping", { seq: 10 }, "e.10");
  mock.timers.tick(3900);
  assert.equal(first.readyState, 0);
  mock.timers.tick(200);
  await state(p, "waiting");
  assert.equal(p.status.code, "silent");
  assert.equal((await opened(2)).url.searchParams.get("last_event_id"), "e.10");
});

test("whoever missed something starts anew", async () => {
  world();
  const p = page();
  const first = await opened(1, 0);
  first.start();
  first.delta(12, 13, []);
  await state(p, "waiting");
  assert.equal(p.status.code, "missed");
  assert.equal((await opened(2)).url.searchParams.get("last_event_id"), null);
});

test("a goodbye says whether to come back", async () => {
  world();
  const p = page();
  const first = await opened(1, 0);
  first.start();
  first.send("bye", { code: "shutdown", why: "The server stops.", reconnect: true });
  await state(p, "waiting");
  assert.deepEqual([p.status.code, p.status.why], ["shutdown", "The server stops."]);
  const second = await opened(2);
  second.start();
  second.send("bye", { code: "logged-out", why: "You logged out.", reconnect: false });
  await state(p, "stopped");
  assert.deepEqual([p.status.code, p.status.why], ["logged-out", "You logged out."]);
  mock.timers.tick(3_600_000);
  assert.equal(FakeSource.all.length, 2);
  p.client.retry();
  await opened(3, 0);
});

for (const [status, detail, state_, code] of [
  [401, "channel priv needs an identity", "stopped", "expired"],
  [403, "channel priv is for admins", "stopped", "refused"],
  [204, undefined, "stopped", "logged-out"],
  [429, "20 streams are too many", "waiting", "busy"],
  [502, undefined, "waiting", "busy"],
  [0, undefined, "waiting", "lost"],
]) {
  test(`a stream that was refused: ${status}`, async () => {
    const { asked } = world({ "GET /v1/stream/check": { status, body: { detail }, headers: { "Retry-After": "60" } } });
    const p = page();
    (await opened(1, 0)).lose(true);
    await state(p, state_);
    assert.deepEqual([p.status.code, p.status.why], [code, detail]);
    assert.deepEqual(asked, [{ path: "GET /v1/stream/check", authorization: undefined }]);
    if (code === "busy") assert.ok(p.status.at > Date.now() + 60_000);
  });
}

test("one channel that is denied stops who has no other", async () => {
  world();
  const both = page({}, ["pub", "priv"]);
  const one = page(both.client, "priv");
  const source = await opened(1, 0);
  source.start({ a: {} }, "e.10", { denied: { priv: "channel priv needs an identity" } });
  await state(both, "live");
  await state(one, "stopped");
  assert.deepEqual(both.status.denied, { priv: "channel priv needs an identity" });
  assert.deepEqual([one.status.code, one.status.why], ["denied", "channel priv needs an identity"]);
});

test("subscriptions share a connection; who comes later is told what is known", async () => {
  world();
  const first = page({}, "pub");
  const source = await opened(1, 0);
  source.start({ a: { cpu: 1 } });
  source.send("event", { channel: "pub", topic: "router.status", pos: 1, data: { n: 1 } });
  source.send("event", { channel: "pub", topic: "router.status", pos: 2, data: { n: 2 } });
  await state(first, "live");
  const later = page(first.client, "pub", { history: 1 });
  await state(later, "live");
  assert.deepEqual([...later.rows], [["a", { cpu: 1 }]]);
  assert.deepEqual(later.events, [{ n: 2 }]);
  assert.equal(FakeSource.all.length, 1);

  const more = page(first.client, "priv");
  const second = await opened(2, 0);
  assert.equal(source.readyState, 2);
  assert.deepEqual(second.url.searchParams.getAll("channel"), ["pub", "priv"]);
  first.end();
  later.end();
  await new Promise((next) => setImmediate(next));
  assert.equal(second.readyState, 0, "one is left");
  more.end();
  await soon("the end", () => second.readyState === 2);
});

test("a token becomes a ticket, and a new one is handed over in time", async () => {
  const { asked, answers } = world({
    "POST /v1/stream/ticket": { status: 200, body: { ticket: "t-1" } },
    "POST /v1/stream/c1/auth": { status: 204 },
  });
  let n = 0;
  const p = page({ token: async () => `token-${++n}` });
  const source = await opened(1, 0);
  assert.equal(source.url.searchParams.get("ticket"), "t-1");
  assert.ok(!source.url.search.includes("token-"));
  source.start();
  await state(p, "live");
  source.send("auth", { expires: 1 });
  await soon("the new token", () => asked.length === 2);
  assert.deepEqual(asked, [
    { path: "POST /v1/stream/ticket", authorization: "Bearer token-1" },
    { path: "POST /v1/stream/c1/auth", authorization: "Bearer token-2" },
  ]);

  source.send("bye", { code: "expired", why: "The token has ended.", reconnect: false });
  assert.equal((await opened(2, 0)).url.searchParams.get("ticket"), "t-1");
  answers["POST /v1/stream/ticket"] = { status: 401, body: { detail: "the token has ended" } };
  FakeSource.last.send("bye", { code: "expired", why: "The token has ended.", reconnect: false });
  await state(p, "stopped");
  assert.equal(p.status.why, "The token has ended.");
});

const followed = (world) => soon("the routers", () => world.tracked.length > 0).then(() => world.tracked.splice(0));

test("tabs track routers over one connection; each gets its own", async () => {
  const server = world({ "POST /v1/stream/c1/track": { status: 200 } });
  Object.defineProperty(globalThis, "navigator", { value: { locks: locks() }, configurable: true });
  const a = page({ share: true }, "pub", { track: true, router: ["r1", "r2"] });
  const source = await opened(1, 0);
  assert.deepEqual(source.url.searchParams.getAll("router"), ["r1", "r2"]);
  assert.equal(source.url.searchParams.get("track"), "1");
  source.start({ "router/r1": { v: 1 }, "router/r2": { v: 1 }, fleet: { v: 1 } });
  await state(a, "live");

  const b = page({ share: true }, "pub", { track: true, router: ["r2", "r3"] });
  assert.deepEqual(await followed(server), [{ add: ["r3"], del: [] }]);
  await state(b, "live");
  source.delta(10, 12, [{ key: "router/r3", full: true, patch: { v: 1 } }]);
  await soon("what the other tab tracks, too", () => b.rows.size === 3);
  assert.deepEqual([...b.rows.keys()], ["router/r2", "fleet", "router/r3"]);
  assert.deepEqual([...a.rows.keys()], ["router/r1", "router/r2", "fleet"]);
  const event = (router, pos) => ({ channel: "pub", topic: "router.status", pos, data: { router } });
  source.send("event", event("r1", 1));
  source.send("event", event("r3", 2));
  await soon("the event", () => b.events.length === 1);
  assert.deepEqual([a.events, b.events], [[{ router: "r1" }], [{ router: "r3" }]]);

  a.end.track(["r3"]); // which the other tab shows
  assert.deepEqual(await followed(server), [{ add: [], del: ["r1"] }]);
  await soon("the rows of the other tab", () => a.rows.has("router/r3") && !a.rows.has("router/r1"));
  assert.deepEqual([...a.rows.keys()].sort(), ["fleet", "router/r3"]);
  b.end();
  assert.deepEqual(await followed(server), [{ add: [], del: ["r2"] }]);
  assert.equal(FakeSource.all.length, 1);

  source.lose();
  const next = await opened(2);
  assert.deepEqual(next.url.searchParams.getAll("router"), ["r3"], "so that its id still fits");
  assert.equal(next.url.searchParams.get("last_event_id"), "e.12");
});

test("what scrolls by while the server is told is told in one step, in order", async () => {
  const server = world({ "POST /v1/stream/c1/track": { status: 200 } });
  const fetched = globalThis.fetch;
  const held = [];
  globalThis.fetch = async (...args) => {
    const answer = await fetched(...args);
    await new Promise((go) => held.push(go));
    return answer;
  };
  const p = page({}, "pub", { track: true });
  const source = await opened(1, 0);
  source.start();
  await state(p, "live");
  p.end.track(["r1"]);
  assert.deepEqual(await followed(server), [{ add: ["r1"], del: [] }]);
  await soon("its answer", () => held.length === 1);
  const before = p.statuses.length;
  for (const list of [["r2"], ["r3"], ["r4", "r5"]]) p.end.track(list);
  await soon("the hub heard them", () => p.statuses.length >= before + 3);
  assert.deepEqual(server.tracked, [], "one after the other");
  held.pop()();
  assert.deepEqual(await followed(server), [{ add: ["r4", "r5"], del: ["r1"] }]);
  await soon("its answer", () => held.length === 1);

  server.answers["POST /v1/stream/c1/track"] = { status: 404 };
  held.pop()();
  p.end.track([]);
  await soon("the last request", () => held.length === 1);
  held.pop()();
  const next = await opened(2);
  assert.deepEqual(next.url.searchParams.getAll("router"), [], "a stream that is not there any more is made anew");
});

test("a machine that slept looks at its connection when it is seen", async (t) => {
  const { page: window } = world();
  const p = page();
  const first = await opened(1, 0);
  first.start();
  await state(p, "live");
  window.dispatchEvent(new Event("visibilitychange"));
  first.delta(10, 11, [{ key: "a", patch: {} }]);
  await soon("a change", () => p.rows.has("a"));
  assert.equal(FakeSource.all.length, 1, "it is fresh");
  const now = Date.now();
  t.mock.method(Date, "now", () => now + 3_600_000); // no timer ran meanwhile
  window.dispatchEvent(new Event("visibilitychange"));
  await soon("another connection", () => FakeSource.all.length === 2);
  assert.equal(FakeSource.last.url.searchParams.get("last_event_id"), "e.11");
});

for (const data of ["", "<html>502 Bad Gateway</html>", "null", '{"changes":7,"base":10,"seq":11}', "[[]"]) {
  test(`a frame that is none ends the connection: ${data}`, async () => {
    world();
    const p = page();
    const first = await opened(1, 0);
    first.start({ a: { v: 1 } });
    await state(p, "live");
    first.sendText("delta", data, "e.11");
    await state(p, "waiting");
    assert.equal(p.status.code, "missed");
    assert.deepEqual([...p.rows], [["a", { v: 1 }]]);
    assert.equal((await opened(2)).url.searchParams.get("last_event_id"), null);
  });
}

test("after the end nothing is sent any more, and nothing thrown", async () => {
  world();
  const p = page();
  const source = await opened(1, 0);
  p.client.close();
  p.end();
  p.client.retry();
  await soon("the end", () => source.readyState === 2);
});

test("a page that has no token goes without", async () => {
  world();
  page({
    token: () => {
      throw new Error("nobody is logged in");
    },
  });
  assert.equal((await opened(1, 0)).url.searchParams.get("ticket"), null);
});

test("without SharedWorker one tab leads, and the next when it goes", async () => {
  const { page: window } = world();
  Object.defineProperty(globalThis, "navigator", { value: { locks: locks() }, configurable: true });
  const first = page({ share: true });
  const source = await opened(1, 0);
  source.start({ a: { cpu: 1 }, b: {} });
  await state(first, "live");
  const second = page({ share: true });
  await state(second, "live");
  assert.deepEqual([...second.rows.keys()], ["a", "b"]);
  assert.equal(FakeSource.all.length, 1);

  first.client.close();
  const next = await opened(2, 0);
  assert.equal(source.readyState, 2);
  next.start({ a: { cpu: 2 } });
  await soon("what is gone since is gone", () => second.rows.size === 1);
  assert.deepEqual([...second.rows], [["a", { cpu: 2 }]]);

  window.dispatchEvent(new Event("pagehide"));
  await soon("a page that is hidden leaves", () => next.readyState === 2);
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await opened(3, 0);
});

/** locks is navigator.locks, for one name. */
function locks() {
  let last = Promise.resolve();
  return {
    request(_, { signal }, f) {
      const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      const turn = last.then(() => (signal.aborted ? undefined : f()));
      last = turn;
      return Promise.race([turn, aborted]);
    },
  };
}
