import { DEFAULT_TIMEOUTS, type Timeouts } from "../http/timeouts.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry-policy.ts";

/** How long a call waits, and how often it tries. */
export interface Patience {
  readonly timeouts?: Timeouts | undefined;
  readonly retry?: RetryPolicy | undefined;
}

/** Takes every limit from the last of the settings that has it, else its default. */
export function patienceOf(...settings: readonly (Patience | undefined)[]): {
  readonly timeouts: Required<Timeouts>;
  readonly retry: Required<RetryPolicy>;
} {
  return {
    timeouts: merge(
      DEFAULT_TIMEOUTS,
      settings.map((one) => one?.timeouts),
    ),
    retry: merge(
      DEFAULT_RETRY,
      settings.map((one) => one?.retry),
    ),
  };
}

// An explicit `undefined` sets nothing.
function merge<Limits extends object>(defaults: Limits, settings: readonly (object | undefined)[]): Limits {
  const merged = { ...defaults };
  for (const one of settings) {
    Object.assign(
      merged,
      Object.fromEntries(Object.entries(one ?? {}).filter(([, value]) => value !== undefined)),
    );
  }
  return merged;
}
