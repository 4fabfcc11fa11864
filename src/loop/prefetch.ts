import { type JsonObject, toJson } from "../base/json.ts";
import { compactError } from "../context/errors.ts";
import type { NewEvent } from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";
import type { Command } from "./command.ts";
import type { LoopTools } from "./perform.ts";
import { type Write, write } from "./write.ts";

/** Something that the model will probably need: fetched before it is asked. It must only read. */
export interface Prefetch {
  /** What it gives is recorded (made JSON by `toJson`); what it throws is recorded as an error. */
  readonly run: (context: { readonly thread: Thread; readonly signal: AbortSignal }) => unknown;
  /** What the model is told was asked, beside the name. Default: nothing. */
  readonly arguments?: JsonObject;
  /**
   * How the model gets it. `call` (default): like a call and its result in the thread. `memory` and `document`: as
   * blocks of that name, one for each item where it gives a list. `parameter`: to the agent's `input` only.
   */
  readonly as?: "call" | "memory" | "document" | "parameter";
  /** `start` (default): once in a thread. `each_input`: anew for every message or event from outside. */
  readonly when?: "start" | "each_input";
  /** It comes from outside and is labelled as such: `true`, or where from, e.g. `web page`. Default false. */
  readonly untrusted?: boolean | string;
  /** Milliseconds until it is given up. Default 10,000. */
  readonly timeoutMs?: number;
}

export type Prefetches = ReadonlyMap<string, Prefetch>;

/** What is to be fetched before the model is asked. Pure. */
export function missingPrefetches(state: ThreadState, prefetches: Prefetches): string[] {
  if (prefetches.size === 0) return [];
  return Array.from(prefetches).flatMap(([name, { when = "start" }]) => {
    const at = Object.hasOwn(state.prefetched, name) ? (state.prefetched[name] ?? 0) : 0;
    return at > (when === "each_input" ? state.lastInput : 0) ? [] : [name];
  });
}

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
  yield write(...events.map((event) => agent.forStore(event, thread)));
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
    const info = compactError(error, (text) => agent.withoutSecrets(text, thread));
    return { type: "prefetched", data: { ...data, outcome: { kind: "error", error: info } } };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
