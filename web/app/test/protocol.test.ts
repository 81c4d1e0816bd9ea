import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameTypes, parseFrame } from "../src/protocol";

describe("parseFrame", () => {
  it("reads the frames of the protocol", () => {
    expect(
      parseFrame(
        "snapshot",
        '{"channel":"c","topic":"router.live","part":1,"rows":[["router/core-1",1051,88,{"status":"online"}]]}',
      ),
    ).toEqual({
      type: "snapshot",
      channel: "c",
      topic: "router.live",
      part: 1,
      rows: [{ key: "router/core-1", seq: 1051, n: 88, value: { status: "online" } }],
    });
    expect(
      parseFrame(
        "delta",
        '{"time":5,"base":1,"seq":3,"changes":[{"channel":"c","topic":"t","event":"t","key":"k","seq":2,"n":1,"patch":null}]}',
      ),
    ).toEqual({
      type: "delta",
      time: 5,
      base: 1,
      seq: 3,
      changes: [{ channel: "c", topic: "t", key: "k", seq: 2, n: 1, patch: null, full: false }],
    });
    expect(parseFrame("bye", '{"code":"restarting","why":"soon back"}')).toEqual({
      type: "bye",
      code: "restarting",
      why: "soon back",
      reconnect: true,
    });
  });

  it.each([
    ["delta", "{"],
    ["delta", "[]"],
    ["delta", '{"base":"1","seq":2}'],
    ["later-invention", "{}"],
    ["__proto__", "{}"],
    ["constructor", "{}"],
  ])("leaves out %s %s", (type, data) => {
    expect(parseFrame(type, data)).toBeNull();
  });

  it("leaves out a row or change that is malformed, and keeps the others", () => {
    const s = parseFrame("snapshot", '{"channel":"c","topic":"t","rows":[["a",1,1,{}],["b"],["c",2,1,[]],7]}');
    expect(s).toMatchObject({ rows: [{ key: "a" }] });
    const d = parseFrame(
      "delta",
      '{"base":1,"seq":2,"changes":[{"key":"a","seq":2,"patch":{}},{"key":"b","seq":2,"patch":"x"}]}',
    );
    expect(d).toMatchObject({ changes: [{ key: "a" }] });
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...frameTypes), fc.json(), (type, json) => {
        parseFrame(type, json);
      }),
    );
  });
});
