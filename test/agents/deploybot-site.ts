import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deploybot } from "../../src/agents/deploybot/agent.ts";
import { makeDemoSite } from "../../src/agents/deploybot/demo-site.ts";
import type { Place } from "../../src/agents/deploybot/environments.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../src/humans/principal.ts";
import { type OfflineModel, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { startServer } from "../../src/server/start.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";

export const ada = verifiedBy("web", "ada", "Ada");
export const ben = verifiedBy("web", "ben", "Ben");

/** A real repository, real folders, a real server and the offline model. */
export interface TestSite {
  readonly deploybot: Deploybot;
  readonly runtime: Runtime;
  readonly folder: string;
  ask(message: string): Promise<Thread>;
  /** Resolves when the thread waits for a person or another agent, or has ended: results of health checks come by HTTP. */
  atRest(threadId: ThreadId): Promise<Thread>;
  answer(thread: Thread, decision: HumanDecision, by?: VerifiedPrincipal): Promise<Thread>;
  /** Both approve. */
  approve(thread: Thread): Promise<Thread>;
  current(place: Place): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function openTestSite(): Promise<TestSite> {
  const folder = await mkdtemp(join(tmpdir(), "deploybot-"));
  const model: OfflineModel = await startOfflineModel();
  let url = "";
  const deploybot = await makeDemoSite(join(folder, "site"), { serverUrl: () => url });
  const runtime = createRuntime({
    agents: deploybot.agents,
    store: createMemoryStore(),
    model: model.choice,
    people: { ada: ["*:ada"], ben: ["*:ben"] },
  });
  const log = { info() {}, warn() {}, error() {} };
  const server = await startServer({ runtime, port: 0, log });
  ({ url } = server);

  const atRest = async (threadId: ThreadId): Promise<Thread> => {
    for (;;) {
      const changed = Promise.withResolvers<void>();
      const stop = runtime.subscribe(() => changed.resolve());
      try {
        const thread = await runtime.settled(threadId);
        const { kind } = thread.state.status;
        if (kind !== "awaiting_event") return thread;
        await changed.promise;
      } finally {
        stop();
      }
    }
  };
  const answer: TestSite["answer"] = async (thread, decision, by = ada) => {
    const { request } = thread.state;
    if (request === null) throw new Error(`nothing is asked: ${JSON.stringify(thread.state.status)}`);
    const digest = request.type === "approval" ? request.digest : null;
    await runtime.respond(requestIdOf(thread.id, request.seq), { decision, digest }, by);
    return atRest(thread.id);
  };
  return {
    deploybot,
    runtime,
    folder,
    atRest,
    answer,
    async ask(message) {
      const { threadId } = await runtime.launch({ agent: "deploybot", input: { message, from: ada } });
      return atRest(threadId);
    },
    async approve(thread) {
      const once = await answer(thread, { kind: "approved" }, ada);
      return answer(once, { kind: "approved" }, ben);
    },
    current: (place) => deploybot.environments.currentTag(place),
    async close() {
      await server.close();
      await model.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
