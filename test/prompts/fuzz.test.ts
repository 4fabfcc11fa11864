import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inBulk, propertyRuns } from "../property-runs.ts";
import { DONE, REFUND, SEARCH } from "./completions/row.ts";
import { learnedReaders } from "./learned-reader.ts";

const TRANSFER =
  '{"intent": "transfer", "from_account": {"iban": "DE1", "owner": "Ada"}, "to_account": {"iban": "DE2"}, "amount": 12.5, "urgent": true}';
const MAIL =
  '{"intent":"send_mail","to":["a@x.org","b@x.org"],"subject":"Your \\"order\\"","body":"Line one\\nline two"}';
const PEOPLE =
  '[{"name":"Ada","age":36,"emails":["a@x"]},{"name":"Bob","emails":[],"home":{"street":"S","city":"C"}}]';

const SEEDS = [
  REFUND,
  SEARCH,
  DONE,
  TRANSFER,
  MAIL,
  `Here is the step:\n\`\`\`json\n${REFUND}\n\`\`\`\nDone.`,
  `<think>Maybe ${DONE}</think>\n${TRANSFER}`,
  `[${REFUND},${SEARCH}]`,
  `${MAIL}\n${DONE}`,
  PEOPLE,
];
const learnedReader = learnedReaders(undefined);
type FunctionName = "NextStep" | "ExtractPeople" | "PersonOrText" | "MaybePerson" | "Classify";

