import { z } from "zod";
import { callback, checkOptions, count, durationMs, nonEmptyName, objectWith } from "../base/options.ts";
import { DEFAULT_RETRY } from "./call/ask.ts";
import { PROSE_MODES } from "./gate/form.ts";
import { DEFAULT_ANSWER_LIMITS } from "./gate/limits.ts";
import { DEFAULT_TIMEOUTS } from "./http/send.ts";
import type { PromptFunctionOptions } from "./prompt-function.ts";

/** An object with some of the same keys, each with a value of one kind. */
const some = (keys: object, value: z.ZodType) =>
  z.strictObject(Object.fromEntries(Object.keys(keys).map((key) => [key, value.optional()]))).optional();

const OPTIONS = {
  model: z
    .custom<object>((value) => typeof value === "object" && value !== null, "must be a model")
    .optional(),
  timeouts: some(DEFAULT_TIMEOUTS, durationMs),
  retry: some(DEFAULT_RETRY, z.number().min(0)),
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
