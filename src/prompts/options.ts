import {
  boolean,
  both,
  type Check,
  check,
  fields,
  fieldsAtLeast,
  numberFrom,
  oneOf,
  optional,
  someFields,
} from "../base/checks.ts";
import { callback, checkOptions, count, durationMs, nonEmptyName, objectWith } from "../base/options.ts";
import type { Patience } from "./call/patience.ts";
import { DEFAULT_RETRY } from "./call/retry-policy.ts";
import { PROSE_MODES } from "./gate/form.ts";
import { DEFAULT_ANSWER_LIMITS } from "./gate/limits.ts";
import { DEFAULT_TIMEOUTS } from "./http/timeouts.ts";
import type { PromptFunctionOptions } from "./prompt-function.ts";

/** Checks an object that has some of these keys, each with a value of one kind. */
const some = (keys: object, inner: Check): Check =>
  optional(someFields(Object.fromEntries(Object.keys(keys).map((key) => [key, inner]))));

/** Valid settings of how long a call waits, and how often it tries. */
export const PATIENCE = {
  timeouts: some(DEFAULT_TIMEOUTS, durationMs),
  retry: both(
    some(DEFAULT_RETRY, numberFrom(0, Number.MAX_SAFE_INTEGER)),
    optional(fieldsAtLeast({ attempts: optional(count) })),
  ),
} satisfies Record<keyof Patience, Check>;

const OPTIONS = {
  bamlFiles: optional(callback),
  model: optional(
    check((value) => (typeof value === "object" && value !== null ? undefined : "must be a model")),
  ),
  ...PATIENCE,
  limits: some(DEFAULT_ANSWER_LIMITS, count),
  prose: optional(oneOf(PROSE_MODES)),
  promptCache: optional(boolean),
  version: optional(nonEmptyName),
  clock: optional(objectWith("now", "sleep")),
  random: optional(callback),
} satisfies Record<keyof PromptFunctionOptions, Check>;

/** Nobody may forget the sources, whatever the type checker was told; `undefined` says that there are none. */
const named: Check = check((value) =>
  typeof value === "object" && value !== null && "bamlFiles" in value
    ? undefined
    : "bamlFiles is missing: pass getBamlFiles of the generated inlinedbaml.ts",
);

/** Throws `UsageError` for options that `promptFunction` does not know, for invalid values, and for missing `bamlFiles`. */
export function checkPromptOptions(name: string, options: unknown): asserts options is PromptFunctionOptions {
  checkOptions(`promptFunction ${name}`, both(fields(OPTIONS), named), options ?? {});
}

/** Throws `UsageError` for time-outs and retries that could not work. `what` says whose they are. */
export function checkPatience(what: string, { timeouts, retry }: Patience): void {
  if (timeouts === undefined && retry === undefined) return;
  checkOptions(what, fields(PATIENCE), { timeouts, retry });
}
