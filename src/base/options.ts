import { anything, both, type Check, check, fields, numberFrom, text } from "./checks.ts";
import { UsageError } from "./errors.ts";

const HUNDRED_YEARS_S = 100 * 365 * 86_400;

/** A duration in milliseconds that timers and stores can hold: more than zero, at most a hundred years. */
export const durationMs: Check = positive(HUNDRED_YEARS_S * 1000);
/** The same in seconds. */
export const durationSeconds: Check = positive(HUNDRED_YEARS_S);
/** A whole number from one on. */
export const count: Check = numberFrom(1, Number.MAX_SAFE_INTEGER, { whole: true });
/** A name: some visible text of at most 200 characters, without blanks around it. */
export const nonEmptyName: Check = both(
  text(),
  check((value) => {
    const name = String(value);
    if (name.trim() !== name) return "has blanks around it";
    if (INVISIBLE.test(name)) return "holds characters that nobody sees";
    return name.length > 200 ? `has ${name.length} characters; at most 200 are taken` : undefined;
  }),
);

/** Controls, format characters, halves of characters and ends of lines: two names must not look the same. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** A secret of an installation: long enough that nobody guesses it. */
export const secretText: Check = check((value) =>
  typeof value === "string" && value.length >= 32 ? undefined : "needs at least 32 random characters",
);
/** An address with its scheme. */
export const address: Check = check((value) =>
  typeof value === "string" && URL.canParse(value)
    ? undefined
    : "must be an address such as https://agents.example.com",
);
/** A function of any kind: what it takes and gives is the type checker's business. */
export const callback: Check = check((value) =>
  typeof value === "function" ? undefined : "must be a function",
);

/** An object with these methods: a store, a channel, a clock. */
export const objectWith = (...methods: readonly string[]): Check =>
  check((value) =>
    typeof value === "object" &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === "function")
      ? undefined
      : `must be an object with ${methods.join(", ")}`,
  );

function positive(max: number): Check {
  return check((value) =>
    typeof value === "number" && value > 0 && value <= max
      ? undefined
      : `must be a number above 0 and at most ${max}, not ${typeof value === "number" ? value : typeof value}`,
  );
}

/** What is wrong with a value, in one sentence; `undefined`: it fits. */
export function problemWith(value: unknown, fits: Check): string | undefined {
  const problems = problemsWith(value, fits);
  return problems.length === 0 ? undefined : problems.join("; ");
}

/**
 * Checks options at the door, whatever the type checker was told. Throws `UsageError` (`invalid_configuration`) that names
 * everything that is wrong, unknown names too.
 *
 * @param what whose options they are, as the message begins: `createRuntime`, `agent calculator`.
 */
export function checkOptions(what: string, fits: Check, options: unknown): void {
  const problems = problemsWith(options, fits);
  if (problems.length === 0) return;
  throw new UsageError("invalid_configuration", `${what}: ${problems.join("; ")}`, { details: { problems } });
}

/** Each option of a type, so that the compiler finds one that is missing. */
export type NamesOf<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * Refuses an option that there is not, as `checkOptions` does, where nothing is to be said of the values, or it is said elsewhere:
 * a misspelt name never goes unnoticed.
 */
export function checkNames<Options extends object>(
  what: string,
  names: NamesOf<Options>,
  options: Options,
): void {
  const isKnown = typeof options === "object" && options !== null && !Array.isArray(options);
  if (isKnown && Object.keys(options).every((name) => Object.hasOwn(names, name))) return;
  checkOptions(what, fields(Object.fromEntries(Object.keys(names).map((name) => [name, anything]))), options);
}

/** The same for an argument of a call. Throws `UsageError` (`invalid_argument`). */
export function checkArgument(what: string, fits: Check, value: unknown): void {
  const problem = problemWith(value, fits);
  if (problem !== undefined) throw new UsageError("invalid_argument", `${what}: ${problem}`);
}

function problemsWith(value: unknown, fits: Check): string[] {
  return fits(value).map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
}
