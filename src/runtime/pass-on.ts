import type { Agent } from "../agent/agent.ts";
import { handedOver } from "../agent/agent-context.ts";
import { shownThread } from "../agent/shown-thread.ts";
import { NotFoundError } from "../base/errors.ts";
import type { Journal } from "../loop/journal.ts";
import type { EventOf, NewEvent, ThreadEvent } from "../thread/events.ts";
import { childrenToTell, isOver } from "../thread/projection.ts";
import { isRequestersInput } from "../thread/requesters.ts";
import type { OpenChild } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";

/*
 * What requesters send to a thread is passed on to the threads that work for it: they read it, and an approval that waits
 * there lapses, as in the thread itself. Whoever writes to the thread does so at once; if its process dies before, whoever
 * takes the thread up does. The child knows how far it has heard, so that nothing reaches it twice.
 */

export interface PassOnOptions {
  /** The parent's agent, which knows what comes from outside. */
  readonly agent: Agent | undefined;
  readonly change: (wanted: Change) => Promise<unknown>;
  /** The parent's events after this one. What its agent hides is a placeholder in them: others may hide less. */
  readonly shownAfter: (seq: number) => Promise<readonly ThreadEvent[]>;
}

/** Passes everything on that a child has not heard. One that has finished takes its work up again, as long as others work for it. */
export async function passOn(
  parent: ThreadHead,
  child: OpenChild,
  { agent, change, shownAfter }: PassOnOptions,
): Promise<void> {
  let hasBegun = false;
  const build: Change["build"] = async ({ state }) => {
    hasBegun = true;
    if (isOver(state)) return [];
    const after = Math.max(child.heard, state.heard);
    const events = (await shownAfter(after)).filter(({ seq }) => seq > after);
    return passedOn(parent, events, agent);
  };
  try {
    await change({ threadId: child.threadId, build });
  } catch (error) {
    // Whoever starts one that has not begun passes this on. Where its agent is not known, it is owed still.
    if (hasBegun || !NotFoundError.isInstance(error)) throw error;
  }
}

/** Passes on what the thread's children are owed, and records that they have it. */
export async function passOnOwed(
  journal: Journal,
  agent: Agent,
  { change }: Pick<PassOnOptions, "change">,
): Promise<void> {
  const { thread } = journal;
  const upTo = thread.state.lastSent;
  for (const child of childrenToTell(thread.state)) {
    const shownAfter = async (seq: number) => shownThread(thread, agent).events.slice(seq);
    await passOn(thread, child, { agent, change, shownAfter });
    const told: NewEvent = { type: "passed_on", data: { threadId: child.threadId, upTo } };
    await journal.append({ events: [told], when: "soon", onConflict: "keep" });
  }
}

/** What requesters have sent to a thread, as events of one that works for it. `events`: as people read them. */
export function passedOn(
  parent: ThreadHead,
  events: readonly ThreadEvent[],
  agent: Agent | undefined,
): readonly NewEvent[] {
  return events
    .filter((event) => isRequestersInput(event))
    .map((input) => {
      const said = asSaid(input, parent);
      const outside = agent?.context.untrustedIn({ events: [input] }) ?? [];
      if (outside.length === 0) return said;
      // What is from outside to the parent is from outside to all below, whatever they trust otherwise.
      return { ...said, data: { ...said.data, source: handedOver(outside, parent.state.agent) } };
    });
}

function asSaid(
  input: EventOf<"message_received" | "event_received">,
  { state }: ThreadHead,
): Extract<NewEvent, { readonly type: "event_received" }> {
  const { type, data, seq } = input;
  const rest = { from: data.from, ofParent: seq };
  if (type === "message_received") {
    const source = `agent:${state.agent}`;
    return { type: "event_received", data: { name: SAID, source, payload: data.text, ...rest } };
  }
  // From further up it comes in this form already.
  const payload = data.name === SAID ? data.payload : { name: data.name, payload: data.payload };
  return { type: "event_received", data: { name: SAID, source: data.source, payload, ...rest } };
}

const SAID = "said_to_parent";
