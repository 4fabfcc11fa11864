import type { FidelityReason } from "../../base/fidelity.ts";
import type { Aliases } from "../baml/source.ts";
import type { Refusal } from "../types.ts";
import type { ProseMode } from "./form.ts";
import type { AnswerLimits, Breach } from "./limits.ts";
import type { Said } from "./said.ts";

/** What a text was read as, and how far to trust it. */
export interface ReadValue {
  readonly value: unknown;
  readonly reasons: ReadonlySet<FidelityReason>;
}

/** What a completion was read as: its values, in order; or why there is none. */
export type Reading =
  | { readonly ok: true; readonly values: readonly [ReadValue, ...ReadValue[]]; readonly said: Said }
  | { readonly ok: false; readonly reason: Refusal["reason"]; readonly message: string };

/** What reading needs of one BAML function. */
export interface ReadTools {
  /** BAML's parser. Throws where the text does not fit. */
  readonly parse: (text: string) => unknown;
  readonly aliases: () => Aliases;
  readonly limits: Required<AnswerLimits>;
  readonly prose: ProseMode;
  /** How much of what does not fit its type may still be parsed. Each reading of a completion spends from it. */
  readonly left: { texts: number; sampleTexts: number; looseCharacters: number };
  /** What the function returns; found out by parsing `[]` and a small object. */
  readonly kind: ResultKind;
  /** The intents of the steps that it returns, where each has one. */
  readonly intents: readonly string[] | undefined;
}

/** `text`: any string. `text_or_json`: a union with string. `list`: a list. `json`: everything else. */
export type ResultKind = "text" | "text_or_json" | "list" | "json";

/** Finds out what a function returns from how it reads texts that tell. */
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

/** One value, in what is not yet a reading: the text fits no type, may not be parsed, or was parsed. */
export type Candidate =
  | { readonly kind: "value"; readonly read: ReadValue }
  | { readonly kind: "breach"; readonly breach: Breach }
  /** What was wrong with it, for the model to read. */
  | { readonly kind: "misfit"; readonly message: string };

type Parsed =
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "misfit"; readonly error: unknown };

/** The parser of one completion: what did not fit once is not parsed again, for finding that out is what costs. */
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

export function tryParse(text: string, tools: Pick<ReadTools, "parse">): Parsed {
  try {
    return { kind: "parsed", value: tools.parse(text) };
  } catch (error) {
    return { kind: "misfit", error };
  }
}
