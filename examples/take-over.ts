// A person takes a thread over, does the work, and hands it back. Both may be called again after a crash.

import type { Thread, VerifiedPrincipal } from "../src/index.ts";
import { type HumanDecision, type Runtime, requestIdOf, type ThreadId } from "../src/index.ts";

/** From here on the agent does nothing, in no process, until the thread is handed back. Resolves when nothing runs any more. */
export async function takeOver(runtime: Runtime, threadId: ThreadId, person: VerifiedPrincipal) {
  const { state } = await runtime.get(threadId);
  if (state.status.kind !== "paused") await runtime.pause(threadId, person, "taken over");
  return runtime.settled(threadId);
}

/** The agent reads the report of what the person did, and goes on from there. What it had asked for is settled by that. */
export async function handBack(
  { runtime, threadId, person }: { runtime: Runtime; threadId: ThreadId; person: VerifiedPrincipal },
  report: string,
): Promise<Thread> {
  const { status } = (await runtime.get(threadId)).state;
  if (status.kind !== "paused") return runtime.settled(threadId);
  const { request } = (await runtime.message(threadId, report, person, `${threadId} ${report}`)).state;
  if (request !== null) {
    const words = "I took this over: see my message.";
    const denied: HumanDecision = { kind: "denied", feedback: words };
    const decision: HumanDecision = request.type === "approval" ? denied : { kind: "answered", text: words };
    const digest = request.type === "approval" ? request.digest : null;
    await runtime.respond(requestIdOf(threadId, request.seq), { decision, digest }, person);
  }
  await runtime.resume(threadId, person);
  return runtime.settled(threadId);
}
