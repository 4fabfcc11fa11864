import { ConflictError, NotFoundError } from "../base/errors.ts";
import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../base/json.ts";
import { keepLatest } from "../base/keep-latest.ts";
import { removeSecrets } from "../base/secret-patterns.ts";
import { patternsOf } from "../context/redaction/redaction.ts";
import { createShownEvents, type ShownEvents } from "../context/redaction/shown-events.ts";
import { withoutUnfinished } from "../context/redaction/unfinished.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";

/*
 * What people read of threads, wherever they read it: on pages, over HTTP, in streams and files. What the agent hides from
 * the model is hidden here as well; where the agent, and with it its rules, is not known, the built-in ones apply.
 */

const byBuiltInRules = createShownEvents({}, undefined);

/** Whether anything may be hidden in this agent's threads. */
export function hidesContent(agent: Agent | undefined): boolean {
  return agent === undefined || agent.context.options.redact !== undefined;
}

export function shownEvents(events: readonly ThreadEvent[], agent: Agent | undefined): ShownEvents {
  return agent === undefined ? byBuiltInRules(events) : agent.context.forPeople(events);
}

/** The thread as people read it. Its ids, digests and numbers are those of the thread itself. */
export function shownThread(thread: Thread, agent: Agent | undefined): Thread {
  return hidesContent(agent) ? openThread(thread, agent).thread : thread;
}

/**
 * Events that were just added to a thread, as people read them. `undefined` if something may be hidden and the thread's earlier
 * events are not at hand, which tell what.
 */
export function shownAdded(
  { thread, events }: { readonly thread: ThreadHead | Thread; readonly events: readonly ThreadEvent[] },
  agent: Agent | undefined,
): readonly ThreadEvent[] | undefined {
  if (!hidesContent(agent)) return events;
  if (agent === undefined || !("events" in thread)) return undefined;
  const first = events[0]?.seq ?? 0;
  return shownEvents(thread.events, agent).events.slice(first - 1, first - 1 + events.length);
}

/**
 * A step that the model is still writing, as people read it. Where anything may be hidden, the text that is being written is
 * shown word by word: half a secret is not known as one.
 */
export function shownPartial(
  partial: unknown,
  events: readonly ThreadEvent[],
  agent: Agent | undefined,
): Json {
  const json = toJson(partial);
  return hidesContent(agent) ? shownEvents(events, agent).json(withoutUnfinished(json)) : json;
}

interface OpenThread {
  /** As people read it. */
  readonly thread: Thread;
  readonly shown: ShownEvents;
}

/** Threads read lately: the same events are read again and again, and are redacted once. */
const opened = new WeakMap<object, Map<string, OpenThread>>();
const MAX_OPENED = 50;
/** Longer threads are not kept. */
const MAX_EVENTS = 2_000;
const UNKNOWN_AGENT = {};

/** What is hidden follows from the agent and the events, which never change under the same number and times. */
function openThread(thread: Thread, agent: Agent | undefined): OpenThread {
  const { id, state, events } = thread;
  const ofAgent = opened.get(agent ?? UNKNOWN_AGENT) ?? new Map<string, OpenThread>();
  opened.set(agent ?? UNKNOWN_AGENT, ofAgent);
  const key = [id, state.seq, state.startedAt, state.updatedAt].join(" ");
  const known = ofAgent.get(key);
  if (known !== undefined && known.thread.events.length === events.length) return known;
  const shown = shownEvents(events, agent);
  const open = { shown, thread: threadOf(id, shown.events) };
  if (events.length <= MAX_EVENTS) ofAgent.set(key, open);
  keepLatest(ofAgent, MAX_OPENED);
  return open;
}

/**
 * A line of a thread that stands alone, such as its title: what looks like a secret is removed. A secret that only its
 * surroundings tell is known in the thread itself.
 */
export function shownLine(text: string, agent: Agent | undefined): string {
  if (!hidesContent(agent)) return text;
  return removeSecrets(text, patternsOf(agent?.context.options.redact ?? {}));
}

/** A placeholder in a text: what the redaction writes in place of a secret. */
const PLACEHOLDER = /\[[a-z_]{1,40}:[A-Za-z0-9]{1,40}\]/g;

