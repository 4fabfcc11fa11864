import { ConflictError, UsageError } from "../base/errors.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import type { EventData, NewEvent, Principal } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** A person's message, or anything else that happened. */
export type Input =
  | { readonly message: string; readonly from: VerifiedPrincipal }
  | { readonly event: EventData["event_received"] };

export function isEnded(kind: string): boolean {
  return kind === "finished" || kind === "failed" || kind === "cancelled";
}

/** Throws `ConflictError` where the thread's status does not fit. */
export function requireStatus(
  { id, state }: Thread,
  verb: string,
  fits: (kind: Thread["state"]["status"]["kind"]) => boolean,
): void {
  if (fits(state.status.kind)) return;
  throw new ConflictError("conflict", `thread ${id} is ${state.status.kind}: it cannot be ${verb}`, {
    details: { threadId: id, status: state.status.kind },
  });
}

/** Throws `ConflictError` where the thread takes no more input. */
export function requireOpen(thread: Thread): void {
  requireStatus(thread, "given new input", (kind) => kind !== "cancelled");
}

/** What starts a thread. */
export function firstEvent(input: Input): NewEvent {
  return "message" in input
    ? messageEvent(input.message, input.from)
    : { type: "event_received", data: input.event };
}

/** Throws `UsageError` for a message that is empty. */
export function messageEvent(text: string, from: VerifiedPrincipal): NewEvent {
  if (text.trim() === "") throw new UsageError("invalid_argument", "the message is empty");
  return { type: "message_received", data: { text: text.toWellFormed(), from: identify(from) } };
}

/** What is stored of a person: nothing but who it is. */
export function identify({ channel, id, name }: Principal): Principal {
  return name === undefined ? { channel, id } : { channel, id, name };
}
