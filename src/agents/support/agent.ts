import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import {
  type Agent,
  askHuman,
  defineAgent,
  finish,
  type Principal,
  principalKey,
  promptFunction,
  type Thread,
  tool,
  UsageError,
} from "../../index.ts";
import { customerOf, wordsOf } from "./mail.ts";
import { openMemory, preferenceProblem } from "./memory.ts";
import { centsOf } from "./money.ts";
import { refundPolicy, refundProblem } from "./rules.ts";
import type { Shop } from "./shop.ts";

export interface SupportOptions {
  readonly shop: Shop;
  /** Who may approve refunds and is asked about exceptions, as `channel:id`, such as `web:mia`. At least two people. */
  readonly managers: readonly string[];
  /** The day as `2026-11-26`, for what is remembered. */
  readonly today: () => string;
}

interface Proposal {
  readonly order: string;
  readonly amount: number;
}

/**
 * Answers customers' mails. It reads and refunds orders of the verified sender alone; how many managers must approve a refund
 * is a rule of the amount. What a customer prefers is remembered in the customer's own words.
 */
export function createSupport({ shop, managers, today }: SupportOptions) {
  if (new Set(managers).size < 2 || managers.some((one) => one.includes("*"))) {
    const message = "createSupport: at least two managers are needed, each by name, such as web:mia";
    throw new UsageError("invalid_configuration", message);
  }
  const memory = openMemory(shop.database);

  return defineAgent(promptFunction(b, "DetermineSupportStep", { bamlFiles: getBamlFiles }), {
    name: "support",
    description: "Answers customers' mails; refunds orders by rules of the amount.",
    context: {
      hiddenFields: ["reasoning"],
      // Answers and messages of customers are no more to be trusted than their mails.
      untrusted: (event) => {
        if (event.type === "event_received") return event.data.source;
        if (event.type === "message_received") return originOf(event.data.from, managers);
        return event.type === "human_responded" ? originOf(event.data.by, managers) : undefined;
      },
    },
    prefetch: {
      account: { run: ({ thread }) => accountOf(shop, thread), when: "each_input" },
      preferences: {
        run: ({ thread }) => {
          const words = wordsOf(thread).map(({ text }) => text);
          return memory.recall(customerOf(thread) ?? "", words.join("\n"));
        },
        as: "memory",
        untrusted: "customer's own words",
      },
    },
    steps: {
      look_up_orders: tool((_step, { thread }) => shop.ordersOf(requireCustomer(thread)), { readOnly: true }),
      refund: tool(
        ({ order, amount, because }, { key, thread, approvedBy }) => {
          const customer = requireCustomer(thread);
          // Whatever let them approve: only managers count.
          const approvals = approvedBy.filter((by) => managers.includes(principalKey(by))).length;
          return shop.refund({ order, cents: centsOf(amount) ?? 0, because, customer, key, approvals });
        },
        {
          version: "1",
          idempotent: true,
          title: ({ order, amount }) => `Refund ${amount} € · ${order}`,
          emphasis: ["amount"],
          check: (step, { thread }) => problemWith(step, shop, thread),
          approval: ({ amount }, { thread, fidelity }) => {
            const recent = recentCentsIn(thread);
            const cents = centsOf(amount);
            const total = recent === undefined || cents === undefined ? undefined : recent + cents;
            const isAsked = fidelity.grade === "doubtful" || wasDenied(thread);
            return refundPolicy(total, managers, isAsked);
          },
          preview: ({ order }, { thread }) => {
            const customer = requireCustomer(thread);
            const found = shop.ordersOf(customer).find((one) => one.order === order);
            return { customer, name: shop.nameOf(customer), order: found, account: accountOf(shop, thread) };
          },
        },
      ),
      remember_preference: tool(
        ({ topic, words }, { thread, threadId }) => {
          const seq = wordsOf(thread).findLast(({ text }) => text.includes(words))?.seq;
          const preference = { topic, words, from: `${threadId}, event ${seq}`, day: today() };
          memory.remember(requireCustomer(thread), preference);
          return "remembered";
        },
        {
          version: "1",
          idempotent: true,
          check: ({ words }, { thread }) =>
            preferenceProblem(
              words,
              wordsOf(thread).map(({ text }) => text),
            ),
        },
      ),
      ask_customer: askHuman(({ message }) => message, {
        to: (_step, { thread }) => [`email:${requireCustomer(thread)}`],
      }),
      ask_manager: askHuman(({ message }) => message, { to: managers }),
      done_for_now: finish(({ message }) => message),
    },
  }) satisfies Agent;
}

function originOf(principal: Principal, managers: readonly string[]): string | undefined {
  const isCustomer = principal.channel === "email" && !managers.includes(principalKey(principal));
  return isCustomer ? "mail" : undefined;
}

function requireCustomer(thread: Pick<Thread, "events">): string {
  const customer = customerOf(thread);
  if (customer === undefined) throw new Error("no mail with a verified sender began this thread");
  return customer;
}

/** What the model and the approvers read of the sender. */
function accountOf(shop: Shop, thread: Pick<Thread, "events">) {
  const customer = requireCustomer(thread);
  const name = shop.nameOf(customer);
  return {
    customer: customer,
    name: name ?? "not a customer",
    refunded_cents_in_30_days: shop.recentCents(customer),
  };
}

/** As the account was fetched last; booking looks again. `undefined` if it is not known. */
function recentCentsIn({ events }: Pick<Thread, "events">): number | undefined {
  for (const { type, data } of events.toReversed()) {
    if (type !== "prefetched" || data.name !== "account" || data.outcome.kind !== "result") continue;
    const { result } = data.outcome;
    const cents =
      typeof result === "object" && result !== null && "refunded_cents_in_30_days" in result
        ? result.refunded_cents_in_30_days
        : undefined;
    return typeof cents === "number" ? cents : undefined;
  }
  return undefined;
}

function problemWith(
  { order, amount }: Proposal,
  shop: Shop,
  thread: Pick<Thread, "events">,
): string | undefined {
  const cents = centsOf(amount);
  if (cents === undefined)
    return `${amount} is no amount of money: a positive number with at most two decimals is`;
  return refundProblem(shop.caseOf(order, requireCustomer(thread)), { order, cents });
}

/** Whether somebody has denied a refund in this thread: a smaller one does not get past them then. */
function wasDenied({ events }: Pick<Thread, "events">): boolean {
  return events.some(({ type, data }) => type === "human_responded" && data.decision.kind === "denied");
}
