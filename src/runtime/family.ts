import type { Agent } from "../agent/agent.ts";
import { handedOver } from "../agent/agent-context.ts";
import { budgetsForChild, spentBy } from "../agent/budget.ts";
import { shownThread } from "../agent/shown-thread.ts";
import { appendToThread } from "../agent/to-store.ts";
import type { Clock } from "../base/clock.ts";
import { SequenceConflictError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Delegation } from "../loop/effect.ts";
import { type Journal, type Write, write } from "../loop/journal.ts";
import { notStarted } from "../loop/perform-delegate.ts";
import type { ThreadStore } from "../store/store.ts";
import type { EventData, EventOf, NewEvent } from "../thread/events.ts";
import { isOver, owesOutcome } from "../thread/projection.ts";
import { addRequesters } from "../thread/requesters.ts";
import type { OpenChild } from "../thread/state.ts";
import { startThread, type Thread, type ThreadHead } from "../thread/thread.ts";
import { endedBy, endOf } from "./end-above.ts";
import { passedOn } from "./pass-on.ts";
import type { Writer } from "./writer.ts";

/*
 * Threads that work for one another. A child begins after its start is on record in the parent, and the parent has its
 * outcome before the child counts as done: whatever process dies in between, the other thread still has work, and whoever
 * takes it up does the same again.
 */

export interface FamilyOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly writer: Writer;
  readonly nudge: (threadId: ThreadId, thread: Thread | ThreadHead) => void;
  /** Aborts whatever runs here for a thread. */
  readonly interrupt: (threadId: ThreadId) => void;
}

/** How steps of the journal's thread are handed to other agents. */
export function delegationFor(journal: Journal, options: FamilyOptions): Delegation {
  const { agents } = options;
  return {
    refuse(agent) {
      if (agents.has(agent)) return undefined;
      return `there is no agent "${agent}"; known: ${[...agents.keys()].join(", ")}`;
    },
    async start(threadId) {
      const child = journal.thread.state.children.find((open) => open.threadId === threadId);
      return child === undefined ? undefined : startChild(journal.thread, child, options);
    },
  };
}

/** Starts a child unless it exists, as cancelled if its parent is. Resolves with what keeps it from being started. */
async function startChild(
  parent: Thread,
  child: OpenChild,
  { store, clock, agents, writer, nudge }: FamilyOptions,
): Promise<string | undefined> {
  const existing = await store.summary(child.threadId);
  if (existing !== undefined)
    return existing.parentThreadId === parent.id ? undefined : `${child.threadId} is another thread`;
  const agent = agents.get(child.agent);
  const parentAgent = agents.get(parent.state.agent);
  if (agent === undefined || parentAgent === undefined) return `there is no agent "${child.agent}" any more`;
  const now = clock.now();
  const start = startThread(startOf(parent, child, parentAgent, agent), now, child.threadId);
  const events = [
    inputFor(parent, child, parentAgent),
    ...passedOn(parent, shownThread(parent, parentAgent).events.slice(child.heard), parentAgent),
    ...endFor(parent),
  ];
  const thread = appendToThread(start, events, { agent, now });
  try {
    await writer.create(thread);
  } catch (error) {
    // Somebody else was first, with the same child.
    if (!(error instanceof SequenceConflictError)) throw error;
  }
  nudge(child.threadId, thread);
  return undefined;
}

function startOf(
  parent: Thread,
  { agent, callId }: OpenChild,
  of: Agent,
  { version }: Agent,
): EventData["thread_started"] {
  const { state } = parent;
  const path = [...(state.parent?.path ?? []), { threadId: parent.id, agent: state.agent }];
  const budgets = budgetsForChild(parent, of.budget);
  const { requesters } = state;
  const requester = state.calls.find((call) => call.callId === callId)?.requester ?? undefined;
  // Where a tool has run an agent, more threads stand above than the path names.
  const depth = state.depth + 1 === path.length ? undefined : state.depth + 1;
  const start = { agent, version, parent: { threadId: parent.id, callId, path, budgets }, requesters, depth };
  return requester === undefined ? start : { ...start, requester };
}

