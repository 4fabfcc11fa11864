import type { Agent } from "../agent/agent.ts";
import type { Prefetch } from "../agent/prefetch.ts";
import { withDeadline } from "../base/deadlines.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Effect } from "./effect.ts";
import { write } from "./journal.ts";

/** Runs prefetches all at once. A failure or time-out is an event, just like a result: the model is asked anyway. */
export const prefetch: Effect<"prefetch"> = async function* ({ names }, thread, agent, { signal }) {
  const events = await Promise.all(
    names.map((name) => {
      const declared = agent.prefetch.get(name);
      return declared === undefined ? [] : fetchOne(name, declared, { thread, agent, signal });
    }),
  );
  if (!signal.aborted) yield write(...events.flat());
};

interface About {
  readonly thread: Thread;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

async function fetchOne(name: string, declared: Prefetch, about: About): Promise<NewEvent> {
  const { thread, agent, signal } = about;
  const { arguments: asked = {}, as = "call", timeoutMs: ms = 10_000 } = declared;
  const data = { name, arguments: asked, as };
  try {
    const found = await withDeadline(async (until) => declared.run({ thread, signal: until }), {
      ms,
      signal,
    });
    return { type: "prefetched", data: { ...data, outcome: { kind: "result", result: toJson(found) } } };
  } catch (error) {
    const info = compactError(error, (text) => agent.context.hide(text, thread));
    return { type: "prefetched", data: { ...data, outcome: { kind: "error", error: info } } };
  }
}
