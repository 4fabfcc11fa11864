import { describe, expect, it } from "vitest";
import { type DeclaredType, readReturnType, widthOf } from "../../src/prompts/baml/declared-type.ts";
import { bamlFunction } from "../../src/prompts/baml/generated-client.ts";
import { ALLOWANCE, costOf, FITTING } from "../../src/prompts/gate/allowance.ts";
import { describeMisplaced, readExact, readWritten, writeAs } from "../../src/prompts/gate/read-as.ts";
import { strictJson } from "../../src/prompts/gate/scan.ts";
import { triesOf } from "../../src/prompts/gate/tries.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { propertyRuns } from "../property-runs.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { DEEP_FUNCTIONS, retypedValue, strangeValue } from "./completions/retyped.ts";
import { learnedReaders } from "./learned-reader.ts";

type Name = (typeof DEEP_FUNCTIONS)[number] | "NextFilter";

const files = getBamlFiles();
const types = new Map<Name, DeclaredType>(DEEP_FUNCTIONS.map((name) => [name, readReturnType(files, name)]));
const typeOf = (name: Name): DeclaredType => types.get(name) ?? { kind: "unknown" };
const nameAt = (number: number): Name => DEEP_FUNCTIONS[number % DEEP_FUNCTIONS.length] ?? "NextStep";

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const tree = (sizes: readonly number[], name: (index: number) => unknown): unknown => {
  const [size = 0, ...below] = sizes;
  return { name: name(sizes.length), children: many(size, () => tree(below, name)) };
};
const post = (cents: (index: number) => unknown) => ({
  intent: "post",
  content: { kind: "letter", pages: 1 },
  stamps: many(990, (index) => ({ cents: cents(index) })),
});
const step = (order_id: string, amount: unknown) => ({ intent: "refund", order_id, amount });

const learnedReader = learnedReaders(getBamlFiles);

