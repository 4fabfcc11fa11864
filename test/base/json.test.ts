import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, mayExceed, toJson } from "../../src/base/json.ts";

describe("the size of a value as JSON", () => {
  it("is never thought smaller than it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(400), (value, limit) => {
        const json = toJson(value);
        if (JSON.stringify(json).length > limit) expect(mayExceed(json, limit)).toBe(true);
      }),
    );
  });

  it("counts every character as an escape and every number as its longest", () => {
    const values: readonly Json[] = [
      "\u0000\u0000",
      -2.2250738585072014e-308,
      { "\u0001": ["\ud800"] },
      true,
      null,
    ];
    for (const value of values) expect(mayExceed(value, JSON.stringify(value).length - 1)).toBe(true);
    expect(mayExceed({ text: "x".repeat(1000) }, 10_000)).toBe(false);
  });
});

describe("any value as JSON", () => {
  it("keeps `__proto__` as data, whatever the object is made of", () => {
    const parsed: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    const json = toJson(parsed);
    expect(JSON.stringify(json)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(toJson(new Map([["__proto__", 1]]))).toEqual(JSON.parse('{"__proto__":1}'));
  });

  it("reads `toJSON` of plain objects too", () => {
    expect(toJson({ toJSON: () => "said" })).toBe("said");
    expect(toJson(Object.create(null, { a: { value: 1, enumerable: true } }))).toEqual({ a: 1 });
  });
});
