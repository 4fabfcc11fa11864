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
) {
  if (fits(state.status.kind)) return;
  throw new ConflictError("conflict", `thread ${id} is ${state.status.kind}: it cannot be ${verb}`, {
    details: { threadId: id, status: state.status.kind },
  });
}

/** Input to a thread that still takes it. */
export function accepting(
  build: (thread: Thread) => readonly NewEvent[],
): (thread: Thread) => readonly NewEvent[] {
  return (thread) => {
    requireStatus(thread, "given new input", (kind) => kind !== "cancelled");
    return build(thread);
  };
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
  return { type: "message_received", data: { text: text.toWellFormed(), from: plain(from) } };
}

/** What is stored of a person: nothing but who it is. */
export function plain({ channel, id, name }: Principal): Principal {
  return name === undefined ? { channel, id } : { channel, id, name };
}
