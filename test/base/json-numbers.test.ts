import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject } from "../../src/base/json.ts";
import { holdsNumber, parseExactJson, parseJsonKeepingDigits } from "../../src/base/json-numbers.ts";
import { propertyRuns } from "../property-runs.ts";

const held =
  "0 -0 0.0 1 -1.5 1e3 1E+3 1.50 100000000000000000000 9007199254740992 9007199254740994 " +
  "0.1 0.30000000000000004 0.10000000000000001 5e-324 " +
  "1.7976931348623157e308 123456789012345.6 0e999";
const changed =
  "9007199254740993 1152921504606846976 0.1000000000000000055511151231257827 -9007199254740993 2512292042121000001 1e400 -1e400 1e-400 0.1234567890123456789 " +
  "12345678901234567890 900719925474099.31 1234567890123456.78 1.7976931348623159e308";

describe("numbers in JSON from outside", { tags: "S9" }, () => {
  it("are held where a double printed with as many digits reads the same", () => {
    for (const text of held.split(" ")) expect(holdsNumber(text), text).toBe(true);
    for (const text of changed.split(" ")) expect(holdsNumber(text), text).toBe(false);
  });

  it("that a double cannot hold keep their digits as text, wherever they stand", () => {
    for (const text of changed.split(" ")) {
      expect(parseJsonKeepingDigits(text)).toBe(text);
      const inside = `{"id": ${text}, "list":[1,{"a":${text}}], "text": "a ${text}, \\"b"}`;
      expect(parseJsonKeepingDigits(inside)).toEqual({
        id: text,
        list: [1, { a: text }],
        text: `a ${text}, "b`,
      });
    }
    for (const text of held.split(" ")) expect(parseJsonKeepingDigits(`[${text}]`)).toEqual([Number(text)]);
  });

  it("that a double cannot hold are refused by name, where what is read is acted on", () => {
    for (const text of changed.split(" ")) {
      expect(() => parseExactJson(`{"a":[{"id":1},{"id":${text}}]}`)).toThrow(
        expect.objectContaining({
          code: "invalid_argument",
          message: expect.stringContaining(`a.1.id: ${text} is a number that would be changed`),
          details: { field: "a.1.id" },
        }),
      );
      expect(() => parseExactJson(text)).toThrow(/^the value: /);
      expect(parseExactJson(`{"a":"${text}"}`)).toEqual({ a: text });
    }
    for (const text of held.split(" ")) expect(parseExactJson(`[${text}]`)).toEqual([Number(text)]);
    for (const bad of ["", "{", "01", "1.", "[1 2]", "nul"]) {
      expect(() => parseExactJson(bad)).toThrow(SyntaxError);
      expect(() => parseJsonKeepingDigits(bad)).toThrow(SyntaxError);
    }
  });

  it("whatever JavaScript writes is read back as it is, and no 64-bit integer changes silently", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseExactJson(text)).toEqual(JSON.parse(text));
        expect(parseJsonKeepingDigits(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: propertyRuns(300) },
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (id) => {
        const read = parseJsonKeepingDigits(`{"id":${id}}`);
        expect(String(isJsonObject(read) && read["id"])).toBe(String(id));
      }),
      { numRuns: propertyRuns(300) },
    );
  });
});
