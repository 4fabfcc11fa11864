import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, type JsonObject, mapFields, mayExceed, toJson } from "../../src/base/json.ts";

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

  it("is a copy without what JSON leaves out, also deep down and beside what needs care", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(toJson(value)).toEqual(plain);
        expect(toJson([value, new Date(0)])).toEqual([plain, "1970-01-01T00:00:00.000Z"]);
        expect(toJson({ value, left: undefined, big: 5n })).toEqual({ value: plain, big: "5" });
      }),
    );
    const deep = Array.from({ length: 120 }).reduce<unknown>((inner) => [inner], "end");
    expect(toJson(deep)).toEqual(deep);
    const cycle: Record<string, unknown> = { a: 1 };
    cycle["self"] = [cycle, cycle];
    expect(toJson(cycle)).toEqual({ a: 1, self: ["[circular]", "[circular]"] });
    expect(Object.is(toJson(-0), 0)).toBe(true);
    expect(toJson([Number.NaN, undefined, () => 1])).toEqual(["NaN", null, "[function anonymous]"]);
    const thrown = {
      get field(): never {
        throw new Error("no");
      },
    };
    expect(toJson({ thrown })).toEqual({ thrown: "[unreadable]" });
  });
});

describe("the fields of an object, mapped", () => {
  it("keep their order and their names, `__proto__` included, and may be left out", () => {
    const parsed: JsonObject = JSON.parse('{"b":1,"__proto__":2,"a":null}');
    const mapped = mapFields(parsed, (value, name) => (value === null ? undefined : `${name}=${value}`));
    expect(JSON.stringify(mapped)).toBe('{"b":"b=1","__proto__":"__proto__=2"}');
  });
});
