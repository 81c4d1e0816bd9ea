import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columns,
  join,
  lastIn,
  NoHistory,
  queryRange,
  rangeFor,
  readMatrix,
  selector,
  since,
  toPoints,
} from "../src/history";

describe("rangeFor", () => {
  it("lays its grid on the samples", () => {
    expect(rangeFor(1000.9, 993.5, 5, 60)).toEqual({ start: 938.5, end: 998.5, step: 5, window: 13 });
  });

  it("asks for a multiple of the period when there would be too many points", () => {
    const r = rangeFor(100_000, 99_999, 2);
    expect(r.step % 2).toBe(0);
    expect((r.end - r.start) / r.step).toBeLessThanOrEqual(720);
  });

  it("always ends at most one step ago, on the grid, and spans the hour", () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(number(1e9, 2e9), number(0, 100_000), number(1, 600), (now, ago, period) => {
        const r = rangeFor(now, now - ago, period);
        expect(now - r.end).toBeGreaterThanOrEqual(-1e-3);
        expect(now - r.end).toBeLessThan(r.step + 1e-3);
        expect(r.end - r.start).toBeLessThanOrEqual(3600);
        expect(r.end - r.start).toBeGreaterThan(3600 - r.step - 1e-3);
        expect((r.end - r.start) / r.step).toBeLessThanOrEqual(720);
      }),
    );
  });
});

describe("a query", () => {
  it("writes labels so that a name cannot end the string", () => {
    expect(selector("m", { device: 'a"b\\c\n' })).toBe('m{device="a\\"b\\\\c\\n"}');
  });

  it("takes names literally in a choice", () => {
    expect(selector("m", { interface: ["ether1", "sfp+.1|x"] })).toBe('m{interface=~"ether1|sfp\\\\+\\\\.1\\\\|x"}');
  });

  it("takes the newest value of a short window", () => {
    expect(lastIn("m{}", { start: 0, end: 1, step: 1, window: 13 })).toBe("last_over_time(m{}[13s])");
  });
});

describe("queryRange", () => {
  const range = { start: 0, end: 10, step: 5, window: 13 };
  const answer = (status: number, body: unknown) => async () => new Response(JSON.stringify(body), { status });

  it("reads a matrix", async () => {
    const body = {
      status: "success",
      data: {
        resultType: "matrix",
        result: [
          {
            metric: {},
            values: [
              [0, "1"],
              [5, "2.5"],
            ],
          },
        ],
      },
    };
    expect([...(await queryRange(answer(200, body), "/", "q", range))]).toEqual([
      [0, 1],
      [5, 2.5],
    ]);
  });

  it.each([
    [401, {}, "it takes a login"],
    [403, { status: "error", error: "the role viewer is needed" }, "the role viewer is needed"],
    [404, "", "this server keeps none"],
    [422, { error: "too many series" }, "too many series"],
    [503, {}, "the store answered 503"],
  ])("says why there is no history: %i", async (status, body, why) => {
    await expect(queryRange(answer(status, body), "/", "q", range)).rejects.toEqual(new NoHistory(why));
  });

  it("says that the server cannot be reached", async () => {
    const fetch = async () => {
      throw new TypeError("failed");
    };
    await expect(queryRange(fetch, "/", "q", range)).rejects.toThrow("the server cannot be reached");
  });

  it("sends a long query in a body", async () => {
    const seen: RequestInit[] = [];
    const fetch = async (_: string, init: RequestInit = {}) => {
      seen.push(init);
      return new Response("{}");
    };
    await queryRange(fetch, "/", "q", range);
    await queryRange(fetch, "/", "q".repeat(5000), range);
    expect(seen.map((i) => i.method)).toEqual([undefined, "POST"]);
  });

  it("survives an answer of another shape", () => {
    for (const body of [
      null,
      7,
      {},
      { data: 1 },
      { data: { result: [{ values: [1, [1], ["x", "y"], [2, "NaN"]] }] } },
    ]) {
      expect(readMatrix(body).size).toBe(0);
    }
  });
});

const p = (t: number, ...v: (number | null)[]) => ({ t, v });

describe("join", () => {
  it("goes over from history to the tail without a hole and without a double", () => {
    expect(join([p(0, 1), p(5, 2), p(10, 3)], [p(10, 30), p(15, 40)])).toEqual([
      p(0, 1),
      p(5, 2),
      p(10, 30),
      p(15, 40),
    ]);
  });

  it("is history alone, or the tail alone", () => {
    expect(join([p(0, 1)], [])).toEqual([p(0, 1)]);
    expect(join([], [p(1, 1)])).toEqual([p(1, 1)]);
  });

  it("always gives rising times", () => {
    const sorted = fc.uniqueArray(fc.nat(100)).map((ts) => ts.sort((a, b) => a - b).map((t) => p(t, t)));
    fc.assert(
      fc.property(sorted, sorted, (history, live) => {
        const ts = join(history, live).map((x) => x.t);
        expect(ts).toEqual([...new Set(ts)].sort((a, b) => a - b));
        expect(live.every((x) => ts.includes(x.t))).toBe(true);
      }),
    );
  });
});

describe("columns", () => {
  it("breaks the line where samples are missing", () => {
    expect(columns([p(0, 1, 2), p(5, 3, 4), p(30, 5, null)], 2, 13)).toEqual([
      [0, 5, 11.5, 30],
      [1, 3, null, 5],
      [2, 4, null, null],
    ]);
  });
});

it("toPoints puts lines on one axis", () => {
  expect(
    toPoints([
      new Map([
        [5, 1],
        [0, 2],
      ]),
      new Map([[5, 3]]),
    ]),
  ).toEqual([p(0, 2, null), p(5, 1, 3)]);
});

it("since leaves out what is older", () => {
  expect(since([p(0, 1), p(5, 1)], 5)).toEqual([p(5, 1)]);
});
