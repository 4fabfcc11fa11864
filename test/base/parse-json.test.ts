import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/base/json.ts";
import { propertyRuns } from "../property-runs.ts";

describe("F3.12 JSON from outside", () => {
  it("keeps a key that begins with an escape, whatever was read before", () => {
    // The platform's own parser takes the second key for the one it met before at that place.
    expect(Object.keys({ ...parseObject('{"a":1,"\\\\":1}') })).toEqual(["a", "\\"]);
    expect(Object.keys({ ...parseObject('{"a":1,"\\n":1}') })).toEqual(["a", "\n"]);
    expect(Object.keys({ ...parseObject('{"b":1,"x\\\\":1}') })).toEqual(["b", "x\\"]);
    expect(Object.keys({ ...parseObject('{"b":1,"x\\n":1}') })).toEqual(["b", "x\n"]);
    expect(Object.keys({ ...parseObject('{"b":1,"x\\u0061":1}') })).toEqual(["b", "xa"]);
  });

  it("gives back every key and value, in any order of texts", () => {
    const key = fc
      .array(fc.constantFrom("a", "\\", "\n", '"', "\u241b", "{", ",", ":", " ", "\u0001", "é", "\ud800"), {
        maxLength: 4,
      })
      .map((parts) => parts.join(""));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        key,
        fc.integer(),
        fc.constant(null),
        tie("object"),
        fc.array(tie("any")),
      ),
      object: fc.dictionary(key, tie("any"), { maxKeys: 5 }),
    })).any;
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 6 }),
        fc.constantFrom("", " "),
        (values, indent) => {
          for (const one of values) {
            const text = JSON.stringify(one, null, indent);
            expect(JSON.stringify(parseJson(text), null, indent)).toBe(text);
          }
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it("takes the last of two equal keys, also where one is written with an escape", () => {
    expect(parseJson('{"\\u0031":1,"1":2,"b\\n":3}')).toEqual({ "1": 2, "b\n": 3 });
    expect(parseJson('{"1":2,"\\u0031":1}')).toEqual({ "1": 1 });
    const own = parseObject('{"\\u005f_proto__":{"admin":true}}');
    expect(Object.keys(own)).toEqual(["__proto__"]);
    expect(Reflect.get(own, "admin")).toBeUndefined();
  });

  it("keeps keys that look like those it puts in place of others, and what strings hold", () => {
    const texts = [
      '{"k0":1,"\\n":2,"k1":{"k0":3,"\\\\":4}}',
      '["a,","b\\n"]',
      '[{"a":",\\"k0\\":1","k7":"\\n"},{"\\"":[]}]',
    ];
    for (const text of texts) expect(JSON.stringify(parseJson(text))).toBe(text);
    expect(JSON.stringify(parseJson('{"\\u00e9":1,"\\u006b0":2,"\\t":3}'))).toBe('{"é":1,"k0":2,"\\t":3}');
  });

  it("throws for what is no JSON", () => {
    expect(() => parseJson('{"\\n":1')).toThrow(SyntaxError);
    expect(() => parseJson("")).toThrow(SyntaxError);
  });
});

function parseObject(text: string): object {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) throw new TypeError("no object");
  return value;
}
