import { makeDemoShop } from "../../src/agents/support/demo-shop.ts";
import { mailInput } from "../../src/agents/support/mail.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../src/humans/principal.ts";
import { type OfflineModel, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeChannel } from "../../src/testing/fake-channel.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";

export const ann = verifiedBy("email", "ann@example.com", "Ann");
export const bo = verifiedBy("email", "bo@example.com", "Bo");
export const mia = verifiedBy("web", "mia");
export const max = verifiedBy("web", "max");
export const PEOPLE = {
  mia: ["*:mia", "email:mia@shop.example"],
  max: ["*:max"],
  ann: ["email:ann@example.com"],
  bo: ["email:bo@example.com"],
};

export const today = () => "2026-11-26";

/** The demo's shop with its agent, played by the offline model. */
export async function openDesk() {
  const model: OfflineModel = await startOfflineModel();
  const { shop, support } = makeDemoShop(":memory:", today);
  const mailbox = fakeChannel("email");
  const runtime: Runtime = createRuntime({
    agents: [support],
    store: createMemoryStore(),
    model: model.choice,
    people: PEOPLE,
    channels: [mailbox],
  });
  return {
    shop,
    support,
    runtime,
    mailbox,
    async mail(text: string, from: VerifiedPrincipal = ann): Promise<Thread> {
      const input = mailInput({ from, subject: "My order", text });
      const via = { channel: "email", address: from.id };
      const { threadId } = await runtime.launch({ agent: "support", input, via });
      return runtime.settled(threadId);
    },
    async decide(thread: Thread, decision: HumanDecision, by: VerifiedPrincipal): Promise<Thread> {
      const { request } = thread.state;
      if (request === null) throw new Error(`nothing is asked: ${JSON.stringify(thread.state.status)}`);
      const digest = request.type === "approval" ? request.digest : null;
      await runtime.respond(requestIdOf(thread.id, request.seq), { decision, digest }, by);
      return runtime.settled(thread.id);
    },
    refunds: () =>
      shop.database
        .prepare("SELECT order_id AS id, cents, approvals FROM refunds ORDER BY order_id")
        .all()
        .map(({ id, cents, approvals }) => `${id} ${cents} ${approvals}`),
    async close() {
      await runtime.stop();
      await model.close();
    },
  };
}
