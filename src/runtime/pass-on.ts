import { NotFoundError } from "../base/errors.ts";
import { isRequestersInput } from "../humans/card-facts.ts";
import type { EventOf, NewEvent, ThreadEvent } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";
import { isEnded } from "./input.ts";

/**
 * Passes what requesters have sent to a thread on to the threads that work for it: they read it, and an approval that waits
 * there lapses, as in the thread itself. `show` gives what the parent's agent hides as placeholders: others may hide less.
 */
export async function passOn(
  parent: ThreadHead,
  added: readonly ThreadEvent[],
  {
    change,
    show,
  }: {
    readonly change: (wanted: Change) => Promise<unknown>;
    readonly show: (inputs: readonly ThreadEvent[]) => Promise<readonly ThreadEvent[]>;
  },
): Promise<void> {
  const inputs = added.filter((event) => isRequestersInput(event));
  if (inputs.length === 0 || parent.state.children.length === 0) return;
  for (const input of (await show(inputs)).filter((event) => isRequestersInput(event))) {
    for (const { threadId } of parent.state.children) {
      const build: Change["build"] = ({ state }) =>
        isEnded(state.status.kind) ? [] : [passedOn(input, parent)];
      try {
        await change({ threadId, build, once: `passed on ${input.seq} of ${parent.id} to ${threadId}` });
      } catch (error) {
        // It has not begun: whoever starts it passes this on.
        if (!NotFoundError.isInstance(error)) throw error;
      }
    }
  }
}

/** What requesters have sent to a thread since it asked for this one, as events of this one. `since`: as people read them. */
export function passedOnSince(parent: ThreadHead, since: readonly ThreadEvent[]): readonly NewEvent[] {
  return since.filter((event) => isRequestersInput(event)).map((input) => passedOn(input, parent));
}

function passedOn(input: EventOf<"message_received" | "event_received">, { state }: ThreadHead): NewEvent {
  const { type, data } = input;
  const from = data.from === undefined ? {} : { from: data.from };
  if (type === "message_received") {
    const source = `agent:${state.agent}`;
    return { type: "event_received", data: { name: SAID, source, payload: data.text, ...from } };
  }
  // From further up it comes in this form already.
  const payload = data.name === SAID ? data.payload : { name: data.name, payload: data.payload };
  return { type: "event_received", data: { name: SAID, source: data.source, payload, ...from } };
}

const SAID = "said_to_parent";
