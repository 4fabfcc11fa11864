import type { FidelityReason } from "../../base/fidelity.ts";
import type { DeclaredType } from "../baml/declared-type.ts";
import type { Enums } from "../baml/enums.ts";
import type { Aliases } from "../baml/source.ts";
import type { StepFields } from "../baml/step-fields.ts";
import type { Refusal } from "../types.ts";
import { affordBlind, type Left } from "./allowance.ts";
import type { ProseMode } from "./form.ts";
import { type AnswerLimits, type Breach, LISTS_TOO_LONG, MAX_PAIRS } from "./limits.ts";
import type { Said } from "./said.ts";
import { sizeOf } from "./sample.ts";
import { strictJson } from "./scan.ts";
import { parsedBreach, withStandIns } from "./stand-ins.ts";

/** The value that a text was read as, and how far to trust it. */
export interface ReadValue {
  readonly value: unknown;
  readonly reasons: ReadonlySet<FidelityReason>;
}

/** What a completion was read as: its values, in order, or the reason why there are none. */
export type Reading =
  | { readonly ok: true; readonly values: readonly [ReadValue, ...ReadValue[]]; readonly said: Said }
  | { readonly ok: false; readonly reason: Refusal["reason"]; readonly message: string };

/** What it takes to read the completions of one BAML function. */
export interface ReadTools {
  /** BAML's parser. Throws if the text does not fit. */
  readonly parse: (text: string) => unknown;
  readonly aliases: () => Aliases;
  /** The values of enums, for messages. */
  readonly enums: () => Enums;
  /** The fields of steps, for messages. */
  readonly stepFields: () => StepFields | undefined;
  /** Whether the types may have constraints (`@assert`, `@check`) on their texts. */
  readonly constrained: () => boolean;
  readonly limits: Required<AnswerLimits>;
  readonly prose: ProseMode;
  /**
   * How much may still be parsed of values that do not fit their type. Every part of reading a completion spends from
   * it.
   */
  readonly left: Left;
  /** The type that the function returns; `unknown` where it is not known, or not all that it asks for. */
  readonly returns: () => DeclaredType;
  /** At most how long the native parser takes over a value of JSON, in microseconds. */
  readonly costOf: (value: unknown) => number;
  /** What kind of value the function returns; learned by parsing `[]` and a small object. */
  readonly kind: ResultKind;
  /** The intents of the steps that it returns, if every step has one. */
  readonly intents: readonly string[] | undefined;
}

/** `text`: any string. `text_or_json`: a union with string. `list`: a list. `json`: everything else. */
export type ResultKind = "text" | "text_or_json" | "list" | "json";

/** Learns what kind of value a function returns from how it parses revealing texts. */
export function resultKind(parse: (text: string) => unknown): ResultKind {
  const probe = (text: string): unknown => {
    try {
      return parse(text);
    } catch {
      return undefined;
    }
  };
  const list = probe("[]");
  if (Array.isArray(list)) return "list";
  if (typeof list !== "string") return "json";
  return probe('{"x":1}') === '{"x":1}' ? "text" : "text_or_json";
}

export function refuse({ reason, message }: Breach): Reading {
  return { ok: false, reason, message };
}

/** A possible value, before it is a reading: the text fits no type, must not be parsed, or was parsed. */
export type Candidate =
  | { readonly kind: "value"; readonly read: ReadValue }
  | { readonly kind: "breach"; readonly breach: Breach }
  /** What was wrong with it, for the model to read. */
  | { readonly kind: "misfit"; readonly message: string };

export type Breached = Extract<Candidate, { readonly kind: "breach" }>;

export type Parsed =
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "misfit"; readonly error: unknown };

/** The parser of one completion. It parses no misfit twice, because finding out is what costs time. */
export function rememberMisfits(parse: ReadTools["parse"]): ReadTools["parse"] {
  const misfits = new Map<string, unknown>();
  return (text) => {
    if (misfits.has(text)) throw misfits.get(text);
    try {
      return parse(text);
    } catch (error) {
      misfits.set(text, error);
      throw error;
    }
  };
}

/** `tryParse` for strict JSON of any size: long texts do not take the way through the native parser where they need not. */
export function tryParseJson(text: string, tools: ReadTools): Parsed | Breached {
  const replaced = tools.constrained() ? undefined : withStandIns(text);
  const breach = parsedBreach(replaced?.text ?? text);
  if (breach !== undefined) return { kind: "breach", breach };
  if (replaced === undefined) return parseAffordable(text, tools);
  const parsed = parseAffordable(replaced.text, tools);
  if (parsed.kind === "breach") return parsed;
  if (parsed.kind === "misfit") return { kind: "misfit", error: replaced.explain(parsed.error) };
  try {
    return { kind: "parsed", value: replaced.restore(parsed.value) };
  } catch (error) {
    return { kind: "misfit", error };
  }
}

/** `tryParse` of what is not too much for the native parser, as far as can be told from the value alone. */
function parseAffordable(text: string, tools: ReadTools): Parsed | Breached {
  const value = strictJson(text);
  if (sizeOf(value).pairs > MAX_PAIRS || !affordBlind(tools.costOf(value), tools.left))
    return { kind: "breach", breach: LISTS_TOO_LONG };
  return tryParse(text, tools);
}

export function tryParse(text: string, tools: Pick<ReadTools, "parse">): Parsed {
  try {
    return { kind: "parsed", value: tools.parse(text) };
  } catch (error) {
    return { kind: "misfit", error };
  }
}
