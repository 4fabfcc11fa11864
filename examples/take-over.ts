// A person takes a thread over with all that works for it, and hands it back. Both may be called again after a crash.
import * as tf from "../src/index.ts";

type TakenOver = { runtime: tf.Runtime; id: tf.ThreadId; person: tf.VerifiedPrincipal };
const WORDS = "I took this over: see my message.";
const EXPECTED = ["conflict", "not_found", "forbidden"]; // Somebody else was faster, or must answer.
const expected = (error: unknown) => {
  if (!tf.TwelvefoldError.isInstance(error) || !EXPECTED.includes(error.code)) throw error;
};

/** From here on nothing is done for the thread, in no process. Resolves when nothing runs any more. */
export async function takeOver({ runtime, id, person }: TakenOver): Promise<tf.Thread> {
  if ((await runtime.get(id)).state.pausedBy === null) await runtime.pause(id, person, WORDS);
  const thread = await runtime.settled(id);
  for (const { threadId: id } of thread.state.children)
    await takeOver({ runtime, id, person }).catch(expected);
  return thread;
}

/** All read what the person did, and go on. It settles what was asked, unless that is for others to answer. */
export async function handBack({ runtime, id, person }: TakenOver, report: string): Promise<tf.Thread> {
  const thread = await runtime.get(id);
  if (thread.state.pausedBy === null) return runtime.settled(id);
  const request = tf.pendingRequest(thread);
  if (request?.kind === "approval" || request?.kind === "question") {
    const answer: tf.HumanDecision = { kind: "answered", text: WORDS };
    const decision = request.kind === "question" ? answer : ({ kind: "denied", feedback: WORDS } as const);
    await runtime.respond(request.id, { decision, digest: request.digest }, person).catch(expected);
  }
  const since = thread.events.findLast(({ type }) => type === "paused")?.seq;
  await runtime.message(id, report, person, `${id} handed back ${since}`);
  await resume({ runtime, id, person });
  return runtime.settled(id);
}
async function resume({ runtime, id, person }: TakenOver): Promise<void> {
  const { children, pausedBy } = (await runtime.get(id)).state;
  for (const { threadId: id } of children) await resume({ runtime, id, person }).catch(expected);
  if (pausedBy?.reason === WORDS) await runtime.resume(id, person);
}
