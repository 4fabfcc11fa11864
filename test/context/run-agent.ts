import type { Agent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { EventRecord } from "../../src/context/blocks/view.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { EventData, EventType } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";

export const person = verifiedBy("terminal", "ada", "Ada");

/** A thread of an agent in a runtime of its own, driven until it waits or ends. */
export async function runAgent(agent: Agent, text = "go", clock = fakeClock()) {
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore(), clock });
  const { threadId } = await runtime.launch({ agent: agent.name, input: { message: text, from: person } });
  const thread = await runtime.settled(threadId);
  return { runtime, thread };
}

/** Answers the pending request and drives the thread on. */
export async function answer(runtime: Runtime, thread: Thread, kind: "approved" | "denied"): Promise<Thread> {
  const { request } = thread.state;
  if (request === null) throw new Error(`nothing is asked: ${thread.state.status.kind}`);
  const decision = kind === "approved" ? { kind } : { kind, feedback: "no" };
  const response = { decision, digest: request.type === "approval" ? request.digest : null };
  await runtime.respond(requestIdOf(thread.id, request.seq), response, person);
  return runtime.settled(thread.id);
}

/** The data of a thread's events of one type. */
export function ofType<T extends EventType>(thread: Thread, type: T): readonly EventData[T][] {
  return thread.events
    .filter((event): event is EventRecord[T] => event.type === type)
    .map(({ data }) => data);
}
