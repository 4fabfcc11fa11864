import type { Agent } from "../../agent/agent.ts";
import { costOf } from "../../agent/budget.ts";
import type { CallId } from "../../base/ids.ts";
import { inWords } from "../../present/visible-text.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

/** What became of the approvals of one kind of step. */
export interface Approvals {
  readonly asked: number;
  readonly approved: number;
  /** Approved with other arguments. */
  readonly edited: number;
  readonly denied: number;
  readonly expired: number;
}

/** What one thread took. */
export interface ThreadFigures {
  readonly agent: string;
  readonly steps: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the agent's prices; `null` if it has none. */
  readonly cost: number | null;
  readonly runningMs: number;
  /** How long it waited for people, for each request that was answered or ended otherwise. */
  readonly waits: readonly number[];
  /** Since when it waits for people, in ms since the epoch; `null` if it does not. */
  readonly waitingSince: number | null;
  /** By intent, in words. */
  readonly approvals: Readonly<Record<string, Approvals>>;
}

const NONE: Approvals = { asked: 0, approved: 0, edited: 0, denied: 0, expired: 0 };

/** Pure. */
export function figuresOf(thread: Thread, agent: Agent | undefined): ThreadFigures {
  const { events, state } = thread;
  const prices = agent?.budget.money?.prices;
  const asked = new Map<number, { readonly at: string; readonly intent: string | null }>();
  const intents = new Map<CallId, string>();
  const approvals = new Map<string, Approvals>();
  const count = (intent: string, field: keyof Approvals) => {
    const before = approvals.get(intent) ?? NONE;
    approvals.set(intent, { ...before, [field]: before[field] + 1 });
  };
  const waits: number[] = [];
  const end = (request: number, at: string) => {
    const open = asked.get(request);
    if (open !== undefined && asked.delete(request)) waits.push(Date.parse(at) - Date.parse(open.at));
    return open?.intent ?? null;
  };
  let errors = 0;
  for (const event of events) {
    if (event.type === "step_proposed") intents.set(event.data.callId, inWords(event.data.step.intent));
    if (isError(event)) errors += 1;
    if (event.type === "human_asked") asked.set(event.seq, { at: event.at, intent: null });
    if (event.type === "approval_requested") {
      const intent = intents.get(event.data.callId) ?? inWords(event.data.card.intent);
      asked.set(event.seq, { at: event.at, intent });
      count(intent, "asked");
    }
    if (event.type === "human_responded") {
      const { decision, request } = event.data;
      const intent = end(request, event.at);
      if (intent === null) continue;
      if (decision.kind === "denied") count(intent, "denied");
      else
        count(
          intent,
          decision.kind === "approved" && decision.editedStep !== undefined ? "edited" : "approved",
        );
    }
    if (event.type === "cancelled") for (const request of asked.keys()) end(request, event.at);
    if (event.type === "request_expired") {
      const intent = end(event.data.request, event.at);
      if (intent !== null && event.data.because === undefined) count(intent, "expired");
    }
  }
  const { inputTokens, outputTokens, cachedInputTokens } = state.usage;
  return {
    agent: state.agent,
    steps: state.steps,
    errors,
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cost: prices === undefined ? null : costOf(thread, prices),
    runningMs: state.runningMs,
    waits,
    waitingSince: state.request === null ? null : Date.parse(state.request.askedAt),
    approvals: Object.fromEntries(approvals),
  };
}

function isError({ type }: ThreadEvent): boolean {
  return (
    type === "tool_failed" || type === "step_refused" || type === "child_failed" || type === "tool_unknown"
  );
}

/** The figures of many threads together. */
export interface Figures extends Omit<ThreadFigures, "agent" | "waits" | "waitingSince"> {
  readonly threads: number;
  readonly waits: number;
  /** How many of the waits go on: they count until now. */
  readonly openWaits: number;
  readonly waitedMs: number;
  readonly medianWaitMs: number;
}

/** Adds up what is known of several threads, as it stands at `now`. Pure. */
export function sumOf(all: readonly ThreadFigures[], now: number): Figures {
  const sum = (of: (one: ThreadFigures) => number) => all.reduce((total, one) => total + of(one), 0);
  const open = all.flatMap(({ waitingSince }) =>
    waitingSince === null ? [] : [Math.max(0, now - waitingSince)],
  );
  const waits = [...all.flatMap((one) => one.waits), ...open].sort((one, other) => one - other);
  const priced = all.filter(({ cost }) => cost !== null);
  const approvals = new Map<string, Approvals>();
  for (const [intent, counted] of all.flatMap((one) => Object.entries(one.approvals))) {
    const before = approvals.get(intent) ?? NONE;
    approvals.set(intent, {
      asked: before.asked + counted.asked,
      approved: before.approved + counted.approved,
      edited: before.edited + counted.edited,
      denied: before.denied + counted.denied,
      expired: before.expired + counted.expired,
    });
  }
  return {
    threads: all.length,
    steps: sum(({ steps }) => steps),
    errors: sum(({ errors }) => errors),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    cachedInputTokens: sum(({ cachedInputTokens }) => cachedInputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    cost: priced.length === 0 ? null : priced.reduce((total, { cost }) => total + (cost ?? 0), 0),
    runningMs: sum(({ runningMs }) => runningMs),
    waits: waits.length,
    openWaits: open.length,
    waitedMs: waits.reduce((total, ms) => total + ms, 0),
    medianWaitMs: waits[Math.floor((waits.length - 1) / 2)] ?? 0,
    approvals: Object.fromEntries(approvals),
  };
}
