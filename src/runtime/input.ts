import type { Agent } from "../agent/agent.ts";
import { needsRequester } from "../agent/check-approvals.ts";
import { anything, fields, fieldsAtLeast, oneOfKinds, text } from "../base/checks.ts";
import { ConflictError, UsageError } from "../base/errors.ts";
import { checkArgument, checkOptions, nonEmptyName } from "../base/options.ts";
import { identify, type VerifiedPrincipal } from "../humans/principal.ts";
import type { EventData, NewEvent, Via } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";

/** What starts a thread: a person's message, or any other event. */
export type Input =
  | { readonly message: string; readonly from: VerifiedPrincipal }
  | {
      readonly event: ReceivedEvent;
      /**
       * Who sent it; `system` means code alone, so that nobody has requested anything. Required for an agent that keeps
       * the requester from approving: if the requester is not known, nobody may approve.
       */
      readonly from?: Sender | undefined;
    };

/** Something that happened. */
export type ReceivedEvent = Omit<EventData["event_received"], "from" | "via" | "ofParent">;
export type Sender = VerifiedPrincipal | "system";
/** Something that happened, and who sent it. */
export type SentEvent = ReceivedEvent & { readonly from?: Sender | undefined };

export function isEnded(kind: string): boolean {
  return kind === "finished" || kind === "failed" || kind === "cancelled";
}

/** Throws `ConflictError` if the thread has another status. */
export function requireStatus(
  { id, state }: ThreadHead,
  verb: string,
  fits: (kind: ThreadHead["state"]["status"]["kind"]) => boolean,
): void {
  if (fits(state.status.kind)) return;
  throw new ConflictError("conflict", `thread ${id} is ${state.status.kind}: it cannot be ${verb}`, {
    details: { threadId: id, status: state.status.kind },
  });
}

/** Throws `ConflictError` if the thread takes no more input. */
export function requireOpen(thread: ThreadHead): void {
  requireStatus(thread, "given new input", (kind) => kind !== "cancelled");
}

/**
 * The first event of a thread of this agent. Throws `UsageError` for an event without a known sender if the agent keeps
 * requesters from approving.
 */
export function firstEvent(input: Input, agent: Agent, via: Via | undefined): NewEvent {
  if (via !== undefined) checkOptions("via", VIA, via);
  checkArgument("the input", INPUT, input);
  if ("message" in input) return messageEvent(input.message, input.from, via);
  const { event, from } = input;
  const intents = from === undefined ? needsRequester(agent.steps) : [];
  if (intents.length > 0) {
    throw new UsageError(
      "invalid_argument",
      `say in \`from\` who sent the event ${event.name}, or "system" where code alone did: whoever asked for ${intents.join(", ")} may not approve it, and agent ${agent.name} could not tell who that is`,
      { details: { agent: agent.name, intents } },
    );
  }
  return { type: "event_received", data: { ...eventData({ ...event, from }), via } };
}

const VIA = fields({ channel: nonEmptyName, address: text() });
const INPUT = oneOfKinds(
  "must be { message, from } or { event, from }",
  fields({ message: text(0), from: anything }),
  fields({ event: fieldsAtLeast({}), from: anything }),
);
const EVENT = fieldsAtLeast({ name: text(), source: text() });

/** What is stored of an event. */
export function eventData({ from, name, source, payload, callId }: SentEvent): EventData["event_received"] {
  // Nothing else that a program without types hands over: what says where replies go, or what was passed on, is not the sender's.
  const event = { name, source, payload, callId };
  checkArgument("the event", EVENT, event);
  if (from === undefined) return event;
  return { ...event, from: from === "system" ? from : identify(from) };
}

/** The event that records a message. Throws `UsageError` if the message is empty. */
export function messageEvent(message: string, from: VerifiedPrincipal, via?: Via | undefined): NewEvent {
  checkArgument("the message", text(0), message);
  if (message.trim() === "") throw new UsageError("invalid_argument", "the message is empty");
  return { type: "message_received", data: { text: message.toWellFormed(), from: identify(from), via } };
}
