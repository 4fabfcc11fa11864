import type { Agent } from "../../agent/agent.ts";
import { atOnce } from "../../base/hooks.ts";
import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";
import { visible, visibleLine, visibleValue } from "../../present/visible-text.ts";
import type { EventOf, Principal } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

/** The event that began a thread, as the agent itself shows it to the model. */
export interface BeginningEvent {
  readonly at: string;
  readonly name: string;
  readonly source: string;
  readonly from: Principal | null;
  /** Where it comes from, if the agent does not trust that. */
  readonly untrusted: string | null;
  readonly body: Json;
}

export interface AboutMessage {
  readonly at: string;
  readonly from: Principal;
  readonly text: string;
}

/** What a thread is about, for somebody who decides on something in it. */
export interface About {
  /** `null`: a message began it. */
  readonly event: BeginningEvent | null;
  /** The first message, if a later one is shown as well. */
  readonly first: AboutMessage | null;
  /** The latest message of a person; `null` if nobody has written. */
  readonly latest: AboutMessage | null;
}

/** Pure. */
export function aboutThread({ events }: Thread, agent: Agent | undefined): About {
  const beginning = events.find(({ type }) => type === "message_received" || type === "event_received");
  const messages = events.filter((event) => event.type === "message_received");
  const [first] = messages;
  const last = messages.at(-1);
  return {
    event: beginning?.type === "event_received" ? beginningEvent(beginning, agent) : null,
    first: first === undefined || first === last ? null : messageOf(first),
    latest: last === undefined ? null : messageOf(last),
  };
}

function messageOf({ at, data }: EventOf<"message_received">): AboutMessage {
  return { at, from: data.from, text: data.text };
}

function beginningEvent(event: EventOf<"event_received">, agent: Agent | undefined): BeginningEvent {
  const { at, data } = event;
  const { name, source, from } = data;
  return {
    at,
    name,
    source,
    from: from === undefined || from === "system" ? null : from,
    untrusted:
      agent === undefined
        ? source
        : (atOnce("`untrusted`", agent.context.options.untrusted?.(event, undefined)) ?? null),
    body: format(event, agent) ?? data.payload,
  };
}

/** What the agent's own formatter makes of the event; `undefined` if it has none, hides the event, or fails. */
function format(event: EventOf<"event_received">, agent: Agent | undefined): Json | undefined {
  try {
    const earlier = { stepOf: () => undefined, isAmbiguous: () => false, requestAt: () => undefined };
    const blocks = agent?.context.options.formatters?.event_received?.(event, earlier) ?? [];
    const bodies = blocks.map(({ body }) => body);
    return bodies.length > 1 ? bodies : bodies[0];
  } catch {
    return undefined;
  }
}

/** What a thread is about in one line: its latest message, or the subject of the event that began it. Pure. */
export function goalOf(thread: Thread, agent: Agent | undefined): string {
  const { event, latest } = aboutThread(thread, agent);
  if (latest !== null) return visible(latest.text);
  if (event === null) return "";
  const subject = subjectOf(event.body);
  return subject === "" ? `Event ${visibleLine(event.name)}` : subject;
}

/** Names under which mails, tickets and webhooks say what they are about, the best first. */
const SUBJECTS = ["subject", "title", "summary", "headline", "description", "text", "message", "body"];

/** The line of a value that says what it is about; empty if nothing in it does. */
export function subjectOf(body: Json): string {
  if (isJsonArray(body)) return body.map(subjectOf).find((subject) => subject !== "") ?? "";
  if (!isJsonObject(body)) return body === null ? "" : visibleValue(body);
  const texts = new Map(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === "string" && value.trim() !== "" ? [[name.toLowerCase(), value]] : [],
    ),
  );
  const named = SUBJECTS.map((name) => texts.get(name)).find((text) => text !== undefined);
  return visibleLine(named ?? texts.values().next().value ?? "");
}