function requestOf({ events }: Thread, { threadId }: OpenChild): EventOf<"child_requested"> | undefined {
  return events.find(
    (event): event is EventOf<"child_requested"> =>
      event.type === "child_requested" && event.data.threadId === threadId,
  );
}

/** The child's first input. What the parent has read from outside may stand in it. */
function inputFor(parent: Thread, child: OpenChild, { context, name }: Agent): NewEvent {
  const requested = requestOf(parent, child);
  const outside = context.untrustedIn(parent);
  const source = outside.length === 0 ? `agent:${name}` : handedOver(outside, name);
  const payload = requested?.data.input ?? null;
  // What the child asks and reports goes where the parent's own requests go.
  const via = parent.state.via ?? undefined;
  return { type: "event_received", data: { name: "delegated", source, payload, from: "system", via } };
}

/** What an ended thread owes: an end to those that work for it, and its outcome to the one it works for. */
export async function settleFamily(journal: Journal, agent: Agent, options: FamilyOptions): Promise<void> {
  await endChildren(journal, options);
  const { parent } = journal.thread.state;
  if (parent === null || !owesOutcome(journal.thread.state)) return;
  await tellParent(parent.threadId, journal.thread, agent, options);
  await journal.append(keep({ type: "parent_told", data: { threadId: parent.threadId } }));
}

/** Ends those that work for a thread that was cancelled or has failed. */
export async function endChildren(journal: Journal, options: FamilyOptions): Promise<void> {
  if (endOf(journal.thread) === undefined) return;
  for (const child of journal.thread.state.children) {
    const problem = await endChild(journal.thread, child, options);
    if (problem !== undefined) await journal.append(keep(notStarted(child, problem)));
  }
}

/** A parent that was deleted needs no outcome. */
async function tellParent(
  threadId: ThreadId,
  thread: Thread,
  agent: Agent,
  { store, writer }: FamilyOptions,
): Promise<void> {
  if ((await store.summary(threadId)) === undefined) return;
  await writer.change({ threadId, build: (head) => outcomeFor(head, thread, agent) });
}

/** A child that does not exist yet is made, as cancelled, so that nobody who is late can start it. */
async function endChild(
  parent: Thread,
  child: OpenChild,
  options: FamilyOptions,
): Promise<string | undefined> {
  const { threadId } = child;
  const problem = await startChild(parent, child, options);
  if (problem !== undefined) return problem;
  const build = ({ state }: ThreadHead) => (isOver(state) ? [] : endFor(parent));
  await options.writer.change({ threadId, build });
  options.interrupt(threadId);
  return undefined;
}

/** What ends the children of a thread that was cancelled or has failed. */
function endFor(parent: Thread): readonly NewEvent[] {
  const end = endOf(parent);
  return end === undefined ? [] : [endedBy(end)];
}

/** The event that gives a parent the outcome of a child; none if it has one already. */
function outcomeFor({ state }: ThreadHead, child: Thread, agent: Agent): readonly NewEvent[] {
  const open = state.children.find(({ threadId }) => threadId === child.id);
  const { ended } = child.state;
  if (open === undefined || ended === null) return [];
  const untrusted = agent.context.untrustedIn(child);
  const { requesters } = child.state;
  const about = {
    callId: open.callId,
    threadId: child.id,
    agent: agent.name,
    spent: spentBy(child),
    background: open.background ? (true as const) : undefined,
    untrusted: untrusted.length === 0 ? undefined : untrusted,
    requesters: addRequesters(state.requesters, requesters) === state.requesters ? undefined : requesters,
  };
  switch (ended.kind) {
    case "finished":
      return [{ type: "child_finished", data: { ...about, result: ended.result } }];
    case "failed":
      return [{ type: "child_failed", data: { ...about, error: ended.error } }];
    case "cancelled": {
      const message = ended.reason === undefined ? "it was cancelled" : `it was cancelled: ${ended.reason}`;
      return [{ type: "child_failed", data: { ...about, error: { name: "Cancelled", message } } }];
    }
    default:
      return ended satisfies never;
  }
}

/** It has happened: it is recorded whatever else was. */
function keep(event: NewEvent): Write {
  return { ...write(event), onConflict: "keep" };
}
