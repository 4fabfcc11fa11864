import { describe, expect, it } from "vitest";
import { describeFidelity, isFidelityReason } from "../../src/base/fidelity.ts";
import { type PromptFunction, promptFunction } from "../../src/prompts/prompt-function.ts";
import type { Answer } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { HOSTILE } from "./completions/hostile.ts";
import { PLAIN } from "./completions/plain.ts";
import { PROSE } from "./completions/prose.ts";
import type { Expected, Row } from "./completions/row.ts";
import { SEVERAL } from "./completions/several.ts";
import { SHAPES } from "./completions/shapes.ts";
import { SYNTAX } from "./completions/syntax.ts";
import { VALUES } from "./completions/values.ts";

const GROUPS: readonly (readonly [string, readonly Row[]])[] = [
  ["plain completions", PLAIN],
  ["several values", SEVERAL],
  ["prose around the value", PROSE],
  ["values of the wrong type", VALUES],
  ["mistakes in the syntax", SYNTAX],
  ["results of every type", SHAPES],
  ["what only looks like an answer", HOSTILE],
];

const functions = new Map<string, PromptFunction<readonly unknown[], unknown>>();
function read(name: string, completion: string): Answer<unknown> {
  const known = Object.getOwnPropertyNames(Object.getPrototypeOf(b.parse));
  if (!isFunctionName(name)) throw new Error(`no function ${name}; there are ${known.join()}`);
  const fn = functions.get(name) ?? promptFunction(b, name, { bamlFiles: getBamlFiles });
  functions.set(name, fn);
  return fn.parse(completion);
}

function isFunctionName(name: string): name is keyof typeof b.parse {
  return name in b.parse;
}

/** An answer in the words of the table. */
function told(answer: Answer<unknown>, expected: Expected): Expected {
  if (!answer.ok) {
    const saying = "saying" in expected && expected.saying !== undefined ? { saying: expected.saying } : {};
    if ("saying" in saying) expect(answer.message).toContain(saying.saying);
    return { refused: answer.reason, ...saying };
  }
  const { fidelity, value, more } = answer;
  const others = more.length === 0 ? {} : { more: more.map((other) => other.value) };
  if (fidelity.grade === "exact") return { exact: value, ...others };
  const because = fidelity.reasons.filter(isFidelityReason);
  expect(because).toEqual(fidelity.reasons);
  return fidelity.grade === "tolerant"
    ? { tolerant: value, because, ...others }
    : { doubtful: value, because, ...others };
}

function sorted(expected: Expected): Expected {
  return "because" in expected ? { ...expected, because: expected.because.toSorted() } : expected;
}

describe.each(GROUPS)("%s", { tags: "F4.8" }, (_, rows) => {
  it.each(rows.map((row, index) => [index, row[0], row[1].slice(0, 100), row] as const))(
    "%i %s %j",
    (_index, _name, _start, [name, completion, expected]) => {
      expect(told(read(name, completion), expected)).toEqual(sorted(expected));
    },
  );
});

describe("the table", { tags: "F4.8" }, () => {
  it("has at least 120 completions", () => {
    expect(GROUPS.flatMap(([, rows]) => rows).length).toBeGreaterThanOrEqual(120);
  });

  it("reads each completion alike whichever was read before", () => {
    const rows = GROUPS.flatMap(([, all]) => all).filter(([, completion]) => completion.length < 5_000);
    for (const [name, completion, expected] of rows.toReversed()) {
      expect(told(read(name, completion), expected), completion).toEqual(sorted(expected));
    }
  });
});

describe("aliases", { tags: "F4.8" }, () => {
  const completion = '{"total_amount":5,"status":"paid in full","items":[]}';

  it("makes aliased names doubtful where the BAML files are not known, and says why", () => {
    const answer = promptFunction(b, "ExtractInvoice").parse(completion);
    expect(answer).toMatchObject({
      ok: true,
      value: { total: 5, status: "PAID", lines: [] },
      fidelity: { grade: "doubtful", reasons: ["coerced_value", "renamed_field"] },
    });
  });
});

describe("describeFidelity", { tags: "F4.8" }, () => {
  it("says in words why a value was not taken at face value", () => {
    expect(describeFidelity({ grade: "doubtful", reasons: ["cut_off", "negated"] })).toBe(
      "it ends before the JSON does; the text around the JSON says not to do it, or takes it back",
    );
    expect(describeFidelity({ grade: "exact", reasons: [] })).toBe("");
  });
});
