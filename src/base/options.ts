import { z } from "zod";
import { UsageError } from "./errors.ts";

/** The last moment that a `Date`, and so a stored time, can hold: milliseconds since the epoch. */
const LAST_MOMENT = 8.64e15;

/** A duration in milliseconds that timers and stores can hold: more than zero, at most a hundred years. */
export const durationMs = z
  .number()
  .positive()
  .max(100 * 365 * 86_400_000);
/** The same in seconds. */
export const durationSeconds = z
  .number()
  .positive()
  .max(100 * 365 * 86_400);
/** Milliseconds since the epoch. */
export const momentMs = z.number().min(0).max(LAST_MOMENT);
/** A whole number from one on. */
export const count = z.number().int().positive();
/** A name: some text without blanks around it. */
export const nonEmptyName = z
  .string()
  .min(1)
  .refine((text) => text.trim() === text, "has blanks around it");
/** A secret of an installation: long enough that nobody guesses it. */
export const secretText = z.string().min(32, "needs at least 32 random characters");

/** A function of any kind: what it takes and gives is the type checker's business. */
export const callback = z.custom<(...args: never) => unknown>(
  (value) => typeof value === "function",
  "must be a function",
);

/** An object with these methods: a store, a channel, a clock. */
export const objectWith = (...methods: readonly string[]) =>
  z.custom<object>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === "function"),
    `must be an object with ${methods.join(", ")}`,
  );

/**
 * Checks options at the door, whatever the type checker was told: unknown names are refused, so that a misspelt one
 * never goes unnoticed. Throws `UsageError` (`invalid_configuration`) that names everything that is wrong.
 *
 * @param what whose options they are, as the message begins: `createRuntime`, `agent calculator`.
 */
export function checkOptions(what: string, schema: z.ZodType, options: unknown): void {
  const result = schema.safeParse(options);
  if (result.success) return;
  const problems = result.error.issues.map((issue) => problemIn(issue, schema));
  throw new UsageError("invalid_configuration", `${what}: ${problems.join("; ")}`, { details: { problems } });
}

function problemIn(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  const at = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => JSON.stringify(at === "" ? key : `${at}.${key}`)).join(", ");
    const known = issue.path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const valid = known.length === 0 ? "" : `; known: ${known.join(", ")}`;
    return `unknown option ${names}${valid}`;
  }
  return at === "" ? issue.message : `${at}: ${issue.message}`;
}
