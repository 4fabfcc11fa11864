import { LAST_TIME } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { parseThreadId } from "../base/ids.ts";
import type { Principal } from "../thread/events.ts";
import type { ThreadProjection } from "../thread/projection.ts";
import { STATUS_KINDS } from "../thread/state.ts";

/** Throws `UsageError` (`invalid_argument`) for a projection that could not be read back. */
export function checkProjection(projection: ThreadProjection): void {
  const { agent, status, title, wantsAdvance, wakeAt, pendingRequest, awaitedEvent, parentThreadId } =
    projection;
  const { subject, requester, tokens } = projection;
  for (const [name, text] of Object.entries({ agent, title, subject }))
    check(typeof text === "string", name, text);
  check(STATUS_KINDS.includes(status), "status", status);
  check(requester === null || isPrincipal(requester), "requester", requester);
  check(Number.isFinite(tokens) && tokens >= 0, "tokens", tokens);
  check(typeof wantsAdvance === "boolean", "wantsAdvance", wantsAdvance);
  if (wakeAt !== null) checkTime("wakeAt", wakeAt);
  check(pendingRequest === null || isCount(pendingRequest), "pendingRequest", pendingRequest);
  check(awaitedEvent === null || typeof awaitedEvent === "string", "awaitedEvent", awaitedEvent);
  check(
    parentThreadId === null || parseThreadId(parentThreadId) !== undefined,
    "parentThreadId",
    parentThreadId,
  );
}

/** Throws `UsageError` unless the time is a whole number of milliseconds that a date can hold. */
export function checkTime(name: string, ms: number): void {
  check(Number.isInteger(ms) && Math.abs(ms) <= LAST_TIME, name, ms);
}

function isPrincipal({ channel, id, name }: Principal): boolean {
  return (
    typeof channel === "string" && typeof id === "string" && (name === undefined || typeof name === "string")
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function check(fits: boolean, name: string, value: unknown): void {
  if (fits) return;
  const came = typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
  throw new UsageError("invalid_argument", `${name} cannot be ${came}`, { details: { name } });
}
