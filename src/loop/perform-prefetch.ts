import type { Agent } from "../agent/agent.ts";
import type { Prefetch } from "../agent/prefetch.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";
import { type Write, write } from "./journal.ts";
import type { LoopTools } from "./perform.ts";

/** All at once. A failure or a slow one is an event like a result: the model is asked all the same. */
export async function* prefetchAll(
  { names }: Extract<Command, { type: "prefetch" }>,
  thread: Thread,
  agent: Agent,
  { signal }: LoopTools,
): AsyncGenerator<Write> {
  const events = await Promise.all(
    names.map((name) => fetched(name, agent.prefetch.get(name), thread, agent, signal)),
  );
  if (signal.aborted) return;
  yield write(...events.map((event) => agent.context.forStore(event, thread)));
}

async function fetched(
  name: string,
  prefetch: Prefetch | undefined,
  thread: Thread,
  agent: Agent,
  stop: AbortSignal,
): Promise<NewEvent> {
  const { arguments: given = {}, as = "call", timeoutMs = 10_000 } = prefetch ?? {};
  const timeUp = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([stop, timeUp]);
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const onAbort = () =>
    reject(timeUp.aborted ? new Error(`no answer within ${timeoutMs} ms`) : signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const data = { name, arguments: given, as };
  try {
    const running = Promise.resolve().then(() => prefetch?.run({ thread, signal }));
    const result = toJson(await Promise.race([running, givenUp]));
    return { type: "prefetched", data: { ...data, outcome: { kind: "result", result } } };
  } catch (error) {
    const info = compactError(error, (text) => agent.context.hide(text, thread));
    return { type: "prefetched", data: { ...data, outcome: { kind: "error", error: info } } };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
