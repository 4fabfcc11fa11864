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
import {
  callback,
  checkNames,
  checkOptions,
  count,
  durationMs,
  type NamesOf,
  nonEmptyName,
  objectWith,
} from "../base/options.ts";
import type { Patience } from "./call/patience.ts";
import { DEFAULT_RETRY } from "./call/retry-policy.ts";
import { PROSE_MODES } from "./gate/form.ts";
import { DEFAULT_ANSWER_LIMITS } from "./gate/limits.ts";
import { DEFAULT_TIMEOUTS } from "./http/timeouts.ts";
import type { CallOptions, PromptFunctionOptions } from "./prompt-function.ts";

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

const CALL: NamesOf<CallOptions> = {
  model: true,
  defaultModel: true,
  signal: true,
  onPartial: true,
  admit: true,
  tb: true,
  timeouts: true,
  retry: true,
};

/** Throws `UsageError` for options of a call that there are not, or that could not work. */
export function checkCall(what: string, options: CallOptions): void {
  checkNames(what, CALL, options);
  const { timeouts, retry } = options;
  if (timeouts !== undefined || retry !== undefined)
    checkOptions(what, fields(PATIENCE), { timeouts, retry });
}
