import { describeFidelity } from "../base/fidelity.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type {
  ErrorInfo,
  EventData,
  EventType,
  HumanDecision,
  LapseReason,
  Principal,
} from "../thread/events.ts";
import { fullNameOf, nameOf } from "./people.ts";
import { inWords, visible, visibleLine } from "./visible-text.ts";

/** What kind of event it is for a reader. `note`: bookkeeping that a short view leaves out. */
export type EventKind =
  | "start"
  | "input"
  | "step"
  | "question"
  | "approval"
  | "decision"
  | "outcome"
  | "wait"
  | "progress"
  | "trouble"
  | "life"
  | "end"
  | "note";

export type Tone = "neutral" | "person" | "wait" | "good" | "bad";

/** One event in words. Its texts can be shown as they are: hidden characters are visible in them. */
export interface EventDescription {
  readonly kind: EventKind;
  readonly tone: Tone;
  /** The shortest name, the same for all events like this one: "Approved". */
  readonly label: string;
  /** One line without a full stop: "Ada (web:ada) approved". The title of a step is its intent. */
  readonly title: string;
  /** Words of a person, a model or the system, with their line breaks. */
  readonly text?: string | undefined;
  /** The arguments of a step, or the payload of an event, unchanged. */
  readonly fields?: JsonObject | undefined;
  /** The result, unchanged. */
  readonly result?: Json | undefined;
  readonly error?: ErrorInfo | undefined;
}

/**
 * An event in words. The command line, the inbox, exports and graphs all take their words from here.
 *
 * @example
 * for (const event of thread.events) console.log(describeEvent(event).title);
 */
export function describeEvent<T extends EventType>(event: {
  readonly type: T;
  readonly data: EventData[T];
}): EventDescription {
  const describe: Describe<T> = DESCRIBED[event.type];
  return describe(event.data);
}

/** A decision as the end of a sentence that starts with a name: "approved", "denied". */
export function describeDecision(decision: HumanDecision): string {
  switch (decision.kind) {
    case "approved":
      return decision.editedStep === undefined ? "approved" : "approved with changed arguments";
    case "denied":
      return decision.option === undefined ? "denied" : `denied (${visibleLine(decision.option)})`;
    case "answered":
      return "answered";
    case "happened":
      return "confirmed that it happened";
    case "did_not_happen":
      return "confirmed that it did not happen";
    default:
      return decision satisfies never;
  }
}

/** The words that a person gave with a decision; `undefined` if there are none. */
export function wordsOf(decision: HumanDecision): string | undefined {
  const words =
    decision.kind === "denied" ? decision.feedback : decision.kind === "answered" ? decision.text : "";
  return words.trim() === "" ? undefined : visible(words);
}

/** Why an approval is no longer valid, as the beginning of a sentence. */
export function describeLapse(reason: LapseReason): string {
  switch (reason.kind) {
    case "newer_input":
      return "Something newer was sent";
    case "approver":
      return `${visibleLine(reason.who)} may not approve it any more`;
    default:
      return reason satisfies never;
  }
}

type Describe<T extends EventType> = (data: EventData[T]) => EventDescription;

