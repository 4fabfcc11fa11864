import { systemClock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { randomThreadId } from "../base/ids.ts";
import type { Admit } from "../prompts/types.ts";
import { createCallLimiter } from "../runtime/call-limits.ts";
import { createMemoryStore } from "../store/memory.ts";
import type { Session } from "./session.ts";

/**
 * Holds calls back so that no model is asked more often than `perMinute`, or than the configuration's `modelLimits` allow. Counts
 * the calls of this process alone. `undefined` where nothing is limited.
 */
export async function limitCalls(
  session: Session,
  perMinute: number | undefined,
): Promise<Admit | undefined> {
  if (perMinute === 0) throw new UsageError("invalid_argument", "--per-minute must be at least 1");
  const { modelLimits = {} } = await session.config();
  const limits = perMinute === undefined ? modelLimits : { "*": { requestsPerMinute: perMinute } };
  let told = false;
  const limiter = createCallLimiter({
    limits,
    store: createMemoryStore(),
    clock: systemClock,
    owner: "workbench",
    onHeldBack: () => {
      if (!told) session.terminal.err("The model's limit is reached: calls wait for their turn.");
      told = true;
    },
    onProblem: () => {},
  });
  return limiter.admitFor(randomThreadId(), "workbench");
}