/** Cuts, copies, moves, swaps and inserts, at any place. */
const PIECES = [
  '"',
  "'",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\",
  "`",
  "\n",
  " ",
  "-",
  "0",
  "9",
  "e5",
  ".",
  "null",
  "NaN",
  "//",
  "not ",
  "<think>",
  "</think>",
  "```",
  "\u0000",
  "é",
  "\ud800",
  "😀",
  "/*",
  "…",
  REFUND,
];
const place = fc.nat(10_000);
const mutation = fc.oneof(
  fc.record({ kind: fc.constant("drop" as const), at: place, length: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant("copy" as const),
    at: place,
    length: fc.integer({ min: 1, max: 40 }),
    to: place,
  }),
  fc.record({ kind: fc.constant("truncate" as const), at: place }),
  fc.record({ kind: fc.constant("insert" as const), at: place, piece: fc.constantFrom(...PIECES) }),
  fc.record({ kind: fc.constant("replace" as const), at: place, piece: fc.constantFrom(...PIECES) }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

function mutate(text: string, change: Mutation): string {
  const at = change.at % (text.length + 1);
  switch (change.kind) {
    case "drop":
      return text.slice(0, at) + text.slice(at + change.length);
    case "copy": {
      const to = change.to % (text.length + 1);
      return text.slice(0, to) + text.slice(at, at + change.length) + text.slice(to);
    }
    case "truncate":
      return text.slice(0, at);
    case "insert":
      return text.slice(0, at) + change.piece + text.slice(at);
    case "replace":
      return text.slice(0, at) + change.piece + text.slice(at + 1);
  }
}

/** Every strict JSON value that stands anywhere in a text, outermost or inside another. */
function strictValues(text: string): unknown[] {
  const values: unknown[] = [];
  for (const start of text.matchAll(/[{[]/g)) {
    for (const end of text.slice(start.index).matchAll(/[}\]]/g)) {
      const part = text.slice(start.index, start.index + end.index + 1);
      try {
        values.push(JSON.parse(part));
      } catch {
        // Not this one.
      }
    }
  }
  return values;
}

/** The same, with an absent field and `null` alike. Written apart from the gate on purpose. */
function alike(strict: unknown, value: unknown): boolean {
  if (value === null || strict === null || typeof value !== "object" || typeof strict !== "object") {
    return (strict ?? null) === (value ?? null);
  }
  if (Array.isArray(value) !== Array.isArray(strict)) return false;
  const keys = new Set([...Object.keys(strict), ...Object.keys(value)]);
  return [...keys].every((key) => alike(Reflect.get(strict, key), Reflect.get(value, key)));
}

/**
 * An answer, what it gave to the native parser, and its milliseconds on the processor, on which other processes do not count:
 * in bulk the best of three, for garbage may be collected.
 */
function readAndCount(name: FunctionName, completion: string) {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 1; ; tries += 1) {
    const { given, parse } = learnedReader(name);
    const before = process.cpuUsage();
    const answer = parse(completion);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    if (!inBulk || best < 200 || tries === 3) return { answer, given, ms: best };
  }
}

function check(name: FunctionName, completion: string): void {
  const { answer, given, ms } = readAndCount(name, completion);
  expect(given.length, "texts for the native parser").toBeLessThanOrEqual(25);
  const characters = given.reduce((sum, { text }) => sum + text.length, 0);
  expect(characters, "characters for the native parser").toBeLessThanOrEqual(8_000);
  if (inBulk) expect(ms, "ms for one completion").toBeLessThan(200);
  if (!answer.ok) {
    expect(answer.message.length).toBeGreaterThan(10);
    return;
  }
  const readings = [{ value: answer.value, fidelity: answer.fidelity }, ...answer.more];
  for (const { value, fidelity } of readings) {
    expect(fidelity.grade === "exact").toBe(fidelity.reasons.length === 0);
    if (fidelity.grade !== "exact" || typeof value !== "object" || value === null) continue;
    // The comparison below tries every pair of brackets: too many in a long text.
    if (completion.length > 10_000) continue;
    expect(
      strictValues(completion).some((other) => alike(other, value)),
      "an exact value is strict JSON of the completion",
    ).toBe(true);
  }
}

describe("any completion", { tags: ["S1", "F4.8"], timeout: 300_000 }, () => {
  it("mutated: is read without a crash, with little work for the native parser, and never `exact` unless it is", () => {
    const name = fc.constantFrom(
      "NextStep" as const,
      "ExtractPeople" as const,
      "PersonOrText" as const,
      "MaybePerson" as const,
    );
    fc.assert(
      fc.property(
        name,
        fc.constantFrom(...SEEDS),
        fc.array(mutation, { minLength: 1, maxLength: 5 }),
        (fn, seed, changes) => {
          check(fn, changes.reduce(mutate, seed));
        },
      ),
      { numRuns: propertyRuns(600) },
    );
  });

  it("made of brackets, quotes and words: the same", () => {
    const soup = fc.array(
      fc.constantFrom(...PIECES, '{"intent":"refund"', '"amount":', "[[[[", "}}}}", '{"a":[', "x".repeat(50)),
      {
        maxLength: 120,
      },
    );
    fc.assert(
      fc.property(
        fc.constantFrom("NextStep" as const, "Classify" as const, "ExtractPeople" as const),
        soup,
        (fn, parts) => check(fn, parts.join("")),
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it("repeated many times: the same", () => {
    const piece = fc.constantFrom(
      ...PIECES,
      "[[",
      '{"a":',
      "{x} ",
      '"x" ',
      '{"intent":"refund","order_id":',
      "{}",
      "[{",
      "}]",
      ", ",
      '{"":',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 10, max: 20_000 }),
        (parts, times) => {
          check("NextStep", parts.join("").repeat(times).slice(0, 400_000));
        },
      ),
      { numRuns: Math.ceil(propertyRuns(600) / 10) },
    );
  });

  const keys = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `"${name}${index}":null`).join();
  it.each([
    [
      "a text of blanks where a list is wanted",
      `{"intent":"search","query":"x","tags":"${" ".repeat(100_000)}x"}`,
    ],
    [
      "fields that the step does not have",
      `{"intent":"refund","order_id":"A1","amount":1,${keys(2_400, "k")}}`,
    ],
    [
      "the same with long names",
      `{"intent":"refund","order_id":"A1","amount":1,${keys(800, "k".repeat(990))}}`,
    ],
    [
      "many values, deep down",
      `{"intent":"search","query":"x","tags":[],"x":${`{"${"k".repeat(64)}":[`.repeat(28)}${Array(600).fill("1")}${"]}".repeat(28)}}`,
    ],
    [
      "texts where a number is wanted",
      `{"intent":"refund","order_id":"A1","amount":[${Array(28).fill('"x y"')}]}`,
    ],
  ])("made of %s: the same", (_, completion) => check("NextStep", completion));

  it("may hold many lists with nothing in them", () => {
    const people = Array.from({ length: 300 }, (_, index) => ({ name: `n${index}`, age: 3, emails: [] }));
    expect(learnedReader("ExtractPeople").parse(JSON.stringify(people))).toMatchObject({
      ok: true,
      fidelity: { grade: "exact" },
    });
  });

  it("cut at every place: never `exact` before its end", () => {
    for (const seed of [REFUND, TRANSFER, MAIL]) {
      for (let length = 1; length < seed.length; length += 1) {
        const answer = learnedReader("NextStep").parse(seed.slice(0, length));
        if (answer.ok) expect(answer.fidelity, seed.slice(0, length)).toMatchObject({ grade: "doubtful" });
      }
    }
  });
});
