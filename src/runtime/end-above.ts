import { ConflictError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { NewEvent, Principal } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";

/** What ends the work of a thread: one above it is over. */
export interface EndAbove {
  /** The one that is over. */
  readonly threadId: ThreadId;
  readonly by: Principal;
  /** What has become of that thread, in words that end a sentence: "was cancelled". */
  readonly what: string;
}

/** What ends those that work for a thread that was cancelled or has failed; `undefined` for any other. */
export function endOf({ id, state: { ended } }: ThreadHead): EndAbove | undefined {
  if (ended?.kind === "cancelled") return { threadId: id, by: ended.by, what: "was cancelled" };
  return ended?.kind === "failed" ? endBySystem(id, "has failed") : undefined;
}

/** An end that no person has decided on. */
export function endBySystem(threadId: ThreadId, what: string): EndAbove {
  return { threadId, by: { channel: "thread", id: threadId }, what };
}

/** The event that ends a thread with the one above it. */
export function endedBy({ threadId, by, what }: EndAbove): NewEvent {
  return { type: "cancelled", data: { by, reason: `thread ${threadId}, for which it worked, ${what}` } };
}

/** What keeps anything from being decided or done for a thread: one above it cannot be read. */
export function refuseUnread(threadId: ThreadId, cause: unknown): ConflictError {
  const message = `thread ${threadId}, for which it was asked, cannot be read: nothing is decided or done until it can`;
  return new ConflictError("conflict", message, { details: { threadId }, cause });
}

/** What whoever asks for a request, or answers it, is told. */
export function nothingComesOf(requestId: string, { threadId, what }: EndAbove): ConflictError {
  const message = `nothing more comes of request ${requestId}: thread ${threadId}, for which it was asked, ${what}`;
  return new ConflictError("conflict", message, { details: { requestId, threadId } });
}
