import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Link } from "../src/link";
import type { Frame } from "../src/protocol";
import { Stream } from "../src/stream";
import { World } from "./fakes";

let world: World;
let links: Link[];
let batches: Frame[][];
let refusals: number[];
let missed: string | null;
let stream: Stream;

beforeEach(() => {
  world = new World();
  links = [];
  batches = [];
  refusals = [];
  missed = null;
  stream = new Stream(world.base, { channels: ["pub", "stats"], routers: ["core-1"], history: 5 }, world, {
    frames: (frames) => {
      batches.push([...frames]);
      return missed;
    },
    link: (l) => links.push(l),
    refused: (status) => refusals.push(status),
  });
  stream.start();
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

const kind = () => links.at(-1)?.kind;
const cursor = () => world.last.url.searchParams.get("last_event_id");

describe("connecting", () => {
  it("asks for all channels, and for history at a fresh start only", () => {
    const p = world.last.url.searchParams;
    expect(world.last.url.pathname).toBe("/v1/stream");
    expect(p.getAll("channel")).toEqual(["pub", "stats"]);
    expect(p.getAll("router")).toEqual(["core-1"]);
    expect(p.get("history")).toBe("5");
    expect(cursor()).toBeNull();
  });

  it("is live after sync and not before", () => {
    world.last.send("hello", { heartbeat: 15, resume: "snapshot", channels: {} });
    world.draw();
    expect(kind()).toBe("connecting");
    world.last.send("sync", {}, "id1");
    expect(kind()).toBe("connecting");
    world.draw();
    expect(kind()).toBe("live");
  });

  it("hands all frames of one picture on together", () => {
    world.last.start();
    world.last.delta(10, 11, []);
    world.last.delta(11, 12, []);
    expect(batches).toEqual([]);
    world.draw();
    expect(batches.map((b) => b.map((f) => f.type))).toEqual([["hello", "snapshot", "sync", "delta", "delta"]]);
  });

  it("gives up on a server that says nothing", () => {
    vi.advanceTimersByTime(15_001);
    expect(kind()).toBe("reconnecting");
    expect(world.sources[0]?.closed).toBe(true);
  });
});

describe("a lost connection", () => {
  it("is taken up from the cursor, after a countdown", () => {
    world.last.start();
    world.draw();
    world.last.delta(10, 11, [], "e.11.v");
    world.last.lose();
    const link = links.at(-1);
    expect(link).toMatchObject({ kind: "reconnecting", why: "lost", at: Date.now() + 3000 });
    // What had arrived is applied, though no picture was drawn: the cursor is already behind it.
    expect(batches.at(-1)?.map((f) => f.type)).toEqual(["delta"]);
    vi.advanceTimersByTime(3000);
    expect(world.sources.length).toBe(2);
    expect(cursor()).toBe("e.11.v");
    expect(world.last.url.searchParams.has("history")).toBe(false);
  });

  it("comes back with what stands for the events alone when it was cut in the middle of a snapshot", () => {
    world.last.start();
    world.draw();
    world.last.lose();
    vi.advanceTimersByTime(3000);
    world.last.send("hello", { heartbeat: 15, resume: "snapshot", channels: {} });
    world.last.send("ping", { seq: 9, time: 1 }, "events-9");
    world.last.send("snapshot", { channel: "pub", topic: "router.live", part: 1, rows: [] });
    world.last.lose();
    vi.advanceTimersByTime(10_000);
    expect(world.sources.length).toBe(3);
    expect(cursor()).toBe("events-9");
  });

  it("waits longer each time, and stays at half a minute", () => {
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      world.last.lose();
      const link = links.at(-1);
      const at = link && "at" in link ? link.at : 0;
      waits.push(at - Date.now());
      vi.advanceTimersByTime(at - Date.now());
    }
    expect(waits[0]).toBe(3000);
    expect(waits[1]).toBe(4800);
    expect(waits.at(-1)).toBe(30_000);
    expect(links.at(-1)).toMatchObject({ since: 1_000_000 });
  });

  it("counts from the start again once it was live", () => {
    world.last.lose();
    vi.advanceTimersByTime(3000);
    world.last.start();
    world.draw();
    world.last.lose();
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", at: Date.now() + 3000, since: Date.now() });
  });

  it("is called offline when the machine has no network", () => {
    world.isOnline = false;
    world.last.lose();
    expect(kind()).toBe("offline");
  });

  it("is noticed when two pings do not come", () => {
    world.last.start();
    world.draw();
    vi.advanceTimersByTime(37_000);
    world.last.send("ping", {}, "e.12.v");
    vi.advanceTimersByTime(37_000);
    expect(kind()).toBe("live");
    vi.advanceTimersByTime(1000);
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "silent" });
    vi.advanceTimersByTime(3000);
    expect(cursor()).toBe("e.12.v");
  });

  it("listens to nothing that an old connection still says", () => {
    const old = world.last;
    old.lose();
    vi.advanceTimersByTime(3000);
    old.closed = false;
    old.send("ping", {}, "stale");
    world.last.lose();
    vi.advanceTimersByTime(10_000);
    expect(cursor()).toBeNull();
  });
});

