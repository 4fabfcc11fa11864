import type { FidelityReason } from "../../base/fidelity.ts";
import type { Aliases } from "../baml/source.ts";
import { findUnaffordable } from "./afford.ts";
import { compareValues, isList } from "./compare.ts";
import { isImprecise } from "./inspect.ts";
import {
  type Breach,
  LISTS_TOO_LONG,
  LOOSE_BREACH,
  looseShape,
  MAX_PAIRS,
  strictBounds,
  strictBreach,
  valuesIn,
} from "./limits.ts";
import { describeMisfit, mismatch } from "./mismatch.ts";
import { type Reading, type ReadTools, refuse, tryParse } from "./reading.ts";
import { saidOf } from "./said.ts";
import { sizeOf } from "./sample.ts";
import { shapeOf, strictJson } from "./scan.ts";
import { parsedBreach } from "./stand-ins.ts";
import { withoutLeadingThinking } from "./thinking.ts";

/**
 * Reads the answer of a function that returns any text: the whole text is the value, and nothing in it is a reason for
 * doubt.
 */
export function readText(completion: string, tools: ReadTools): Reading {
  const visible = withoutLeadingThinking(completion);
  if (visible.text.trim() === "") {
    const message = visible.unclear ? "The answer holds nothing but thoughts." : "The answer is empty.";
    return { ok: false, reason: "empty", message };
  }
  // BAML does not look into the text of such a function (measured): only its way there and back takes long.
  if (!tools.constrained()) {
    return {
      ok: true,
      values: [{ value: visible.text, reasons: new Set() }],
      said: saidOf(visible.text, []),
    };
  }
  const breach = parsedBreach(visible.text);
  if (breach !== undefined) return refuse(breach);
  const parsed = tryParse(visible.text, tools);
  if (parsed.kind === "misfit")
    return { ok: false, reason: "no_match", message: mismatch(parsed.error, undefined, tools) };
  const reasons = new Set<FidelityReason>();
  compareValues(visible.text, parsed.value, tools.aliases(), reasons);
  return { ok: true, values: [{ value: parsed.value, reasons }], said: saidOf(visible.text, []) };
}

/** A text in which no object fits. */
interface PlainText {
  readonly text: string;
  readonly unclear: boolean;
  /** What was wrong with the JSON in it that did not fit. */
  readonly misfit?: string | undefined;
}

/** Reads an answer without a fitting JSON object: a word of an enum, a number, `true`, `null`, or prose. */
export function readPlain({ text, unclear, misfit }: PlainText, tools: ReadTools): Reading {
  const refusal = checkPlain(text, tools);
  if (refusal?.kind === "breach") return refuse(refusal.breach);
  if (refusal?.kind === "misfit") return { ok: false, reason: "no_match", message: refusal.message };
  const parsed =
    refusal?.kind === "read" ? { kind: "parsed" as const, value: refusal.value } : tryParse(text, tools);
  if (parsed.kind === "misfit") {
    const json = strictJson(text);
    // If all of it is one text, what was found inside that text is not JSON.
    const message = typeof json === "string" ? undefined : misfit;
    return { ok: false, reason: "no_match", message: message ?? mismatch(parsed.error, json, tools) };
  }
  const { value } = parsed;
  const isObject = typeof value === "object" && value !== null;
  // The parser may make an object of what was found to be wrong before.
  if (isObject && misfit !== undefined) return { ok: false, reason: "no_match", message: misfit };
  // The parser makes an empty list of a text in which it finds no item.
  if (isList(value) && value.length === 0)
    return { ok: false, reason: "no_match", message: describeMisfit(["It holds no JSON list."]) };
  const reasons = new Set<FidelityReason>(unclear ? ["unclear_thinking"] : []);
  if (isObject) reasons.add("no_json");
  else comparePlain(withoutFence(text), value, tools.aliases(), reasons);
  return { ok: true, values: [{ value, reasons }], said: saidOf(text, []) };
}

// A word of an enum or a number is short; anything longer is prose, which only a function that returns text may
// give.
const MAX_PLAIN = 4_000;
// The parser looks for JSON in a text with brackets again and again: 3 s for 39,000 characters.
const MAX_WITH_BRACKETS = 2_000;
const TEXT_AND_BRACKETS: Breach = {
  reason: "too_large",
  message: `The answer is a long text with brackets in which no value fits. Answer with one JSON value, or with text without brackets.`,
};

/** Why a text without a fitting object may not be given to the native parser. */
function checkPlain(text: string, tools: ReadTools): ReturnType<typeof findUnaffordable> {
  const json = strictJson(text);
  if (json !== undefined) {
    const shape = shapeOf(text, true, strictBounds(tools.limits));
    const breach = strictBreach(shape, tools.limits);
    if (breach !== undefined) return { kind: "breach", breach };
    if (typeof json === "string") return checkLength(text, tools);
    if (sizeOf(json).pairs > MAX_PAIRS) return { kind: "breach", breach: LISTS_TOO_LONG };
    return findUnaffordable(json, { text, values: valuesIn(shape) }, tools);
  }
  const loose = looseShape(text, tools.limits);
  if ("breach" in loose) return { kind: "breach", breach: loose.breach };
  const { containers, separators } = loose.shape;
  if (tools.kind !== "text_or_json" && containers > 0 && separators > tools.left.texts) {
    return { kind: "breach", breach: LOOSE_BREACH };
  }
  if (containers > 0 && text.length > MAX_WITH_BRACKETS) return { kind: "breach", breach: TEXT_AND_BRACKETS };
  return checkLength(text, tools);
}

function checkLength(text: string, tools: ReadTools): ReturnType<typeof checkPlain> {
  if (tools.kind === "text_or_json") {
    const breach = parsedBreach(text);
    return breach === undefined ? undefined : { kind: "breach", breach };
  }
  if (text.length <= MAX_PLAIN) return undefined;
  return {
    kind: "breach",
    breach: { reason: "no_match", message: mismatch(undefined, undefined, tools) },
  };
}

function comparePlain(text: string, value: unknown, aliases: Aliases, reasons: Set<FidelityReason>): void {
  const json = strictJson(text);
  if (json === value || text === value) {
    if (typeof value === "number" && isImprecise(text)) reasons.add("imprecise_number");
    return;
  }
  if (value === null) {
    reasons.add("no_json");
    return;
  }
  // A full stop, quotes or emphasis around a single word change nothing.
  const word = json ?? text.replace(/^[*_`"'“”]+|[*_`"'“”.]+$/g, "").trim();
  const differences = new Set<FidelityReason>();
  compareValues(word, value, aliases, differences);
  if (differences.size === 0) reasons.add("loose_match");
  for (const reason of differences)
    reasons.add(reason === "retyped_value" && json === undefined ? "loose_match" : reason);
}

function withoutFence(text: string): string {
  const inside = /^```[\w+-]*[ \t]*\n([\s\S]*?)\n?```$/.exec(text.trim())?.[1];
  return (inside ?? text).trim();
}
