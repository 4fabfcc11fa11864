import type { Input, Thread, VerifiedPrincipal } from "../../index.ts";

/** A mail whose sender's domain has been verified (DKIM, aligned with `From`) before it comes here. */
export interface Mail {
  /** The sender, made by the channel that has verified the address: `verifiedBy("email", address)`. */
  readonly from: VerifiedPrincipal;
  readonly subject: string;
  readonly text: string;
}

/** A customer's words beyond this are cut off. */
const MAX_CHARACTERS = 20_000;

/** What starts a thread: the mail as an event from outside, so that all of it is marked as untrusted. */
export function mailInput({ from, subject, text }: Mail): Input {
  const payload = { subject: subject.slice(0, 500), text: text.slice(0, MAX_CHARACTERS) };
  return { event: { name: "mail", source: "mail", payload }, from };
}

/** An address that is one, and no pattern. */
const ADDRESS = /^[^\s@*:]+@[^\s@*:]+$/;

/**
 * The customer's address: who sent the mail with which the thread begins, whatever is written in it and whoever writes
 * later. `undefined` if a verified mail did not begin it.
 */
export function customerOf({ events }: Pick<Thread, "events">): string | undefined {
  const first = events.find(({ type }) => type === "event_received" || type === "message_received");
  const from = first !== undefined && "from" in first.data ? first.data.from : undefined;
  if (typeof from !== "object" || from.channel !== "email" || !ADDRESS.test(from.id)) return undefined;
  return from.id;
}

/** What the customer has written in this thread: mails, messages and answers, with the number of the event. */
export function wordsOf(
  thread: Pick<Thread, "events">,
): readonly { readonly seq: number; readonly text: string }[] {
  const customer = customerOf(thread);
  const isCustomer = (from: unknown) =>
    typeof from === "object" &&
    from !== null &&
    "channel" in from &&
    "id" in from &&
    from.channel === "email" &&
    from.id === customer;
  if (customer === undefined) return [];
  return thread.events.flatMap(({ seq, type, data }) => {
    switch (type) {
      case "event_received":
        return isCustomer(data.from) ? [{ seq, text: textOf(data.payload) }] : [];
      case "message_received":
        return isCustomer(data.from) ? [{ seq, text: data.text }] : [];
      case "human_responded":
        return isCustomer(data.by) && data.decision.kind === "answered"
          ? [{ seq, text: data.decision.text }]
          : [];
      default:
        return [];
    }
  });
}

function textOf(payload: unknown): string {
  if (typeof payload !== "object" || payload === null) return "";
  const subject = "subject" in payload ? payload.subject : "";
  return `${subject}\n${"text" in payload ? payload.text : ""}`;
}
