import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/app";
import { refusedConfig, routers } from "../src/model";
import { allTraffic, portTraffic, Track } from "../src/tracks";
import { World } from "./fakes";

const publicChannel = { name: "pub", topics: ["router.live", "router.status"], allowed: true };
const interfaces = { name: "ports", topics: ["router.interfaces"], allowed: true };
const stats = (allowed: boolean) => ({ name: "stats", topics: ["dashboard.stats"], allowed, reason: "needs a login" });

let world: World;
let app: App;

beforeEach(() => {
  world = new World();
  app = new App(world);
});

afterEach(() => vi.useRealTimers());

function iAm(user: string, ...channels: object[]): void {
  world.answers.set("/v1/me", { status: 200, body: { user, roles: [], channels } });
}

const row = (last_good: number, more: object = {}) => ({
  state: "online",
  last_good,
  cpu_percent: 5,
  rx_bits_per_second: 100,
  tx_bits_per_second: 10,
  ...more,
});

describe("connecting", () => {
  it("opens what is allowed and shows the rows", async () => {
    iAm("", publicChannel, stats(false));
    await app.connect();
    expect(world.last.url.searchParams.getAll("channel")).toEqual(["pub"]);
    world.last.start({ "router/core-1": row(1000) });
    world.draw();
    expect([...routers(app.fleet.value).keys()]).toEqual(["router/core-1"]);
    expect(app.link.value).toEqual({ kind: "live" });
  });

  it("takes how the server does for no news of a router", async () => {
    iAm("", publicChannel, { name: "admin", topics: ["pipeline.health"], allowed: true });
    await app.connect();
    world.last.start({ "router/core-1": row(1000) });
    world.draw();
    const before = app.lastChange.value;
    const config = { last_reload_successful: false, problem: "a.yaml:3:1: x", problems: 2, time: 5 };
    world.last.delta(10, 11, [
      { channel: "admin", topic: "pipeline.health", key: "config", patch: config, full: true },
    ]);
    world.draw();
    expect(refusedConfig(app.fleet.value)).toEqual({ problem: "a.yaml:3:1: x", more: 1, at: 5 });
    expect(app.lastChange.value).toBe(before);
  });

  it("asks for a login when nothing is", async () => {
    iAm("", stats(false), { ...publicChannel, allowed: false });
    await app.connect();
    expect(world.sources).toEqual([]);
    expect(app.link.value).toEqual({ kind: "locked" });
  });

  it("tries again when the server cannot be reached", async () => {
    world.answers.set("/v1/me", new Error("refused"));
    await app.connect();
    expect(app.link.value).toMatchObject({ kind: "reconnecting" });
    iAm("", publicChannel);
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.sources.length).toBe(1);
  });
});

describe("a login", () => {
  it("opens the other channels and keeps what is shown", async () => {
    iAm("", publicChannel, stats(false));
    await app.connect();
    world.last.start({ "router/core-1": row(1000) });
    world.draw();
    iAm("noc", publicChannel, stats(true));
    world.answers.set("/v1/login", { status: 204 });
    app.loginFor.value = "";
    expect(await app.login("t")).toBe("");
    expect(app.loginFor.value).toBeNull();
    expect(world.sources[0]?.closed).toBe(true);
    expect(world.last.url.searchParams.getAll("channel")).toEqual(["pub", "stats"]);
    expect(routers(app.fleet.value).size).toBe(1);
  });

  it("that is refused says why", async () => {
    world.answers.set("/v1/login", { status: 401, body: { detail: "unknown token" } });
    expect(await app.login("t")).toBe("unknown token");
  });

  it("ends with a logout, which shows nothing of before", async () => {
    iAm("noc", { ...publicChannel });
    await app.connect();
    world.last.start({ "router/core-1": row(1000) });
    world.draw();
    iAm("", { ...publicChannel, allowed: false });
    world.answers.set("/v1/logout", { status: 204 });
    await app.logout();
    expect(routers(app.fleet.value).size).toBe(0);
    expect(app.link.value).toEqual({ kind: "locked" });
  });
});

it("connects anew when the same user logs in again after an end that could not be looked up", async () => {
  iAm("noc", publicChannel);
  await app.connect();
  world.last.start({});
  world.draw();
  world.answers.set("/v1/me", new Error("refused"));
  world.last.send("bye", { code: "session-ended", why: "your session has ended", reconnect: false });
  world.draw();
  await vi.advanceTimersByTimeAsync(0);
  expect(app.link.value.kind).toBe("expired");
  iAm("noc", publicChannel);
  world.answers.set("/v1/login", { status: 200 });
  await app.login("t");
  expect(world.sources.length).toBe(2);
});

describe("a session that ends", () => {
  const expire = async () => {
    world.answers.set("/v1/stream/check", { status: 401, body: { detail: "your session has ended" } });
    world.last.lose(true);
    await vi.advanceTimersByTimeAsync(0);
  };

  it("leaves the page as it is and asks for a login over it", async () => {
    iAm("noc", publicChannel);
    await app.connect();
    world.last.start({ "router/core-1": row(1000) });
    world.draw();
    iAm("", { ...publicChannel, allowed: false });
    await expire();
    expect(app.link.value.kind).toBe("expired");
    expect(app.loginFor.value).toContain("ended");
    expect(routers(app.fleet.value).size).toBe(1);
  });

  it("goes on with what is public, and says so", async () => {
    iAm("noc", publicChannel, stats(true));
    await app.connect();
    world.last.start({});
    world.draw();
    iAm("", publicChannel, stats(false));
    await expire();
    expect(app.loginFor.value).toBeNull();
    expect(app.notice.value).toContain("session has ended");
    expect(world.last.url.searchParams.getAll("channel")).toEqual(["pub"]);
  });
});

