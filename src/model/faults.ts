import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { WIRE_FAULTS, type WireFault } from "./odd-wire.ts";
import type { Random } from "./random.ts";

const WIRE_FAULT_NAMES = Object.keys(WIRE_FAULTS).filter((name): name is WireFault =>
  Object.hasOwn(WIRE_FAULTS, name),
);

/** What can go wrong with a model or on the way to it. */
export const FAULTS = [
  /** Text that is not an answer: a refusal, or broken or hostile JSON. */
  "garbage",
  /** A step whose intent does not exist. */
  "unknown_intent",
  /** A step with its intent and nothing else. */
  "missing_fields",
  /** Two steps in one completion. */
  "two_steps",
  /** A completion without text. */
  "empty",
  /** Text cut in the middle, with `finish_reason` `length`. */
  "truncated",
  /** 429 without `Retry-After`. */
  "rate_limited",
  /** 429 with `Retry-After`. */
  "rate_limited_retry_after",
  /** 500. */
  "server_error",
  /** No answer at all, until the client gives up or the server closes. */
  "hang",
  /** The connection is reset in the middle of the body. */
  "reset",
  /** The body comes slowly, a piece at a time. */
  "slow_drip",
  /** The step inside of `<think>` tags, with nothing after them. */
  "only_thoughts",
  /** A sentence that says that the step is not meant, before it. */
  "negated",
  /** A first step and a corrected one, each in a fence. */
  "draft_and_correction",
  /** Numbers as texts with a currency, or with a decimal comma. */
  "odd_numbers",
  /** Each field twice, with two values. */
  "duplicate_key",
  ...WIRE_FAULT_NAMES,
] as const;

export type Fault = (typeof FAULTS)[number];

const GARBAGE: readonly string[] = [
  "I'm sorry, but I can't help with that.",
  '{"intent": "',
  "]]]]}}}}",
  "null",
  "<step><intent>done</intent></step>",
  "undefined is not a function",
  "\u0000\u0001\ufffd{{{{",
  // Deep enough to stop or crash an unguarded parser.
  "[".repeat(20_000),
  '{"a":'.repeat(20_000),
  "{} ".repeat(5_000),
];

/** The content of a faulty completion, made from a good one; `undefined` for faults that do not change the content. */
export async function spoil(fault: Fault, good: string, random: Random): Promise<string | undefined> {
  switch (fault) {
    case "garbage":
      return GARBAGE[Math.floor(random() * GARBAGE.length)] ?? "";
    case "unknown_intent":
      return JSON.stringify({ ...(await stepIn(good)), intent: "teleport" }, null, 2);
    case "missing_fields":
      return JSON.stringify({ intent: (await stepIn(good))["intent"] ?? "teleport" }, null, 2);
    case "two_steps":
      return `${good}\n\n${JSON.stringify(anotherStep(await stepIn(good)), null, 2)}`;
    case "only_thoughts":
      return `<think>\n${good}\n</think>`;
    case "negated":
      return `I will NOT do this: ${JSON.stringify(await stepIn(good))}`;
    case "draft_and_correction": {
      const step = await stepIn(good);
      return `${fence(anotherStep(step))}\n\nWait, that is wrong.\n\n${fence(step)}`;
    }
    case "odd_numbers":
      return JSON.stringify(withOddNumbers(await stepIn(good)), null, 2);
    case "duplicate_key": {
      const step = await stepIn(good);
      const text = JSON.stringify(step);
      return text === "{}" ? good : `${JSON.stringify(anotherStep(step)).slice(0, -1)},${text.slice(1)}`;
    }
    case "empty":
      return "";
    case "truncated":
      return good.slice(0, Math.floor(random() * Math.max(good.length - 1, 1)));
    default:
      return undefined;
  }
}

function fence(step: JsonObject): string {
  return `\`\`\`json\n${JSON.stringify(step, null, 2)}\n\`\`\``;
}

function withOddNumbers(step: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(step).map(([name, value]) => [
      name,
      typeof value === "number" ? `${String(value).replace(".", ",")} EUR` : value,
    ]),
  );
}

/** The object in a completion; empty if it holds none. */
async function stepIn(content: string): Promise<JsonObject> {
  const found = /\{[\s\S]*\}/.exec(content)?.[0];
  if (found === undefined) return {};
  const { jsonrepair } = await import("jsonrepair");
  try {
    const value: Json = JSON.parse(jsonrepair(found));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The same step with other numbers and texts, the way models write when they correct themselves. */
function anotherStep(step: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(step).map(([name, value]) => {
      if (typeof value === "number") return [name, value + 1];
      return [name, typeof value === "string" && name !== "intent" ? `${value} Or so.` : value];
    }),
  );
}