const DESCRIBED: { readonly [T in EventType]: Describe<T> } = {
  thread_started: ({ agent, version, forkedFrom }) => {
    const from =
      forkedFrom === undefined ? "" : `, forked from ${forkedFrom.threadId} at event ${forkedFrom.seq}`;
    return entry(
      "start",
      "neutral",
      `Started with ${visibleLine(agent)}${version === undefined ? "" : ` ${visibleLine(version)}`}${from}`,
    );
  },
  message_received: ({ from, text }) => ({
    ...entry("input", "person", nameOf(from), text),
    label: "Message",
  }),
  event_received: ({ name, source, payload }) => {
    // As `inputFor` writes it for the thread that another agent begins.
    const [, outside = "", agent] =
      (name === "delegated" && /^(?:agent:|(from outside \(.*\)), by agent )(.+)$/s.exec(source)) || [];
    const title =
      agent === undefined
        ? `Event ${visibleLine(name)} from ${visibleLine(source)}`
        : `Handed over by ${visibleLine(agent)}${outside === "" ? "" : `, ${visibleLine(outside)}`}`;
    return {
      ...entry("input", "person", title),
      label: agent === undefined ? `Event ${visibleLine(name)}` : "Handed over",
      fields: { payload },
    };
  },

  step_proposed: ({ step: { intent, ...fields }, fidelity }) => ({
    ...entry("step", "neutral", visibleLine(intent)),
    label: inWords(intent),
    fields,
    text: fidelity.grade === "exact" ? undefined : visible(describeFidelity(fidelity)),
  }),
  step_refused: ({ reason, message }) => ({
    ...entry("trouble", "bad", `Refused: ${inWords(reason).toLowerCase()}`, message),
    label: "Refused",
  }),
  steps_dropped: ({ steps, reason }) =>
    entry(
      "trouble",
      "neutral",
      steps.length === 1 ? "One more step was dropped" : `${steps.length} more steps were dropped`,
      reason,
    ),
  step_judged: ({ verdict, reason }) =>
    entry("note", "neutral", `Reviewed: ${inWords(verdict).toLowerCase()}`, reason),

  human_asked: ({ question }) => entry("question", "wait", "A person is asked", question),
  approval_requested: ({ card }) => ({
    ...entry("approval", "wait", `Approval needed: ${visibleLine(card.intent)}`),
    label: "Approval needed",
    fields: card.arguments,
  }),
  notified: ({ text, ok, channel, error, skipped, about, request }) => {
    if (text !== undefined) return entry("progress", "neutral", "Progress", text);
    if (skipped) return entry("note", "neutral", `Nothing to tell over ${visibleLine(channel)}`);
    const isUpdate = about !== undefined && request !== undefined;
    return ok
      ? entry(
          "note",
          "neutral",
          `${isUpdate ? "Brought up to date:" : "Told people on"} ${visibleLine(channel)}`,
        )
      : entry(
          "note",
          "bad",
          `${visibleLine(channel)} could not be reached`,
          // That "fetch failed" says little, its cause more.
          error === undefined ? undefined : [error.message, ...(error.causes ?? [])].join(": "),
        );
  },
  human_responded: ({ by, decision }) => ({
    ...entry("decision", toneOf(decision), `${fullNameOf(by)} ${describeDecision(decision)}`),
    label: DECISIONS[decision.kind],
    text: wordsOf(decision),
    fields: editedFields(decision),
    result: decision.kind === "happened" ? decision.result : undefined,
  }),
  request_escalated: ({ to }) =>
    entry("note", "wait", `Escalated to ${to.map((who) => visibleLine(who)).join(", ")}`),
  request_expired: ({ outcome, because }) =>
    because !== undefined
      ? entry("note", "wait", `${describeLapse(because)}: asked again`)
      : entry(
          "trouble",
          "bad",
          outcome === "deny" ? "Nobody decided in time: denied" : "Nobody decided in time: asked again",
        ),

  tool_started: ({ attempt }) =>
    entry("note", "neutral", attempt === 1 ? "Started" : `Started again (attempt ${attempt})`),
  tool_finished: ({ result, cachedFrom, cachedAt }) => ({
    ...entry("outcome", "good", "Result"),
    text: describeReuse(cachedFrom, cachedAt),
    result,
  }),
  tool_failed: ({ error }) => ({ ...entry("outcome", "bad", "Error"), error }),
  tool_unknown: ({ reason }) => entry("trouble", "bad", "The outcome is not known", reason),

  sleep_started: ({ until }) => entry("wait", "wait", `Sleeps until ${visibleLine(until)}`),
  event_awaited: ({ name, until }) =>
    entry(
      "wait",
      "wait",
      `Waits for ${visibleLine(name)}${until === undefined ? "" : ` until ${visibleLine(until)}`}`,
    ),
  woke: ({ timedOut }) => entry("wait", "neutral", timedOut ? "Waited without result" : "Woke up"),
  child_requested: ({ agent, input, background }) => {
    const how = background === true ? ", in the background" : "";
    return { ...entry("wait", "wait", `Handed to ${visibleLine(agent)}${how}`), fields: { input } };
  },
  child_started: ({ agent, threadId }) =>
    entry("note", "neutral", `${visibleLine(agent)} works in thread ${threadId}`),
  child_finished: ({ result, agent }) => ({ ...entry("outcome", "good", `Result${from(agent)}`), result }),
  child_failed: ({ error, agent }) => ({ ...entry("outcome", "bad", `Error${from(agent)}`), error }),
  passed_on: ({ threadId, upTo }) =>
    entry("note", "neutral", `Thread ${threadId} has what was sent up to event ${upTo}`),
  parent_told: () => entry("note", "neutral", "The outcome was handed back"),

  prefetched: ({ name, arguments: fields, outcome }) => {
    const title = `Fetched in advance: ${visibleLine(name)}`;
    return outcome.kind === "result"
      ? { ...entry("life", "neutral", title), fields, result: outcome.result }
      : { ...entry("life", "bad", title), fields, error: outcome.error };
  },
  context_compacted: ({ from, to, method, replacement, error }) => {
    if (method === "summarize_result" && replacement === undefined) {
      const title = `The result of event ${from} was not summarised`;
      return { ...entry("life", error === undefined ? "neutral" : "bad", title), error };
    }
    const how = inWords(method).toLowerCase();
    const title = `Context shortened: events ${from} to ${to} (${how})`;
    return { ...entry("life", "neutral", title), result: replacement };
  },

  events_left_out: ({ seqs, by, reason }) => {
    const many = seqs.length > 1 ? "s" : "";
    const title = `Left out of the context from here on by ${fullNameOf(by)}: event${many} ${seqs.join(", ")}`;
    return { ...entry("life", "neutral", title, reason), label: "Left out" };
  },

  paused: ({ by, reason }) => byPerson("wait", "Paused", by, reason),
  resumed: ({ by }) => byPerson("neutral", "Resumed", by),
  budget_reached: ({ budget, limit, used }) => ({
    ...entry("life", "wait", `Budget reached: ${used} of ${limit} ${visibleLine(budget)}`),
    label: "Budget reached",
  }),
  cancelled: ({ by, reason }) => ({ ...byPerson("bad", "Cancelled", by, reason), kind: "end" }),
  finished: ({ result }) => ({ ...entry("end", "good", "Finished"), result }),
  failed: ({ error }) => ({ ...entry("end", "bad", "Failed"), error }),
  secret_revealed: ({ placeholder, by }) =>
    entry("life", "wait", `${fullNameOf(by)} was shown ${visibleLine(placeholder)}`),
  data_erased: ({ seqs, by, reason }) =>
    entry(
      "life",
      "neutral",
      `Content of ${seqs.length === 1 ? "one event" : `${seqs.length} events`} deleted by ${fullNameOf(by)}`,
      reason,
    ),
};

