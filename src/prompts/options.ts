import { z } from "zod";
import { callback, checkOptions, count, durationMs, nonEmptyName, objectWith } from "../base/options.ts";
import type { Patience } from "./call/patience.ts";
import { DEFAULT_RETRY } from "./call/retry-policy.ts";
import { PROSE_MODES } from "./gate/form.ts";
import { DEFAULT_ANSWER_LIMITS } from "./gate/limits.ts";
import { DEFAULT_TIMEOUTS } from "./http/timeouts.ts";
import type { PromptFunctionOptions } from "./prompt-function.ts";

/** An object with some of the same keys, each with a value of one kind. */
const some = (keys: object, value: z.ZodType) =>
  z.strictObject(Object.fromEntries(Object.keys(keys).map((key) => [key, value.optional()]))).optional();

/** How long a call waits, and how often it asks. */
export const PATIENCE = {
  timeouts: some(DEFAULT_TIMEOUTS, durationMs),
  retry: some(DEFAULT_RETRY, z.number().min(0)).refine(
    ({ attempts = 1 }: { attempts?: unknown } = {}) => count.safeParse(attempts).success,
    { path: ["attempts"], message: "must be a whole number from 1 on" },
  ),
} satisfies Record<keyof Patience, z.ZodType>;

const OPTIONS = {
  model: z
    .custom<object>((value) => typeof value === "object" && value !== null, "must be a model")
    .optional(),
  ...PATIENCE,
  limits: some(DEFAULT_ANSWER_LIMITS, count),
  prose: z.enum(PROSE_MODES).optional(),
  bamlFiles: callback.optional(),
  version: nonEmptyName.optional(),
  clock: objectWith("now", "sleep").optional(),
  random: callback.optional(),
} satisfies Record<keyof PromptFunctionOptions, z.ZodType>;

const SCHEMA = z.strictObject(OPTIONS);

/** Throws `UsageError` for options that `promptFunction` does not know, and for values that they cannot have. */
export function checkPromptOptions(name: string, options: PromptFunctionOptions): void {
  checkOptions(`promptFunction ${name}`, SCHEMA, options);
}

const PATIENCE_SCHEMA = z.object(PATIENCE);

/** Throws `UsageError` for time-outs and retries that could not work. `what`: whose they are. */
export function checkPatience(what: string, { timeouts, retry }: Patience): void {
  if (timeouts === undefined && retry === undefined) return;
  checkOptions(what, PATIENCE_SCHEMA, { timeouts, retry });
}
