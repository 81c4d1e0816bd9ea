import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import Echo from "laravel-echo";
import { RouterPulse } from "../echo.js";
import { FakeSource, soon, world } from "./fakes.js";

let echo;

afterEach(() => {
  echo.disconnect();
  mock.timers.reset();
});

/** begin makes Echo as a page does, and lets it ask for its channels with listen. */
async function begin(listen, options = {}) {
  const { asked } = world({ "POST /v1/stream/ticket": { status: 200, body: { ticket: "t" } } });
  echo = new Echo({ broadcaster: RouterPulse, withoutInterceptors: true, share: false, ...options });
  listen(echo);
  await soon("a connection", () => {
    mock.timers.tick(10);
    return FakeSource.all.length > 0;
  });
  return { source: FakeSource.last, asked };
}

const table = { channel: "public-traidnet", topic: "router.live", event: "RouterLiveDataUpdated" };
const keys = { "public-traidnet": { "router.live": ["name"], "router.interfaces": ["router", "interface"] } };

/** rows sends a first step. */
function rows(source, list) {
  source.hello({ keys });
  source.send("snapshot", { ...table, part: 1, rows: list });
  source.send("sync", { seq: 10, rows: {} }, "e.10");
}

const event = (channel, event, data, pos) => ["event", { channel, topic: "t", event, pos, data }];

test("a page gets whole rows under its names", async () => {
  const told = [];
  const { source } = await begin((echo) => {
    echo.channel("public-traidnet").listen("RouterLiveDataUpdated", (e) => told.push(e));
  });
  rows(source, [["router/core-1", 5, 1, { cpu: 1, version: "7.20" }]]);
  source.send(
    "delta",
    { time: 1, base: 10, seq: 11, changes: [{ ...table, key: "router/core-1", seq: 11, n: 2, patch: { cpu: 2 } }] },
    "e.11",
  );
  source.send(
    "delta",
    { time: 1, base: 11, seq: 12, changes: [{ ...table, key: "router/core-1", seq: 12, n: 3, patch: null }] },
    "e.12",
  );
  const port = { ...table, topic: "router.interfaces", event: "RouterLiveDataUpdated", key: "interface/core-1/a/b" };
  source.send(
    "delta",
    { time: 1, base: 12, seq: 13, changes: [{ ...port, seq: 13, n: 1, patch: { up: true } }] },
    "e.13",
  );
  await soon("four rows", () => told.length === 4);
  assert.deepEqual(told, [
    { name: "core-1", cpu: 1, version: "7.20" },
    { name: "core-1", cpu: 2, version: "7.20" },
    { name: "core-1", removed: true },
    { router: "core-1", interface: "a/b", up: true },
  ]);
});

test("names with slashes and worse come whole", async () => {
  const names = [
    "sfp-sfpplus1/vlan10",
    "a//b",
    "/",
    "x/",
    "__proto__",
    "constructor",
    '"\u2028 é',
    "%2F",
    " ",
    "<b>\r\n",
  ];
  const told = new Map();
  const { source } = await begin((echo) => {
    echo.channel("public-traidnet").listen("Interface", (e) => told.set(e.interface, e));
    echo.channel("public-traidnet").listenToAll((_, e) => Object.hasOwn(e, "interface") || assert.fail(e));
  });
  source.hello({ keys });
  const ports = { channel: "public-traidnet", topic: "router.interfaces", event: "Interface" };
  const list = names.map((name) => [`interface/core-1/${name}`, 5, 1, { name, __proto__: null }]);
  source.send("snapshot", { ...ports, part: 1, rows: list });
  source.send("sync", { seq: 10, rows: {} }, "e.10");
  await soon("all interfaces", () => told.size === names.length);
  for (const name of names) assert.deepEqual({ ...told.get(name) }, { router: "core-1", interface: name, name });
  const changes = names.map((name) => ({ ...ports, key: `interface/core-1/${name}`, seq: 11, n: 2, patch: null }));
  source.send("delta", { time: 1, base: 10, seq: 11, changes }, "e.11");
  await soon("all are gone", () => [...told.values()].every((e) => e.removed));
  assert.deepEqual([...told.keys()], names);
});

test("a channel may be left, and taken up again", async () => {
  const told = [];
  let others = 0;
  const { source } = await begin((echo) => {
    echo.channel("c").on("E", (e) => told.push(e.n));
    echo.channel("d").on("E", () => others++);
  });
  rows(source, []);
  source.send(...event("c", "E", { n: 0 }, 1));
  await soon("an event", () => told.length === 1);
  echo.channel("c").unsubscribe();
  source.send(...event("c", "E", { n: 1 }, 2));
  source.send(...event("d", "E", { n: 1 }, 1));
  await soon("what came meanwhile", () => others === 1);
  echo.channel("c").subscribe();
  echo.channel("c").subscribe();
  let live = false;
  echo.channel("c").subscribed(() => (live = true));
  await soon("it is subscribed again", () => live);
  source.send(...event("c", "E", { n: 2 }, 3));
  await soon("the next event", () => told.length === 2);
  assert.deepEqual(told, [0, 2]);
});