describe("an answer that would keep the native parser busy", {
  tags: ["S1", "F4.8"],
  timeout: 120_000,
}, () => {
  it("is read as its declared type, and comes out as the parser would have it", () => {
    let read = 0;
    for (let number = 0; number < propertyRuns(150); number += 1) {
      const name = nameAt(number);
      const value = retypedValue(typeOf(name), number, 60);
      const ours = readWritten(value, typeOf(name));
      if (ours.kind === "misfit" || !ours.sure) continue;
      read += 1;
      const theirs = bamlFunction(b, name).parse(JSON.stringify(value), {});
      expect(JSON.stringify(ours.value), `${name}: ${JSON.stringify(value)}`).toBe(JSON.stringify(theirs));
      expect(writeAs(ours.value, typeOf(name)).kind).toBe("value");
    }
    expect(read).toBeGreaterThan(propertyRuns(150) / 3);
  });

  it("is not given to it where it fits as it is, whatever its texts and numbers are", () => {
    let read = 0;
    for (let number = 0; number < propertyRuns(150); number += 1) {
      const name = nameAt(number);
      const text = JSON.stringify(
        strangeValue(retypedValue(typeOf(name), number, 30), number),
        null,
        number % 3,
      );
      const ours = readExact(JSON.parse(text), typeOf(name));
      if (ours.kind === "misfit" || !ours.sure) continue;
      read += 1;
      const theirs = bamlFunction(b, name).parse(text, {});
      expect(JSON.stringify(ours.value), `${name}: ${text}`).toBe(JSON.stringify(theirs));
      const { given, parse } = learnedReader(name);
      const answer = parse(text);
      expect(answer).toMatchObject({ ok: true, fidelity: { grade: "exact" }, more: [] });
      // But for whole numbers that are written as others are.
      if (!/\de\+/.test(text)) expect(given).toEqual([]);
    }
    expect(read).toBeGreaterThan(propertyRuns(150) / 4);
  });

  it("is given to it where the same field is written twice", () => {
    const { given, parse } = learnedReader("NextStep");
    parse('{"intent":"refund","order_id":"A1","amount":1,"amount":2}');
    expect(given).toHaveLength(1);
  });

  it("gives the parser no more than some milliseconds of work, whatever the shape of its type", () => {
    for (let number = 0; number < Math.min(3_000, propertyRuns(150)); number += 1) {
      const name = nameAt(number);
      const { given, parse } = learnedReader(name);
      parse(JSON.stringify(retypedValue(typeOf(name), number, 2_400)));
      const width = widthOf(typeOf(name));
      // Some of it may be looked at again, for what is said of it.
      const work = given.reduce((sum, { text, fits }) => {
        const cost = costOf(strictJson(text), { width, longest: 40_000 });
        return sum + (fits ? FITTING : 1) * cost;
      }, 0);
      expect(work, `${number} for ${name}`).toBeLessThan(3 * ALLOWANCE.work);
    }
  });

  it.each<[string, Name, unknown, string]>([
    [
      "a tree with numbers for names",
      "ExtractTree",
      tree([2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], (i) => i),
      "tolerant",
    ],
    ["a tree", "ExtractTree", tree([5, 5, 5, 2], (i) => `n${i}`), "exact"],
    [
      "a list of steps with numbers as text",
      "NextSteps",
      many(600, (i) => step(`A${i}`, `${i}`)),
      "tolerant",
    ],
    ["a list in a step with numbers as text", "Post", post(String), "tolerant"],
    [
      "steps within steps",
      "NextPlan",
      {
        intent: "plan",
        aim: "a",
        priority: "urgent",
        steps: many(6, () => ({
          intent: "plan",
          aim: "b",
          priority: null,
          steps: many(9, (i) => step(`A${i}`, i)),
        })),
      },
      "exact",
    ],
    [
      "one item for a list of it",
      "NextSteps",
      { intent: "search", query: "x", limit: null, tags: many(600, (i) => `t${i}`) },
      "tolerant",
    ],
  ])("is read whole without the parser: %s", (_, name, value, grade) => {
    const { given, parse } = learnedReader(name);
    const answer = parse(JSON.stringify(value));
    expect(answer).toMatchObject({ ok: true, fidelity: { grade } });
    expect(given.map(({ text }) => text.length)).toEqual([]);
  });

  it("is refused where a value has another type, and told which", () => {
    const tell = (name: Name, value: unknown) => {
      const answer = promptFunction(b, name, { bamlFiles: getBamlFiles }).parse(JSON.stringify(value));
      return answer.ok ? answer.fidelity : answer.message;
    };
    expect(
      tell(
        "Post",
        post((index) => (index === 700 ? "many" : index)),
      ),
    ).toBe(
      'The answer is long, and some of its values do not have the expected type: stamps.700.cents must be a whole number, not "many". Answer with less, and every value in the type that was asked for.',
    );
    expect(
      tell("NextSteps", [...many(600, (i) => step(`A${i}`, i)), { intent: "search", query: "x", tags: 7 }]),
    ).toContain("600.tags must be a list of texts, not 7");
  });

  it("is not taken for the one member of a union that it happens to fit", () => {
    const sure = (type: DeclaredType, value: unknown) => readWritten(value, type);
    const [a, other] = ["a", "b"].map(
      (name): DeclaredType => ({
        kind: "class",
        name,
        fields: [{ name, written: "x", type: { kind: "text" } }],
      }),
    );
    const union: DeclaredType = { kind: "union", of: [a, other].flatMap((one) => one ?? []) };
    expect(sure(union, { x: "1" })).toMatchObject({ kind: "value", sure: false });
    expect(sure({ kind: "list", of: { kind: "unknown" } }, [1])).toMatchObject({ sure: false });
    const misfit = sure(typeOf("NextPlan"), {
      intent: "plan",
      aim: "x",
      priority: null,
      steps: [step("A", true)],
    });
    expect(misfit.kind === "misfit" && describeMisplaced(misfit)).toBe(
      "steps.0.amount must be a whole number, not true",
    );
  });

  it("is not read without the parser where the parser may see something else in it", () => {
    const text: DeclaredType = { kind: "text" };
    const whole: DeclaredType = { kind: "integer" };
    const union = (...of: DeclaredType[]): DeclaredType => ({ kind: "union", of });
    const list = (of: DeclaredType): DeclaredType => ({ kind: "list", of });
    const isSure = (type: DeclaredType, value: unknown) => {
      const read = readWritten(value, type);
      return read.kind === "value" && read.sure;
    };
    expect(isSure(union(text, { kind: "null" }), 5)).toBe(true);
    // It takes 5 for a list of one text, and drops "x" from a list of whole numbers.
    expect(isSure(union(list(text), text), 5)).toBe(false);
    expect(isSure(union(list(whole), list(text)), [1, "x"])).toBe(false);
    // It takes keys with other capitals for the fields of a class.
    const fields = [{ name: "x", written: "x", type: whole }];
    const map: DeclaredType = { kind: "map", keys: text, of: whole };
    expect(isSure(union({ kind: "class", name: "One", fields }, map), { X: 1, y: 2 })).toBe(false);
    // Half of a character makes it take the JSON for something else.
    expect(isSure(list(text), ["\ud800"])).toBe(false);
    expect(isSure(map, { "\ud800": 1 })).toBe(false);
    expect(readWritten(Number.POSITIVE_INFINITY, { kind: "number" }).kind).toBe("misfit");
  });

  it("never turns 1.0 into the text 1", () => {
    const refunds = many(600, (i) => step(`A${i}`, i));
    const parse = (order: string) =>
      learnedReader("NextSteps").parse(JSON.stringify(refunds).replace('"A599"', order));
    expect(parse("1")).toMatchObject({ ok: true, fidelity: { grade: "tolerant" } });
    for (const order of ["1.0", "1e2", "-0"]) {
      const answer = parse(order);
      expect(answer.ok && answer.fidelity.grade, order).not.toBe("tolerant");
    }
  });

  it("is short, but has members of a union within each other", () => {
    const nested = (levels: number, inside: unknown, key = "filters"): unknown =>
      levels === 0
        ? inside
        : { op: ["and", "or", "not"][levels % 3], [key]: [nested(levels - 1, inside, key)] };
    const grade = (value: unknown) => {
      const { given, parse } = learnedReader("NextFilter");
      const answer = parse(JSON.stringify(value));
      expect(given, JSON.stringify(value)).toEqual([]);
      return answer.ok ? answer.fidelity.grade : answer.message;
    };
    expect(grade(nested(9, { field: "a", value: 1 }))).toBe("exact");
    for (const inside of [{ field: "a" }, { field: "a", value: 1.5 }, "a", { op: "nor", filters: [] }])
      expect(grade(nested(9, inside))).toMatch(/^The answer has many levels, and some of its values/);
    expect(grade(nested(9, { field: 5, value: 1 }))).toMatch(/^The answer has many levels/);
    expect(grade(nested(9, { field: "a" }, "Filters"))).toMatch(/^The answer has many levels/);
    expect(grade({ op: "and", filters: [nested(9, null)] })).not.toContain("must be ,");
  });

  it("is refused, and no more than that, where its type is not known and limits let it be very long", () => {
    const limits = { maxValues: 500_000, maxCharacters: 5_000_000 };
    const answer = promptFunction(b, "ExtractPeople", { bamlFiles: undefined, limits }).parse(
      JSON.stringify(many(200_000, () => 1)),
    );
    expect(answer).toMatchObject({ ok: false, reason: "too_many_objects" });
  });

  it("is refused at many levels where its type is not known", () => {
    const blind = promptFunction(b, "NextFilter", { bamlFiles: undefined });
    const nested = (levels: number): unknown =>
      levels === 0 ? { field: 5, value: 1 } : { op: "and", filters: [nested(levels - 1)] };
    expect(blind.parse(JSON.stringify(nested(3)))).toMatchObject({ ok: true });
    expect(blind.parse(JSON.stringify(nested(9)))).toMatchObject({ ok: false, reason: "too_many_objects" });
  });

  it("is not read again and again by our own reader either", () => {
    const link = (name: string): DeclaredType => ({
      kind: "class",
      name,
      fields: [
        { name: "next", written: "next", type: { kind: "alias", type: () => any } },
        { name: "text", written: "text", type: { kind: "text" } },
      ],
    });
    const any: DeclaredType = { kind: "union", of: [link("A"), link("B"), { kind: "null" }] };
    let chain: unknown = null;
    for (let level = 0; level < 64; level += 1) chain = { next: chain, text: "x" };
    expect(readWritten(chain, any)).toMatchObject({ kind: "value", sure: true, value: chain });
    expect(triesOf(chain, any)).toBeGreaterThan(1e9);
    let broken: unknown = { next: null, text: [] };
    for (let level = 0; level < 14; level += 1) broken = { next: broken, text: "x" };
    const misfit = readWritten(broken, any);
    expect(misfit.kind === "misfit" ? misfit.wanted.length : 0).toBe(2);
  });
});