describe("a hidden tab", () => {
  it("gives its connections up after a while and goes on where it was", async () => {
    iAm("", publicChannel);
    await app.connect();
    world.last.start({});
    world.draw();
    app.hidden();
    vi.advanceTimersByTime(5000);
    app.seen();
    expect(world.sources.length).toBe(1);
    app.hidden();
    vi.advanceTimersByTime(60_000);
    expect(world.last.closed).toBe(true);
    app.seen();
    expect(world.last.url.searchParams.get("last_event_id")).toBe("e.10.v");
  });
});

describe("one router", () => {
  beforeEach(async () => {
    iAm("", publicChannel, interfaces);
    await app.connect();
    world.last.start({ "router/core-1": row(1000_000) });
    world.draw();
    app.routed("#/router/core-1");
  });

  const port = (name: string, rx: number, type = "ether") => [
    `interface/core-1/${name}`,
    1,
    1,
    { type, rx_bits_per_second: rx, tx_bits_per_second: 1 },
  ];
  const openPorts = (...rows: unknown[]) => {
    world.last.send("hello", {
      heartbeat: 15,
      resume: "snapshot",
      channels: { ports: { "router.interfaces": "state" } },
    });
    world.last.send("snapshot", { channel: "ports", topic: "router.interfaces", part: 1, rows });
    world.last.send("sync", {}, "e.10.x");
    world.draw();
  };
  const matrix = (values: [number, string][]) => ({ status: 200, body: { data: { result: [{ values }] } } });

  it("has a stream of its own, filtered, which ends with its page", () => {
    expect(world.last.url.searchParams.getAll("channel")).toEqual(["ports"]);
    expect(world.last.url.searchParams.getAll("router")).toEqual(["core-1"]);
    const detail = world.last;
    app.routed("#/router/core-1?if=ether1");
    expect(detail.closed).toBe(false);
    app.routed("#/");
    expect(detail.closed).toBe(true);
    expect(app.detail.value).toBeNull();
  });

  it("has the sum of its ports as history, and its own rates as the tail", async () => {
    openPorts(port("ether1", 60), port("ether2", 40), port("bridge", 100, "bridge"));
    world.answers.set(
      "/api/v1/query_range",
      matrix([
        [990, "7"],
        [995, "8"],
      ]),
    );
    const track = new Track(app, "core-1", allTraffic(app, "core-1"));
    await track.load();
    const query = new URL(world.asked.at(-2) ?? "").searchParams.get("query");
    expect(query).toBe(
      'sum(last_over_time(interface_rx_bits_per_second{device="core-1",interface=~"ether1|ether2"}[75s]))',
    );
    expect(track.points.value).toEqual([
      { t: 990, v: [7, 7] },
      { t: 995, v: [8, 8] },
    ]);
    world.sources[0]?.delta(10, 11, [{ key: "router/core-1", patch: { last_good: 1000_500, rx_bits_per_second: 9 } }]);
    world.draw();
    vi.advanceTimersByTime(400);
    expect(track.points.value.at(-1)).toEqual({ t: 1000.5, v: [9, 10] });
    track.close();
  });

  it("takes an idle interface's value at each sample, though nothing of it changed", () => {
    openPorts(port("ether1", 60));
    const track = new Track(app, "core-1", portTraffic(app, "core-1", "ether1"));
    for (const [seq, at] of [
      [11, 1005_000],
      [12, 1010_000],
    ] as const) {
      world.sources[0]?.delta(seq - 1, seq, [{ key: "router/core-1", patch: { last_good: at } }]);
      world.draw();
      vi.advanceTimersByTime(400);
    }
    expect(track.points.value).toEqual([
      { t: 1005, v: [60, 1] },
      { t: 1010, v: [60, 1] },
    ]);
    track.close();
  });

  it("says why there is no history, and the tail runs", async () => {
    openPorts(port("ether1", 60));
    world.answers.set("/api/v1/query_range", { status: 403, body: { detail: "the role viewer is needed" } });
    const track = new Track(app, "core-1", portTraffic(app, "core-1", "ether1"));
    await track.load();
    expect(track.why.value).toBe("the role viewer is needed");
    world.sources[0]?.delta(10, 11, [{ key: "router/core-1", patch: { last_good: 1005_000 } }]);
    world.draw();
    vi.advanceTimersByTime(400);
    expect(track.points.value.length).toBe(1);
    track.close();
  });

  it("fills a hole of the tail from history after a break", async () => {
    openPorts(port("ether1", 60));
    const track = new Track(app, "core-1", portTraffic(app, "core-1", "ether1"));
    const sample = (seq: number, at: number) => {
      world.sources[0]?.delta(seq - 1, seq, [{ key: "router/core-1", patch: { last_good: at } }]);
      world.draw();
      vi.advanceTimersByTime(400);
    };
    sample(11, 1005_000);
    sample(12, 1010_000);
    sample(13, 1100_000);
    world.answers.set(
      "/api/v1/query_range",
      matrix([
        [1005, "1"],
        [1010, "2"],
        [1050, "3"],
        [1095, "4"],
      ]),
    );
    await track.load();
    expect(track.points.value.map((p) => p.t)).toEqual([1005, 1010, 1050, 1095, 1100]);
    track.close();
  });
});
