import fc from "fast-check";
import type { CallId, ThreadId } from "../../src/base/ids.ts";
import { callIdAt, childThreadId } from "../../src/base/ids.ts";
import {
  EVENTS,
  type EventType,
  type HumanDecision,
  isEventType,
  type NewEvent,
  type Step,
} from "../../src/thread/events.ts";
import { appendEvents, startThread, type Thread } from "../../src/thread/thread.ts";
import { IllegalEventError } from "../../src/thread/transition.ts";

/** Intents of the agent that the property tests of `decide` use, and one that it does not know. */
export const INTENTS = [
  "read",
  "write",
  "pay",
  "judged",
  "ask",
  "nap",
  "await",
  "tell",
  "hand",
  "hand_aside",
  "done",
  "nothing",
  "unknown",
] as const;

export const START = Date.UTC(2026, 0, 1);
const TYPES = Object.keys(EVENTS).filter(isEventType);
const ADA = { channel: "terminal", id: "ada" };
const BOB = { channel: "web", id: "bob", name: "Bob" };

/** Draws from a list of numbers, so that fast-check can shrink what was drawn. */
class Draw {
  readonly #numbers: readonly number[];
  #next = 0;
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }
  below(limit: number): number {
    const number = this.#numbers[this.#next++ % this.#numbers.length] ?? 0;
    return number % limit;
  }
  of<T>(items: readonly T[], otherwise: T): T {
    return items[this.below(Math.max(1, items.length))] ?? otherwise;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/** Event types that may well fit now; the walk takes one of these most of the time. */
function likely({ state }: Thread): readonly EventType[] {
  if (state.ended !== null) {
    return [
      "message_received",
      "event_received",
      "tool_finished",
      "tool_failed",
      "child_finished",
      "child_failed",
      "parent_told",
      "notified",
    ];
  }
  const always: EventType[] = ["message_received", "paused", "resumed", "notified"];
  if (state.children.length > 0) always.push("child_finished", "child_failed", "passed_on");
  if (state.request !== null) {
    return [
      ...always,
      "human_responded",
      "human_responded",
      "human_responded",
      "request_expired",
      "request_escalated",
    ];
  }
  const phase = state.calls[0]?.phase.kind;
  switch (phase) {
    case undefined:
      return [
        "step_proposed",
        "step_proposed",
        "step_refused",
        "human_asked",
        "budget_reached",
        "prefetched",
        "context_compacted",
        "finished",
      ];
    case "started":
      return ["tool_finished", "tool_failed", "tool_unknown", "tool_started", "event_awaited", ...always];
    case "unknown":
      return ["human_asked"];
    case "sleeping":
    case "awaiting_event":
      return ["woke", "event_received", ...always];
    case "awaiting_child":
      return ["child_finished", "child_failed", ...always];
    case "child_requested":
      return ["child_started", "child_started", "child_failed", ...always];
    default:
      return [
        "step_proposed",
        "tool_started",
        "tool_started",
        "approval_requested",
        "approval_requested",
        "human_asked",
        "step_judged",
        "step_refused",
        "steps_dropped",
        "sleep_started",
        "event_awaited",
        "child_requested",
        "finished",
        "failed",
        "resumed",
      ];
  }
}

function stepFor(draw: Draw): Step {
  return { intent: draw.of(INTENTS, "read"), value: draw.below(3) };
}

/** A made-up event: most of the time one that fits, sometimes one about another call, request or version. */
function candidate(thread: Thread, draw: Draw): NewEvent {
  const { state } = thread;
  const type = draw.chance(85) ? draw.of(likely(thread), "message_received") : draw.of(TYPES, "paused");
  const right = draw.chance(90);
  const open = draw.chance(80) ? state.calls[0] : state.calls.at(-1);
  const callId: CallId = right && open !== undefined ? open.callId : callIdAt(1 + draw.below(12));
  const maybeCall = draw.chance(50) ? { callId } : {};
  const by = draw.chance(50) ? ADA : BOB;
  switch (type) {
    case "thread_started":
      return { type, data: { agent: "other" } };
    case "message_received":
      return { type, data: { text: `message ${draw.below(9)}`, from: by } };
    case "event_received":
      return {
        type,
        data: { name: draw.chance(80) ? "ready" : "other", source: "webhook", payload: 1, ...maybeCall },
      };
    case "step_proposed": {
      const follows = state.calls.length > 0 && draw.chance(80);
      const alongside = follows && draw.chance(60);
      return {
        type,
        data: {
          callId: right ? callIdAt(state.seq + 1) : callId,
          step: alongside && draw.chance(50) ? { intent: "read", value: 0 } : stepFor(draw),
          fidelity: draw.chance(70)
            ? { grade: "exact", reasons: [] }
            : { grade: "doubtful", reasons: ["negated"] },
          ...(follows ? {} : { completion: COMPLETION }),
          ...(alongside ? { alongside: true as const } : {}),
          ...(draw.chance(10) ? { missed: { requester: null } } : {}),
        },
      };
    }
    case "step_refused": {
      const reason = draw.of(
        ["unparseable", "unknown_intent", "doubtful", "judge", "repeated"] as const,
        "unparseable",
      );
      return {
        type,
        data: { reason, message: "no", ...(state.calls.length > 0 && right ? { callId } : {}) },
      };
    }
    case "steps_dropped":
      return {
        type,
        data: {
          steps: [],
          reason: "dropped",
          ...(draw.chance(70)
            ? { callIds: state.calls.slice(draw.below(2)).map((call) => call.callId) }
            : {}),
        },
      };
    case "step_judged":
      return {
        type,
        data: {
          callId,
          verdict: draw.of(["pass", "refuse", "ask_person"] as const, "pass"),
          reason: "because",
        },
      };
    case "human_asked": {
      const kind = draw.of(
        ["question", "escalation", "budget", "provider", "unknown_outcome"] as const,
        "question",
      );
      return {
        type,
        data: {
          kind,
          question: "what?",
          ...(kind === "question" || kind === "unknown_outcome" || !right ? { callId } : {}),
        },
      };
    }
    case "approval_requested":
      return {
        type,
        data: {
          callId,
          card: {
            title: "run",
            intent: open?.step.intent ?? "read",
            arguments: {},
            reasons: [{ kind: "policy" }],
          },
          policy: draw.chance(70) ? {} : { needed: 2 },
          digest: `digest ${draw.below(2)}`,
        },
      };
    case "notified": {
      const channel = draw.of(["mail", "chat"], "mail");
      const ok = draw.chance(50);
      const [owed] = state.updates;
      if (owed !== undefined && draw.chance(50))
        return { type, data: { channel, ok, request: owed.request, about: owed.seq } };
      const request = state.request?.seq ?? state.changed?.request;
      const update = draw.chance(50) ? { update: true as const } : {};
      return { type, data: { channel, ok, ...(request === undefined ? {} : { request, ...update }) } };
    }
    case "human_responded":
      return response(thread, draw, right, by);
    case "request_escalated":
      return { type, data: { request: state.request?.seq ?? 1, to: ["web:boss"] } };
    case "request_expired":
      return {
        type,
        data: { request: state.request?.seq ?? 1, outcome: draw.chance(50) ? "deny" : "ask_again" },
      };
    case "tool_started": {
      const phase = open?.phase;
      const before = phase?.kind === "started" || phase?.kind === "to_run_again" ? phase : null;
      const attempt = right ? (before?.attempt ?? 0) + 1 : draw.below(3);
      return {
        type,
        data: { callId, intent: open?.step.intent ?? "read", key: before?.key ?? `key ${callId}`, attempt },
      };
    }
    case "tool_finished":
      return { type, data: { callId, result: draw.below(2) } };
    case "tool_failed":
      return { type, data: { callId, error: { name: "Error", message: `broken ${draw.below(2)}` } } };
    case "tool_unknown":
      return { type, data: { callId, reason: "lost" } };
    case "sleep_started":
      return { type, data: { callId, until: new Date(START + draw.below(100_000)).toISOString() } };
    case "event_awaited":
      return {
        type,
        data: { callId, name: "ready", ...(draw.chance(50) ? { until: new Date(START).toISOString() } : {}) },
      };
    case "woke":
      return { type, data: { callId, timedOut: draw.chance(50) } };
    case "child_requested":
      return {
        type,
        data: {
          callId,
          threadId: childThreadId(thread.id, callId),
          agent: "child",
          input: "grow",
          ...(draw.chance(40) ? { background: true } : {}),
        },
      };
    case "child_started":
      return { type, data: { callId, threadId: childThreadId(thread.id, callId), agent: "child" } };
    case "child_finished":
    case "child_failed": {
      const child = state.children[draw.below(state.children.length + 1)];
      const about = {
        callId: child?.callId ?? callId,
        threadId: child?.threadId ?? CHILD,
        ...(child?.background === true ? { background: true as const } : {}),
        ...(draw.chance(50) ? { spent: SPENT } : {}),
      };
      return type === "child_finished"
        ? { type, data: { ...about, result: "grown" } }
        : { type, data: { ...about, error: { name: "Error", message: "withered" } } };
    }
    case "passed_on": {
      const { threadId = CHILD } = draw.of(state.children, undefined) ?? {};
      return { type, data: { threadId, upTo: draw.below(state.seq + 2) } };
    }
    case "parent_told":
      return { type, data: { threadId: CHILD } };
    case "prefetched":
      return {
        type,
        data: { name: "customers", arguments: {}, outcome: { kind: "result", result: 1 }, as: "call" },
      };
    case "context_compacted":
      return {
        type,
        data: {
          from: 1 + draw.below(4),
          to: 1 + draw.below(state.seq + 2),
          method: draw.of(["fold_errors", "reset_errors"] as const, "fold_errors"),
        },
      };
    case "paused":
      return { type, data: { by } };
    case "resumed":
      return { type, data: { by } };
    case "budget_reached":
      return { type, data: { budget: "steps", limit: 20, used: 20 } };
    case "cancelled":
      return { type, data: { by, ...(draw.chance(50) ? { reason: "enough" } : {}) } };
    case "finished":
      return { type, data: { result: "done", ...(state.calls.length > 0 ? { callId } : {}) } };
    case "failed":
      return { type, data: { error: { name: "Stopped", message: "no more" } } };
    case "events_left_out":
      return { type, data: { seqs: [1 + draw.below(state.seq + 2)], by } };
    case "secret_revealed":
      return { type, data: { placeholder: "[card:1]", by } };
    case "data_erased":
      return { type, data: { seqs: [1 + draw.below(state.seq + 2)], by, reason: "asked for" } };
    default:
      return type satisfies never;
  }
}

function response(thread: Thread, draw: Draw, right: boolean, by: typeof ADA): NewEvent {
  const { request } = thread.state;
  const step = thread.state.calls[0]?.step ?? { intent: "read" };
  const fitting: readonly HumanDecision[] =
    request?.type === "approval"
      ? ([
          { kind: "approved" },
          { kind: "approved", editedStep: { ...step, value: 9 } },
          { kind: "denied", feedback: "no" },
        ] as const)
      : request?.kind === "unknown_outcome"
        ? ([
            { kind: "happened", result: 1 },
            { kind: "did_not_happen" },
            { kind: "denied", feedback: "no" },
          ] as const)
        : request?.kind === "question"
          ? ([{ kind: "answered", text: "yes" }] as const)
          : ([
              { kind: "approved" },
              { kind: "denied", feedback: "no" },
              { kind: "answered", text: "try" },
            ] as const);
  const any: readonly HumanDecision[] = [
    ...fitting,
    { kind: "did_not_happen" },
    { kind: "answered", text: "hm" },
  ];
  return {
    type: "human_responded",
    data: {
      request: right ? (request?.seq ?? 1) : draw.below(9),
      ...(request?.callId === undefined ? {} : { callId: request.callId }),
      ...(request?.type === "approval" ? { digest: right ? request.digest : "another" } : {}),
      decision: draw.chance(90) ? draw.of(fitting, { kind: "approved" }) : draw.of(any, { kind: "approved" }),
      by,
    },
  };
}

const CHILD = "thr_child" as ThreadId;
const SPENT = {
  steps: 1,
  runningMs: 10,
  models: { test: { calls: 1, inputTokens: 2, outputTokens: 1, cachedInputTokens: 0 } },
};
const COMPLETION = {
  raw: "{}",
  client: "test",
  usage: { inputTokens: 2, outputTokens: 1, cachedInputTokens: 0 },
  durationMs: 1,
  requestDigest: "d",
};

/** The numbers that a walk is made of: one list for each event tried. */
export const walks = fc.array(fc.array(fc.nat(9_999), { minLength: 12, maxLength: 12 }), {
  minLength: 1,
  maxLength: 40,
});

/**
 * Walks through threads: tries made-up events one after another and keeps those that fit. Everything is frozen, so
 * that whatever changes a thread in place throws. `onRefused` hears of the events that did not fit.
 */
export function walk(
  numbers: readonly (readonly number[])[],
  onStep: (thread: Thread) => void = () => {},
  onRefused: (before: Thread, error: unknown) => void = () => {},
): Thread {
  // Every fourth walks for another thread.
  const parent =
    (numbers[0]?.[11] ?? 0) % 4 === 0 ? { parent: { threadId: CHILD, callId: callIdAt(3) } } : {};
  let thread = frozen(startThread({ agent: "walker", ...parent }, START, "thr_walk" as ThreadId));
  onStep(thread);
  numbers.forEach((list, index) => {
    const event = candidate(thread, new Draw(list));
    try {
      thread = frozen(appendEvents(thread, [event], START + index * 1_000));
    } catch (error) {
      if (!(error instanceof IllegalEventError)) throw error;
      onRefused(thread, error);
      return;
    }
    onStep(thread);
  });
  return thread;
}

/**
 * Walks that together come everywhere: at each of their steps `placesAt` says what has been reached, until nothing of
 * `wanted` is missing. Always the same ones, as examples for a property that is worth something only when it was there.
 */
export function walksTo(
  wanted: readonly string[],
  placesAt: (thread: Thread) => readonly string[],
): [number[][]][] {
  const missing = new Set(wanted);
  const found: [number[][]][] = [];
  for (let seed = 0; missing.size > 0; seed += 1) {
    if (seed === 200) throw new Error(`no walk comes to ${[...missing].join(", ")}`);
    for (const numbers of fc.sample(walks, { seed, numRuns: 20 })) {
      const before = missing.size;
      walk(numbers, (thread) => {
        for (const place of placesAt(thread)) missing.delete(place);
      });
      if (missing.size < before) found.push([numbers]);
    }
  }
  return found;
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const field of Object.values(value)) frozen(field);
  return value;
}
