import { describe, expect, it } from "vitest";
import { Skew } from "../src/clock";
import type { Changed } from "../src/reducer";
import { isOld, Trails } from "../src/trail";

describe("the server's time", () => {
  it("is taken from the quickest frame", () => {
    const s = new Skew();
    s.begin();
    s.observe(1000, 61_300);
    s.observe(2000, 62_100);
    s.observe(3000, 63_900);
    expect(s.serverNow(70_000)).toBe(9900);
  });

  it("is guessed from a header until a frame comes", () => {
    const s = new Skew();
    s.guess(60_500);
    expect(s.serverNow(100_000)).toBe(40_000);
    s.begin();
    s.observe(50_000, 100_000);
    expect(s.serverNow(100_000)).toBe(50_000);
  });

  it("is the local one when the header differs by no more than it can tell", () => {
    const s = new Skew();
    s.guess(900);
    expect(s.serverNow(5000)).toBe(5000);
  });

  it("is found anew with each connection", () => {
    const s = new Skew();
    s.observe(1000, 1000);
    s.begin();
    s.observe(1000, 9000);
    expect(s.serverNow(9000)).toBe(1000);
  });
});

describe("a trail", () => {
  const live = (name: string, last_good: number, rx = 1): Changed => ({
    topic: "router.live",
    key: `router/${name}`,
    time: last_good,
    row: { seq: 1, n: 1, value: { last_good, rx_bits_per_second: rx, tx_bits_per_second: 2 } },
  });

  it("learns how often a router reports, and forgives a sample that was missed", () => {
    const t = new Trails();
    for (const at of [10_000, 15_000, 20_000, 35_000, 40_000]) t.observe(live("a", at));
    expect(t.period("a")).toBe(5000);
  });

  it("follows a period that was changed", () => {
    const t = new Trails();
    for (const at of [5, 10, 15, 45, 75, 105, 135, 165]) t.observe(live("a", at * 1000));
    expect(t.period("a")).toBe(30_000);
  });

  it("assumes of one that was seen once what it knows of the others", () => {
    const t = new Trails();
    expect(t.period("b")).toBe(30_000);
    t.observe(live("a", 1000));
    t.observe(live("a", 11_000));
    expect(t.period("a")).toBe(30_000);
    t.observe(live("a", 21_000));
    t.observe(live("b", 1000));
    expect(t.period("b")).toBe(10_000);
  });

  it("tells a new sample from a change of something else", () => {
    const t = new Trails();
    expect(t.observe(live("a", 1000))).toBe("a");
    expect(t.observe(live("a", 1000, 99))).toBeNull();
    expect(t.traffic("a")).toEqual([3]);
  });

  it("ends with its router", () => {
    const t = new Trails();
    t.observe(live("a", 1000));
    t.observe({ ...live("a", 0), row: null });
    expect(t.traffic("a")).toEqual([]);
  });

  it("is bounded", () => {
    const t = new Trails();
    for (let i = 1; i < 200; i++) t.observe(live("a", i * 1000));
    expect(t.traffic("a").length).toBe(40);
  });
});

it("isOld is above twice the period", () => {
  expect(isOld(11_900, 5000)).toBe(false);
  expect(isOld(12_100, 5000)).toBe(true);
});