function describeReuse(from: number | undefined, at: string | undefined): string | undefined {
  if (from !== undefined) return `Not run again: the result of event ${from}`;
  return at === undefined
    ? undefined
    : `Not run again: the result of ${visibleLine(at)}, from another thread`;
}

function from(agent: string | undefined): string {
  return agent === undefined ? "" : ` from ${visibleLine(agent)}`;
}

/** The arguments that an approver has put in place of those proposed; `undefined`: they were left as they were. */
export function editedFields(decision: HumanDecision): JsonObject | undefined {
  if (decision.kind !== "approved" || decision.editedStep === undefined) return undefined;
  const { intent: _, ...fields } = decision.editedStep;
  return fields;
}

const DECISIONS: { readonly [K in HumanDecision["kind"]]: string } = {
  approved: "Approved",
  denied: "Denied",
  answered: "Answered",
  happened: "It happened",
  did_not_happen: "It did not happen",
};

function toneOf({ kind }: HumanDecision): Tone {
  return kind === "denied" ? "bad" : kind === "approved" ? "neutral" : "person";
}

function entry(kind: EventKind, tone: Tone, title: string, text?: string): EventDescription {
  return { kind, tone, label: title, title, text: text === undefined ? undefined : visible(text) };
}

function byPerson(tone: Tone, done: string, by: Principal, reason?: string): EventDescription {
  return { ...entry("life", tone, `${done} by ${fullNameOf(by)}`, reason), label: done };
}
