import type { Agent } from "../agent/agent.ts";
import { credentialsFor } from "../agent/credentials.ts";
import { createHelper, type Helper } from "../agent/helper.ts";
import type { Prefetch } from "../agent/prefetch.ts";
import { withDeadline } from "../base/deadlines.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { EventData, NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Effect, EffectContext } from "./effect.ts";
import { write } from "./journal.ts";

/** Runs prefetches all at once. A failure or time-out is an event, just like a result: the model is asked anyway. */
export const prefetch: Effect<"prefetch"> = async function* ({ names }, thread, agent, context) {
  const { signal } = context;
  const events = await Promise.all(
    names.map((name) => {
      const declared = agent.prefetch.get(name);
      return declared === undefined ? [] : fetchOne(name, declared, { thread, agent, context });
    }),
  );
  if (!signal.aborted) yield write(...events.flat());
};

interface About {
  readonly thread: Thread;
  readonly agent: Agent;
  readonly context: EffectContext;
}

async function fetchOne(name: string, declared: Prefetch, about: About): Promise<NewEvent> {
  const { thread, agent, context } = about;
  const { signal, model } = context;
  const { arguments: asked = {}, as = "call", timeoutMs: ms = 10_000 } = declared;
  const data = { name, arguments: asked, as };
  let helper: Helper | undefined;
  let outcome: EventData["prefetched"]["outcome"];
  try {
    const run = async (until: AbortSignal) => {
      helper = createHelper(thread, { model, signal: until });
      const credential = await credentialsFor(
        declared.credentials ?? [],
        agent,
        thread.state.requester,
        until,
      );
      return declared.run({ ...helper, credential });
    };
    outcome = { kind: "result", result: toJson(await withDeadline(run, { ms, signal })) };
  } catch (error) {
    outcome = { kind: "error", error: compactError(error, (text) => agent.context.hide(text, thread)) };
  }
  return { type: "prefetched", data: { ...data, outcome, ...helper?.countSpent() } };
}