/** The placeholders in what people read of a thread behind which there is a value, in their order. */
export function hiddenIn(thread: Thread, agent: Agent | undefined): readonly string[] {
  if (!hidesContent(agent)) return [];
  const { events, secretFor } = openEvents(thread, agent);
  const found = events.flatMap(({ data }) => JSON.stringify(data).match(PLACEHOLDER) ?? []);
  return [...new Set(found)].filter((placeholder) => secretFor(placeholder) !== undefined);
}

/**
 * The value behind a placeholder of a thread. Throws `NotFoundError` if nothing is hidden behind it, and `ConflictError` if
 * an erasure has made it unknown which value that was.
 */
export function secretIn(thread: Thread, agent: Agent | undefined, placeholder: string): Json {
  const { events, secretFor } = openEvents(thread, agent);
  const isThere = events.some(({ data }) =>
    JSON.stringify(data).includes(JSON.stringify(placeholder).slice(1, -1)),
  );
  const secret =
    /^\[[a-z_]{1,40}:[A-Za-z0-9]{1,40}\]$/.test(placeholder) && isThere ? secretFor(placeholder) : undefined;
  if (secret === undefined) {
    const message = `nothing is hidden behind ${placeholder.slice(0, 100)} in thread ${thread.id}`;
    throw new NotFoundError(message, { threadId: thread.id, placeholder: placeholder.slice(0, 100) });
  }
  const { vault } = agent?.context.options ?? {};
  if (vault === undefined && thread.events.some(({ type }) => type === "data_erased")) {
    const message = `content of thread ${thread.id} was erased: it is not known any more what ${placeholder} stood for`;
    throw new ConflictError("conflict", message, { details: { threadId: thread.id } });
  }
  return secret;
}

function openEvents(thread: Thread, agent: Agent | undefined) {
  const { shown, thread: readable } = openThread(thread, agent);
  return { events: readable.events, secretFor: (placeholder: string) => shown.secretFor(placeholder) };
}

/**
 * The step that an approver means who has edited what is shown: where a field reads as shown, it keeps the value behind it.
 * In a field that was changed, what is hidden in it stays what it was.
 */
export function meantStep(thread: Thread, agent: Agent | undefined, edited: Step): Step {
  const { request } = thread.state;
  if (!hidesContent(agent) || request?.type !== "approval") return edited;
  const { events, secretFor } = openEvents(thread, agent);
  const asked = events[request.seq - 1];
  if (asked?.type !== "approval_requested") return edited;
  const shown = asked.data.card.arguments;
  const real = request.card.arguments;
  const entries = Object.entries(edited).map(([name, value]): [string, Json] => {
    const [before, behind] = [shown[name], real[name]];
    if (name === "intent" || before === undefined || behind === undefined) return [name, value];
    if (canonicalJson(before) === canonicalJson(value)) return [name, behind];
    return [name, restoreHidden(value, { shown: before, real: behind, secretFor })];
  });
  return { ...Object.fromEntries(entries), intent: edited.intent };
}

interface HiddenParts {
  readonly shown: Json;
  readonly real: Json;
  secretFor(placeholder: string): Json | undefined;
}

/** Only what the redaction hid in this very field is put back: a placeholder of the model's own stays one. */
function restoreHidden(value: Json, { shown, real, secretFor }: HiddenParts): Json {
  const [shownText, realText] = [JSON.stringify(shown), JSON.stringify(real)];
  const isHidden = (placeholder: string) =>
    shownText.includes(placeholder) && !realText.includes(placeholder);
  const restore = (inner: Json): Json => {
    if (typeof inner === "string") {
      const whole = isHidden(inner) ? secretFor(inner) : undefined;
      if (whole !== undefined) return whole;
      return inner.replace(PLACEHOLDER, (found) => {
        const secret = isHidden(found) ? secretFor(found) : undefined;
        return secret === undefined ? found : typeof secret === "string" ? secret : JSON.stringify(secret);
      });
    }
    if (isJsonArray(inner)) return inner.map(restore);
    if (!isJsonObject(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, restore(item)]));
  };
  return restore(value);
}