test("events are found by their names, with namespace and without", async () => {
  const told = [];
  const note = (name) => (e) => told.push([name, e.n]);
  const { source } = await begin((echo) => {
    echo.private("router-status").listen(".router.status.changed", note("dot"));
    echo.private("router-status").listen("Payment.Received", note("namespace"));
    echo.private("router-status").notification(note("notification"));
    echo.private("router-status").listenForWhisper("typing", note("whisper"));
    echo.private("router-status").listenToAll((name, e) => told.push([name, e.n]));
    echo.listen("public-traidnet", "RouterConnected", note("other channel"));
  });
  assert.deepEqual(source.url.searchParams.getAll("channel"), ["private-router-status", "public-traidnet"]);
  rows(source, []);
  const channel = "private-router-status";
  source.send(...event(channel, "router.status.changed", { n: 1 }, 1));
  source.send(...event(channel, "App\\Events\\Payment\\Received", { n: 2 }, 2));
  source.send(...event(channel, "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated", { n: 3 }, 3));
  source.send(...event("public-traidnet", "RouterConnected", { n: 4 }, 4));
  await soon("all events", () => told.length === 7);
  assert.deepEqual(told, [
    ["dot", 1],
    [".router.status.changed", 1],
    ["namespace", 2],
    [".App\\Events\\Payment\\Received", 2],
    ["notification", 3],
    [".Illuminate\\Notifications\\Events\\BroadcastNotificationCreated", 3],
    ["other channel", 4],
  ]);
});

test("a listener that comes later begins with the rows; what did not change is told once", async () => {
  const first = [];
  const later = [];
  const { source } = await begin((echo) => {
    echo.channel("public-traidnet").listen("RouterLiveDataUpdated", (e) => first.push(e));
  });
  rows(source, [["router/core-1", 5, 1, { cpu: 1 }]]);
  await soon("the row", () => first.length === 1);
  echo.channel("public-traidnet").listen("RouterLiveDataUpdated", (e) => later.push(e));
  await soon("the row again", () => later.length === 1);
  assert.deepEqual(later, first);
  echo.private("other").listen("E", () => {});
  await soon("another connection", () => {
    mock.timers.tick(10);
    return FakeSource.all.length === 2;
  });
  rows(FakeSource.last, [
    ["router/core-1", 5, 1, { cpu: 1 }],
    ["router/core-2", 5, 1, { cpu: 7 }],
  ]);
  await soon("the new row", () => first.length > 1);
  assert.deepEqual(first.slice(1), [{ name: "core-2", cpu: 7 }]);
});

test("stopListening and leave end what they name", async () => {
  const told = [];
  const keep = (e) => told.push(e.n);
  const stop = () => assert.fail("it was stopped");
  const { source } = await begin((echo) => {
    echo.channel("c").listen("E", keep).listen("E", stop).listen("F", stop);
    echo.channel("c").stopListening("E", stop).stopListening("F");
    echo.private("left").listen("E", stop);
  });
  rows(source, []);
  echo.leave("left");
  source.send(...event("private-left", "E", { n: 1 }, 1));
  source.send(...event("c", "F", { n: 2 }, 2));
  source.send(...event("c", "E", { n: 3 }, 3));
  await soon("the event", () => told.length === 1);
  assert.deepEqual(told, [3]);
  echo.leaveAllChannels();
  await soon("the end", () => source.readyState === 2);
});

test("the page hears how it is, and why it is refused", async () => {
  const heard = [];
  const { source, asked } = await begin(
    (echo) => {
      echo.connector.onConnectionChange((s) => heard.push(s));
      echo.channel("public-traidnet").subscribed(() => heard.push("subscribed"));
      echo.private("payments").error(({ code, why }) => heard.push(`${code}: ${why}`));
    },
    { bearerToken: "secret" },
  );
  assert.equal(asked[0].authorization, "Bearer secret");
  source.start({}, "e.10", { denied: { "private-payments": "channel private-payments is for admins" } });
  await soon("the reason", () => heard.includes("connected"));
  source.lose();
  await soon("the break", () => heard.at(-1) === "reconnecting");
  assert.deepEqual(heard, [
    "connecting",
    "denied: channel private-payments is for admins",
    "subscribed",
    "connected",
    "reconnecting",
  ]);
  assert.equal(echo.connectionStatus(), "reconnecting");
  assert.equal(echo.socketId(), undefined);
  assert.throws(() => echo.join("room"), /presence channel room: RouterPulse does not tell/);
  assert.throws(() => echo.encryptedPrivate("room"), /encrypted/);
  assert.throws(() => echo.connector.pusher.connection, /there is no Pusher below: use echo.connectionStatus/);
  assert.throws(() => echo.connector.socket.on("connect"), /there is no Pusher below/);
  echo.connector.signin();
  echo.leave("room");
  assert.throws(() => echo.private("payments").whisper("typing", {}), /the stream|stream goes one way/);
});
