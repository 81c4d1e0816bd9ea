import { describe, expect, it } from "vitest";
import { Api, fleetChannels, locked, readMe, routerChannel, whyNot } from "../src/access";

const me = (...channels: [name: string, topics: unknown[], allowed: boolean][]) =>
  readMe({
    user: "noc",
    roles: ["viewer"],
    channels: channels.map(([name, topics, allowed]) => ({
      name,
      topics,
      allowed,
      reason: allowed ? "" : "needs a login",
    })),
  });

describe("the channels of the list", () => {
  it("are as few as carry the topics", () => {
    const m = me(
      ["private-router-status", ["router.status"], true],
      ["public-routers", ["router.live", "router.status", "router.connected"], true],
      ["private-dashboard-stats", ["dashboard.stats"], true],
    );
    expect(fleetChannels(m)).toEqual(["public-routers", "private-dashboard-stats"]);
  });

  it("are those that are allowed, and have no placeholder", () => {
    const m = me(
      ["router-{router}", ["router.live"], true],
      ["public-routers", ["router.live"], true],
      ["private-dashboard-stats", ["dashboard.stats"], false],
    );
    expect(fleetChannels(m)).toEqual(["public-routers"]);
    expect(fleetChannels(me(["x", ["router.live"], false]))).toEqual([]);
  });

  it("include how the server does, where there is a list at all", () => {
    const health: [string, unknown[], boolean] = ["admin-pipeline", ["pipeline.health"], true];
    expect(fleetChannels(me(["public-routers", ["router.live"], true], health))).toEqual([
      "public-routers",
      "admin-pipeline",
    ]);
    expect(fleetChannels(me(health))).toEqual([]);
  });

  it("may name their topics as objects", () => {
    expect(fleetChannels(me(["old", [{ topic: "router.live", as: "Update" }], true]))).toEqual(["old"]);
  });
});

describe("the channel of one router", () => {
  it("is an ordinary one with a filter, or its own", () => {
    expect(routerChannel(me(["public-interfaces", ["router.interfaces"], true]), "core-1")).toBe("public-interfaces");
    expect(routerChannel(me(["router-{router}", ["router.interfaces"], true]), "core-1")).toBe("router-core-1");
    expect(routerChannel(me(["router-{router}", ["router.interfaces"], false]), "core-1")).toBeNull();
  });
});

it("says what is locked and why", () => {
  const m = me(["a", ["router.live"], true], ["b", ["router.interfaces"], false]);
  expect(locked(m).map((c) => c.name)).toEqual(["b"]);
  expect(whyNot(m, "router.interfaces")).toBe("b: needs a login");
  expect(whyNot(m, "router.detail")).toBe("no channel carries router.detail");
});

it("survives an answer of another shape", () => {
  expect(readMe(null)).toEqual({ user: "", roles: [], channels: [], reason: "" });
  expect(readMe({ user: 7, roles: "x", channels: [1, { name: "a" }] })).toEqual({
    user: "",
    roles: [],
    reason: "",
    channels: [{ name: "a", topics: [], allowed: false, reason: "" }],
  });
});

describe("logging in", () => {
  const api = (status: number, body: object = {}) =>
    new Api("/", async () => new Response(status === 204 ? null : JSON.stringify(body), { status }));

  it.each([
    [204, {}, ""],
    [401, { detail: "unknown token" }, "unknown token"],
    [401, {}, "This token is not valid."],
    [429, {}, "Too many attempts. Wait a minute and try again."],
  ])("%i %j is %j", async (status, body, why) => {
    expect(await api(status, body).login("t")).toBe(why);
  });

  it("sends a user with a password", async () => {
    let sent: unknown;
    const here = new Api("/", async (_url, init) => {
      sent = JSON.parse(String(init?.body));
      return new Response("{}", { status: 401 });
    });
    expect(await here.login("p", "ann")).toBe("User or password is wrong.");
    expect(sent).toEqual({ user: "ann", password: "p" });
    await here.login("t");
    expect(sent).toEqual({ token: "t" });
  });

  it("says that the server cannot be reached", async () => {
    const broken = new Api("/", async () => {
      throw new TypeError("failed");
    });
    expect(await broken.login("t")).toBe("The server cannot be reached.");
  });
});
