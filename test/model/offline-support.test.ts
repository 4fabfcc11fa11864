import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSupport } from "../../src/agents/support/agent.ts";
import { mailInput } from "../../src/agents/support/mail.ts";
import { openShop } from "../../src/agents/support/shop.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { type OfflineModel, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { HumanDecision } from "../../src/thread/events.ts";

let model: OfflineModel;
beforeAll(async () => {
  model = await startOfflineModel();
});
afterAll(() => model.close());

const address = "kim@example.org";
const day = () => "2026-05-04";
const managers = [verifiedBy("web", "eve"), verifiedBy("web", "ivo")] as const;
const people = { eve: ["*:eve"], ivo: ["*:ivo"] };

/** Plays a mail to its end, in a shop of its own, and gives the steps in short. */
async function play(
  text: string,
  orders: Record<string, readonly [items: string, cents: number]>,
  says: string[] = [],
) {
  const shop = openShop(":memory:", day);
  shop.addCustomer(address, "Kim");
  for (const [id, [items, cents]] of Object.entries(orders))
    shop.addOrder({ id, customer: address, items, cents, ordered: "2026-05-01", status: "packed" });
  const support = createSupport({ shop, managers: ["web:eve", "web:ivo"], today: day });
  const runtime = createRuntime({
    agents: [support],
    store: createMemoryStore(),
    model: model.choice,
    people,
  });
  const from = verifiedBy("email", address);
  const { threadId } = await runtime.launch({
    agent: "support",
    input: mailInput({ from, subject: "", text }),
  });
  let approver = 0;
  for (;;) {
    const thread = await runtime.settled(threadId);
    const { request } = thread.state;
    if (request === null || (request.type === "question" && says.length === 0)) {
      await runtime.stop();
      return thread.events.flatMap(({ type, data }) => {
        if (type === "approval_requested") return [`${data.policy.needed}!`];
        return type === "step_proposed" ? inShort(data.step) : [];
      });
    }
    const said = says.shift() ?? "";
    const by = request.type === "approval" ? managers[approver++ % 2] : from;
    if (by === undefined) throw new Error("nobody is there");
    const decision: HumanDecision =
      request.type === "question"
        ? { kind: "answered", text: said }
        : said === ""
          ? { kind: "approved" }
          : { kind: "denied", feedback: said };
    const digest = request.type === "approval" ? request.digest : null;
    await runtime.respond(requestIdOf(threadId, request.seq), { decision, digest }, by);
  }
}

function inShort(step: Record<string, unknown>): string[] {
  const { intent, order, amount, topic } = step;
  if (intent === "look_up_orders") return [];
  if (intent === "refund") return [`refund ${order} ${amount}`];
  if (intent === "remember_preference") return [`note ${topic}`];
  return [intent === "done_for_now" ? "done" : String(intent)];
}

const two = { "B-700": ["garden chair", 49_99], "B-701": ["lamp shade", 210_00] } as const;
const dear = { "ZX-9000": ["sofa", 1_499_00] } as const;

describe("the offline model as support", { tags: "E3" }, () => {
  it.each<[string, Record<string, readonly [string, number]>, string[], string[]]>([
    ["Please refund B-700.", two, [], ["refund B-700 49.99", "done"]],
    ["please refund b-701", two, [], ["refund B-701 210", "1!", "done"]],
    ["The chair broke. Money back!", two, [], ["refund B-700 49.99", "done"]],
    ["I am returning the lamp", two, [], ["refund B-701 210", "1!", "done"]],
    ["Refund 15 euros for the chair, it has a scratch", two, [], ["refund B-700 15", "done"]],
    ["Refund € 12,50 of B-701", two, [], ["refund B-701 12.5", "done"]],
    ["Reimburse EUR 75.25 for the shade", two, [], ["refund B-701 75.25", "1!", "done"]],
    ["A refund, please", dear, [], ["refund ZX-9000 1499", "2!", "done"]],
    ["refund 9000 euros for my sofa", dear, [], ["refund ZX-9000 1499", "2!", "done"]],
    ["refund 40 euros for my sofa", dear, [], ["refund ZX-9000 40", "done"]],
    ["I want a refund", two, [], ["ask_customer"]],
    ["I want a refund", two, ["the lamp"], ["ask_customer", "refund B-701 210", "1!", "done"]],
    ["Refund C-123", two, [], ["ask_customer"]],
    ["Refund C-123", two, ["Sorry, I meant B-700"], ["ask_customer", "refund B-700 49.99", "done"]],
    ["Refund my order", {}, [], ["done"]],
    ["Refund the lamp", two, ["No, it was worn."], ["refund B-701 210", "1!", "done"]],
    [
      "Refund the lamp",
      two,
      ["only 100 euros"],
      ["refund B-701 210", "1!", "refund B-701 100", "1!", "done"],
    ],
    ["Where is my sofa?", dear, [], ["done"]],
    ["Please always leave parcels with my neighbour.", two, [], ["note delivery", "done"]],
    [
      "Refund B-700. In future call me on the phone.",
      two,
      [],
      ["refund B-700 49.99", "note contact", "done"],
    ],
    ["Next time no plastic in the box, please", two, [], ["note packaging", "done"]],
    ["Hello", two, [], ["ask_customer"]],
    ["Refund 1.200,50 euros for my sofa", dear, [], ["refund ZX-9000 1200.5", "2!", "done"]],
    ["I want 1.200,50 euros back for my sofa", dear, [], ["refund ZX-9000 1200.5", "2!", "done"]],
    ["Refund 1,200.50 EUR for my sofa", dear, [], ["refund ZX-9000 1200.5", "2!", "done"]],
    ["Refund € 1.200 for my sofa", dear, [], ["refund ZX-9000 1200", "2!", "done"]],
    ["Refund 1 200 € for my sofa, please", dear, [], ["refund ZX-9000 1200", "2!", "done"]],
    ["Refund 1.2005 euros for my sofa", dear, [], ["ask_customer"]],
    ["Refund 20 % of my sofa", dear, ["30 euros"], ["ask_customer", "refund ZX-9000 30", "done"]],
    ["Refund 0 euros for my sofa", dear, [], ["ask_customer"]],
    ["Please do not refund B-700.", two, [], ["ask_customer"]],
    ["I don't want a refund for my sofa, where is it?", dear, [], ["done"]],
    ["The lamp does not work, so please refund it", two, [], ["refund B-701 210", "1!", "done"]],
    ["Refund the chair. Do not refund the lamp!", two, [], ["refund B-700 49.99", "done"]],
    ["I do not like the lamp. Money back!", two, [], ["refund B-701 210", "1!", "done"]],
    ["Refund the lamp", two, ["No refund of 210 euros."], ["refund B-701 210", "1!", "done"]],
  ])("%s", async (text, orders, says, steps) => {
    expect(await play(text, orders, [...says])).toEqual(steps);
  });
});
