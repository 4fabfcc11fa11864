import { defineAgent } from "../../src/agent/agent.ts";
import type { PriceTable } from "../../src/agent/budget.ts";
import type { People } from "../../src/humans/people.ts";
import { readReturnType } from "../../src/prompts/baml/declared-type.ts";
import { readStepFields } from "../../src/prompts/baml/step-fields.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";

export type ShopStep =
  | { intent: "look_up_order"; order: string }
  | { intent: "check_stock"; sku: string }
  | { intent: "refund"; order: string; amount: number; speed: string; notify: string[]; note: string | null }
  | { intent: "ask_manager"; question: string; to: string[] }
  | { intent: "done"; message: string };

/** Who is who among the people of the shop. */
export const SHOP_PEOPLE: People = {
  ada: ["web:ada"],
  bob: ["web:bob", "slack:U02"],
  carol: ["web:carol"],
  dan: ["web:dan"],
  eve: ["web:eve"],
};

/** The classes of the shop's steps, as a prompt declares them. */
export const SHOP_BAML = `
enum Speed {
  normal
  express @description("costs more")
}
class Refund {
  intent "refund" @description("pay money back")
  order string @description(#"its number, such as "A-1020""#)
  amount float @description("in euros, at most what the order cost") // never more
  speed Speed
  notify string[]
    @description("who hears of it")
  note string?
}
class LookUpOrder {
  intent "look_up_order"
  order string
}
type Steps = Refund | LookUpOrder
function DecideShopStep(thread: string) -> Steps {
  client Default
  prompt #"{{ thread }}"#
}
`;

export interface ShopOptions {
  readonly name?: string;
  readonly lookUp?: (order: string) => unknown;
  readonly steps?: number;
  readonly prices?: PriceTable;
}

/** An agent of a shop: it looks orders up and refunds; up to 50 € on its own, up to 500 with one person, above with two. */
export function shopAgent(script: readonly ScriptedAnswer<ShopStep>[], options: ShopOptions = {}) {
  const refunded: unknown[] = [];
  const nextStep = Object.assign(scriptedSteps<ShopStep>(script), {
    stepFields: readStepFields({ "shop.baml": SHOP_BAML }, "DecideShopStep"),
    returns: readReturnType({ "shop.baml": SHOP_BAML }, "DecideShopStep"),
  });
  const agent = defineAgent(nextStep, {
    name: options.name ?? "shop",
    description: "Answers customers of a shop, and refunds by rules.",
    budget: {
      steps: options.steps ?? 40,
      ...(options.prices === undefined ? {} : { money: { limit: 100, prices: options.prices } }),
    },
    context: {
      formatters: {
        event_received: ({ data }) => [{ tag: data.name, body: data.payload }],
      },
    },
    steps: {
      look_up_order: tool(({ order }) => options.lookUp?.(order) ?? { order, total: 89.9, paid: true }, {
        readOnly: true,
      }),
      check_stock: tool(({ sku }) => ({ sku, left: 3 }), { readOnly: true }),
      refund: tool(
        ({ order, amount, speed, notify, note }) => {
          refunded.push({ order, amount, speed, notify, note });
          return { refund: "re_1", amount };
        },
        {
          approval: ({ amount }) => {
            if (amount <= 50) return "never";
            const approvers = ["web:ada", "web:bob", "slack:U02", "web:carol"];
            return amount <= 500
              ? { approvers, because: "it is over 50 €" }
              : { approvers, needed: 2, because: "it is over 500 €" };
          },
          title: ({ amount, order }) => `Refund ${amount} € · ${order}`,
          emphasis: ["amount"],
          preview: ({ amount, order }) => ({
            before: { order, paid: 640 },
            after: { order, paid: 640 - amount },
          }),
        },
      ),
      ask_manager: askHuman(({ question, to }) => ({ question, to })),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep, refunded };
}

export const REFUND: Extract<ShopStep, { intent: "refund" }> = {
  intent: "refund",
  order: "A-1020",
  amount: 640,
  speed: "normal",
  notify: ["customer"],
  note: null,
};
