// Formats, routes and sentences.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as format from "../src/format";
import { type Link, describe as say } from "../src/link";
import { defaultSort, formatRoute, parseRoute, type Route, routerHash, sorted } from "../src/route";

describe("format", () => {
  it.each([
    [null, "–"],
    [0, "0"],
    [999, "999 bps"],
    [999.6, "1 kbps"],
    [1000, "1 kbps"],
    [1234, "1.23 kbps"],
    [12_345_678, "12.3 Mbps"],
    [999_600_000, "1 Gbps"],
    [100e9, "100 Gbps"],
    [5e15, "5000 Tbps"],
  ])("bits %s is %s", (v, text) => {
    expect(format.bits(v)).toBe(text);
  });

  it.each([
    [null, "–"],
    [0, "0 %"],
    [0.04, "0.0 %"],
    [0.44, "0.4 %"],
    [99.6, "100 %"],
  ])("percent %s is %s", (v, text) => {
    expect(format.percent(v)).toBe(text);
  });

  it.each([
    [null, "–"],
    [0, "0 s"],
    [59, "59 s"],
    [3600, "1 h"],
    [3661, "1 h 1 min"],
    [90_061, "1 d 1 h"],
    [-5, "0 s"],
  ])("span %s is %s", (v, text) => {
    expect(format.span(v)).toBe(text);
  });

  it.each([
    [0.9, "0 s"],
    [99, "99 s"],
    [100, "1 min"],
    [7200, "2 h"],
    [200_000, "2 d"],
  ])("age %s is %s", (v, text) => {
    expect(format.age(v)).toBe(text);
  });

  it("orders names as people do", () => {
    expect(["ether10", "ether2", "Ether1", "bridge"].sort(format.compareNames)).toEqual([
      "bridge",
      "Ether1",
      "ether2",
      "ether10",
    ]);
  });

  it("makes a sentence of a reason", () => {
    expect(format.sentence("no answer from 10.0.0.1")).toBe("No answer from 10.0.0.1.");
    expect(format.sentence("Who are you?")).toBe("Who are you?");
    expect(format.sentence("")).toBe("");
  });

  it("counts and rates", () => {
    expect(format.count(12_304)).toBe("12,304");
    expect(format.rate(0.3)).toBe("0.3");
    expect(format.rate(0)).toBe("0");
    expect(format.bitsShort(1.5e9)).toBe("1.5G");
  });
});

describe("a route", () => {
  const sort = fc.record({ column: fc.constantFrom("name", "cpu", "rx"), descending: fc.boolean() });
  const route: fc.Arbitrary<Route> = fc.oneof(
    fc.record({
      page: fc.constant("fleet" as const),
      filter: fc.string(),
      state: fc.constantFrom("", "offline"),
      sort,
    }),
    fc.record({ page: fc.constant("router" as const), name: fc.string({ minLength: 1 }), iface: fc.string(), sort }),
  );

  it("comes back as it was from its hash", () => {
    fc.assert(
      fc.property(route, (r) => {
        expect(parseRoute(formatRoute(r))).toEqual(r);
      }),
    );
  });

  it("is readable", () => {
    expect(routerHash("core-1")).toBe("#/router/core-1");
    expect(
      formatRoute({ page: "fleet", filter: "tower 7", state: "offline", sort: { column: "cpu", descending: true } }),
    ).toBe("#/?q=tower+7&state=offline&sort=-cpu");
  });

  it("is the plain list for a hash that means nothing", () => {
    for (const hash of ["", "#", "#main", "#/x/y", "#/router/"]) {
      expect(parseRoute(hash)).toEqual({ page: "fleet", filter: "", state: "", sort: defaultSort });
    }
    expect(parseRoute("#/router/%E0%A4%A")).toMatchObject({ page: "router", name: "%E0%A4%A" });
  });
});

describe("sorted", () => {
  const items = [
    { n: "b", v: 1 },
    { n: "a", v: 1 },
    { n: "c", v: null },
    { n: "d", v: 5 },
  ];
  const names = (down: boolean) =>
    sorted(
      items,
      (i) => i.v,
      (i) => i.n,
      down,
    ).map((i) => i.n);

  it("puts what is missing last, whichever way, and equal ones by name", () => {
    expect(names(false)).toEqual(["a", "b", "d", "c"]);
    expect(names(true)).toEqual(["d", "a", "b", "c"]);
  });
});

describe("a link in words", () => {
  const at = 1_005_000;
  it.each<[Link, string, string]>([
    [{ kind: "connecting", waitingFor: "x" }, "Connecting", ""],
    [{ kind: "live" }, "Live", ""],
    [{ kind: "locked" }, "Not logged in", ""],
    [{ kind: "reconnecting", at, since: 1_000_000, why: "restarting" }, "Server restarting", "in 5 s"],
    [{ kind: "reconnecting", at: 999_000, since: 1_000_000, why: "lost" }, "Reconnecting", "again now"],
    [{ kind: "reconnecting", at, since: 900_000, why: "lost" }, "Offline since", "in 5 s"],
    [{ kind: "offline", at, since: 1_000_000 }, "Offline since", "No connection"],
    [{ kind: "busy", at, why: "20 of 20." }, "Server busy", "20 of 20. Next attempt in 5 s"],
    [{ kind: "expired", why: "" }, "Session expired", "has ended"],
    [{ kind: "forbidden", why: "channel x is not yours" }, "Not allowed", "channel x"],
    [{ kind: "stopped", why: "bye" }, "Stopped", "bye"],
  ])("%j", (link, mark, sentence) => {
    const words = say(link, 1_000_000);
    expect(words.mark).toContain(mark);
    expect(words.sentence).toContain(sentence);
    expect(words.tone === "good").toBe(link.kind === "live");
  });
});
