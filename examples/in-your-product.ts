import { calculator } from "../src/agents/calculator/agent.ts";
import { createRuntime, type ModelChoice, type RequestId, type Runtime, verifiedBy } from "../src/index.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";

export async function startAgents(file: string, model: ModelChoice): Promise<Runtime> {
  const runtime = createRuntime({ agents: [calculator], store: await openSqliteStore(file), model });
  runtime.start(); // also takes up what a process that died left behind
  return runtime;
}

/** Resolves when the thread has ended or waits for somebody: `state.status` and `state.request` say which. */
export async function launch(runtime: Runtime, message: string, userId: string) {
  const from = verifiedBy("session", userId); // after your own check of who it is
  const { threadId } = await runtime.launch({ agent: "calculator", input: { message, from } });
  return runtime.settled(threadId);
}

/** Any time later, in any process: approves exactly the card whose digest the person has seen. */
export async function approve(runtime: Runtime, requestId: RequestId, digest: string, userId: string) {
  const response = { decision: { kind: "approved" }, digest } as const;
  const { id } = await runtime.respond(requestId, response, verifiedBy("session", userId));
  return runtime.settled(id);
}
