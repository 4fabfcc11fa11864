import { UsageError } from "../../base/errors.ts";
import type { Patience } from "../call/patience.ts";
import type { RetryPolicy } from "../call/retry-policy.ts";
import type { Timeouts } from "../http/timeouts.ts";
import { type Environment, set } from "./environment.ts";

/** The variables for time-outs, in seconds. */
export const TIMEOUT_VARIABLES = {
  connect: "TWELVEFOLD_TIMEOUT_CONNECT",
  firstToken: "TWELVEFOLD_TIMEOUT_FIRST_TOKEN",
  idle: "TWELVEFOLD_TIMEOUT_IDLE",
  total: "TWELVEFOLD_TIMEOUT_TOTAL",
} as const satisfies Readonly<Record<keyof Timeouts, string>>;

/** The variables for retries: a number of tries, and seconds. */
export const RETRY_VARIABLES = {
  attempts: "TWELVEFOLD_ATTEMPTS",
  maxRetryAfter: "TWELVEFOLD_MAX_RETRY_AFTER",
  maxLoading: "TWELVEFOLD_MAX_LOADING",
} as const satisfies Readonly<Partial<Record<keyof RetryPolicy, string>>>;

/** The time-outs and retries that an environment asks for. Throws a `UsageError` that names the variable. */
export function patienceIn(environment: Environment): Patience {
  return { timeouts: read(TIMEOUT_VARIABLES, environment), retry: read(RETRY_VARIABLES, environment) };
}

function read<Names extends Readonly<Record<string, string>>>(
  names: Names,
  environment: Environment,
): { readonly [K in keyof Names]?: number } | undefined {
  const found: { [K in keyof Names]?: number } = {};
  for (const limit in names) {
    const variable = names[limit];
    const text = variable === undefined ? undefined : set(environment, variable);
    if (text !== undefined)
      found[limit] = variable === RETRY_VARIABLES.attempts ? tries(text) : milliseconds(text, variable);
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function tries(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UsageError(
    "invalid_configuration",
    `${RETRY_VARIABLES.attempts} takes a number of tries, not "${text}"`,
  );
}

function milliseconds(text: string, variable: string | undefined): number {
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text) * 1000;
  throw new UsageError("invalid_configuration", `${variable} takes seconds, not "${text}"`);
}