describe("a frame that was missed", () => {
  it("leads to a fresh start", () => {
    world.last.start();
    world.draw();
    missed = "jumped";
    world.last.delta(20, 21, []);
    world.draw();
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "missed" });
    missed = null;
    vi.advanceTimersByTime(3000);
    expect(cursor()).toBeNull();
  });
});

describe("a goodbye", () => {
  it("of a server that restarts is said as such", () => {
    world.last.start();
    world.last.send("bye", { code: "restarting", why: "soon back", reconnect: true });
    world.draw();
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "restarting" });
    vi.advanceTimersByTime(3000);
    expect(cursor()).toBe("e.10.v");
  });

  it("is heard when the connection ends right after it", () => {
    world.last.start();
    world.last.send("bye", { code: "shutdown", reconnect: true });
    world.last.lose();
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "restarting" });
    expect(links.filter((l) => l.kind === "reconnecting").length).toBe(1);
  });

  it("for ever is obeyed", () => {
    world.last.start();
    world.last.send("bye", { code: "logged-out", why: "You are logged out.", reconnect: false });
    world.draw();
    expect(links.at(-1)).toEqual({ kind: "stopped", why: "You are logged out." });
    expect(refusals).toEqual([204]);
    vi.advanceTimersByTime(600_000);
    expect(world.sources.length).toBe(1);
  });

  it("of an expired session asks for a login", () => {
    world.last.start();
    world.last.send("bye", { code: "session-ended", why: "Your session ended.", reconnect: false });
    world.draw();
    expect(kind()).toBe("expired");
    expect(refusals).toEqual([401]);
  });

  it("for too many connections waits", () => {
    world.last.send("bye", { code: "too-many-connections", why: "too many from your address", reconnect: true });
    world.draw();
    expect(links.at(-1)).toMatchObject({ kind: "busy", why: "too many from your address" });
    vi.advanceTimersByTime(5000);
    expect(world.sources.length).toBe(2);
  });
});

describe("a refusal", () => {
  const check = async (status: number, body: object = {}, headers: Record<string, string> = {}) => {
    world.answers.set("/v1/stream/check", { status, body, headers });
    world.last.lose(true);
    await vi.advanceTimersByTimeAsync(0);
  };

  it("is looked up, because an EventSource cannot see why", async () => {
    await check(401, { detail: "your session has ended" });
    expect(world.asked[0]).toBe("http://pulse/v1/stream/check?channel=pub&channel=stats&router=core-1&history=5");
    expect(links.at(-1)).toEqual({ kind: "expired", why: "your session has ended" });
    expect(refusals).toEqual([401]);
    expect(world.sources.length).toBe(1);
  });

  it("of a channel names it", async () => {
    await check(403, { detail: "private-router-status is not yours" });
    expect(links.at(-1)).toEqual({ kind: "forbidden", why: "private-router-status is not yours" });
    expect(refusals).toEqual([403]);
  });

  it("for too many waits as long as the server says", async () => {
    await check(429, { detail: "20 of 20" }, { "Retry-After": "7" });
    expect(links.at(-1)).toEqual({ kind: "busy", why: "20 of 20", at: Date.now() + 7000 });
    vi.advanceTimersByTime(7000);
    expect(world.sources.length).toBe(2);
  });

  it("by a proxy whose server is away is a lost connection", async () => {
    await check(502);
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "lost" });
  });

  it("that cannot be looked up is a lost connection", async () => {
    world.answers.set("/v1/stream/check", new Error("refused"));
    world.last.lose(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(links.at(-1)).toMatchObject({ kind: "reconnecting", why: "lost" });
  });

  it("is forgotten when the page connects anew meanwhile", async () => {
    world.answers.set("/v1/stream/check", { status: 401 });
    world.last.lose(true);
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(kind()).not.toBe("expired");
  });
});

describe("stop", () => {
  it("keeps the cursor", () => {
    world.last.start();
    world.draw();
    stream.stop();
    vi.advanceTimersByTime(600_000);
    expect(world.sources.length).toBe(1);
    stream.start();
    expect(cursor()).toBe("e.10.v");
  });
});
