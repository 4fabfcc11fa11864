import type { Fidelity } from "../../base/completion.ts";
import type { Json, JsonObject } from "../../base/json.ts";

/** How bad it is if a case fails: `must` fails the run by itself, `should` counts towards the pass rate. */
export type Severity = "must" | "should";

export const SEVERITIES: readonly Severity[] = ["must", "should"];

/**
 * What must hold of what the model proposes. Everything that is named must hold. Of several steps in one answer, an agent with
 * `severalSteps: "first"` runs the first, and it alone is looked at, but by `steps` and `anyStep`. With any other agent `intent`
 * and `fields` want the only step, `grade` and judges look at each, and `not` must hold of none.
 */
export interface Expectation {
  /** The intent, or the intents any of which will do. */
  readonly intent?: string | readonly string[] | undefined;
  /** What must hold of each field; a name with dots leads into objects. */
  readonly fields?: Readonly<Record<string, Predicate>> | undefined;
  /** The grade that the answer needs at least. */
  readonly grade?: Fidelity["grade"] | undefined;
  /** BAML's checks (`@check`) that must have passed, by name; `all`: those that the answer has, and at least one. */
  readonly checks?: "all" | readonly string[] | undefined;
  /** Judges of the configuration that must pass. */
  readonly judge?: string | readonly string[] | undefined;
  /** At least one of these must hold. */
  readonly anyOf?: readonly Expectation[] | undefined;
  /** This must not hold, of the answer or of one of its steps. */
  readonly not?: Expectation | undefined;
  /** One for each step of the answer, in order: as many steps as were answered. */
  readonly steps?: readonly Expectation[] | undefined;
  /** At least one step of the answer is like this. */
  readonly anyStep?: Expectation | undefined;
}

/** A value that must be equal, or an object with one or more of these. */
export type Predicate = Json | Operators;

export interface Operators {
  readonly equals?: Json;
  readonly oneOf?: readonly Json[];
  /** Text that must stand in the text, or a value that must be in the list. */
  readonly contains?: Json;
  /** A regular expression; `(?i)` in front of it ignores case. */
  readonly matches?: string;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
  /** The field is not there, or `null`. */
  readonly absent?: true;
  readonly not?: Predicate;
}

/** One thing that has happened in a thread, written short. */
export interface Happening {
  readonly message?: string;
  /** An event that came in, with its payload. */
  readonly event?: string;
  readonly payload?: Json;
  /** Something fetched before the model was asked, with its `result`. */
  readonly prefetched?: string;
  /** A step that was proposed, and one of: */
  readonly step?: JsonObject & { readonly intent: string };
  readonly result?: Json;
  readonly error?: string;
  /** What a person answered to the question that the step asks. */
  readonly answer?: string;
  /** A person denied the step, with this feedback. */
  readonly denied?: string;
  /** The step ended the run, with this result. */
  readonly finished?: Json;
}

/** One case: a thread up to where the model is asked, and what must hold of its answer. */
export interface EvalCase {
  readonly name: string;
  readonly agent: string;
  readonly severity: Severity;
  /** The thread is one message. */
  readonly message?: string | undefined;
  /** Or what has happened, written short; or the path of a thread's JSON export, from the dataset's folder. */
  readonly thread?: string | readonly Happening[] | undefined;
  /** Or its events as they are stored. */
  readonly events?: readonly Json[] | undefined;
  /** Of an export or events: as the thread was after this event. */
  readonly at?: number | undefined;
  readonly expect: Expectation;
  /** Why it is known to fail: it fails no run, and a run says if it passes. */
  readonly knownFailure?: string | undefined;
  /** For people. */
  readonly note?: string | undefined;
  /** Nobody has looked at it yet: it is not run. */
  readonly review?: boolean | undefined;
  /** Where it stands. */
  readonly file: string;
  readonly line: number;
}

/** The cases of one file. */
export interface Dataset {
  /** The file's name without its ending. */
  readonly name: string;
  readonly file: string;
  readonly cases: readonly EvalCase[];
}
