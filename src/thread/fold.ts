import type { EventType, ThreadEvent } from "./events.ts";
import { NO_REPEATS } from "./repeats.ts";
import type { ThreadState } from "./state.ts";
import { addHelperCalls, apply, IllegalEventError, type Transition, type Transitions } from "./transition.ts";
import { children } from "./transitions-children.ts";
import { effects } from "./transitions-effects.ts";
import { life } from "./transitions-life.ts";
import { inputAndModel } from "./transitions-model.ts";
import { people } from "./transitions-people.ts";
import { withUpdates } from "./updates.ts";

const transitions: Transitions<EventType> = { ...inputAndModel, ...people, ...effects, ...children, ...life };

/** The state before the first event. */
export const EMPTY_STATE: ThreadState = {
  seq: 0,
  agent: "",
  version: null,
  startedAt: "",
  updatedAt: "",
  runningMs: 0,
  lastInput: 0,
  lastSent: 0,
  heard: 0,
  prefetched: {},
  parent: null,
  parentTold: false,
  children: [],
  status: { kind: "running" },
  ended: null,
  isEarlier: false,
  depth: 0,
  pausedBy: null,
  calls: [],
  interrupted: null,
  request: null,
  stop: null,
  title: "",
  subject: "",
  requester: null,
  requesters: { known: [], unknown: false },
  fork: null,
  via: null,
  news: [],
  updates: [],
  changed: null,
  steps: 0,
  stepsSinceExtension: 0,
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 },
  modelCalls: 0,
  consecutiveErrors: 0,
  failures: {},
  errorsReset: false,
  setAside: {},
  repeats: NO_REPEATS,
  repeatRefusals: 0,
  extensions: { steps: 0, tokens: 0, money: 0, time: 0 },
  reachedBudget: null,
  doubtfulRefusals: 0,
};

/**
 * The state after one more event. Pure. Throws `IllegalEventError` for an event that the state does not allow: one with the
 * wrong number, an answer without a question, a result of a call that was never started.
 */
export function transition(state: ThreadState, event: ThreadEvent): ThreadState {
  if (event.seq !== state.seq + 1) throw new IllegalEventError(event, `its number must be ${state.seq + 1}`);
  if ((event.seq === 1) !== (event.type === "thread_started")) {
    throw new IllegalEventError(event, "a thread starts with thread_started, once");
  }
  const next = apply(state, event, handlerOf(event)(state, event));
  return addHelperCalls(withUpdates(state, next, event), event);
}

/** The state that follows from a thread's events. Pure; the only source of a thread's status. */
export function fold(events: Iterable<ThreadEvent>, from: ThreadState = EMPTY_STATE): ThreadState {
  let state = from;
  for (const event of events) state = transition(state, event);
  return state;
}

// The table's type ties each handler to its own event type; this lookup is the one place where they meet.
function handlerOf(event: ThreadEvent): Transition<EventType> {
  return transitions[event.type] as Transition<EventType>;
}
