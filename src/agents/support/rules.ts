import type { ApprovalPolicy } from "../../index.ts";
import { formatCents } from "./money.ts";

/** What decides on the refund of an order. */
export interface RefundCase {
  /** Cents. */
  readonly paid: number;
  readonly isRefunded: boolean;
}

/** Up to this, in cents and within 30 days, a customer gets refunds without anybody's approval. */
export const AUTOMATIC_CENTS = 50_00;
/** Up to this with the approval of one manager; two people beyond it. */
export const ONE_MANAGER_CENTS = 500_00;

/** How many people must approve, if the customer gets this much back within 30 days, this refund included. */
export function approvalsNeeded(cents: number): 0 | 1 | 2 {
  if (cents <= AUTOMATIC_CENTS) return 0;
  return cents <= ONE_MANAGER_CENTS ? 1 : 2;
}

/** What speaks against a refund, in words for the model; `undefined` if nothing does. */
export function refundProblem(
  found: RefundCase | undefined,
  { order, cents }: { readonly order: string; readonly cents: number },
): string | undefined {
  if (found === undefined) return `the sender of this mail has no order ${order}`;
  if (found.isRefunded) return `order ${order} was refunded already; an order is refunded once`;
  if (cents <= found.paid) return undefined;
  return `order ${order} cost ${formatCents(found.paid)}: no more than that is refunded`;
}

/**
 * Who must approve. `cents` is what the customer would get back within 30 days; `undefined` where that is not known. Whoever
 * asked, or told the agent to, does not approve. `isAsked`: a manager looks in any case.
 */
export function refundPolicy(
  cents: number | undefined,
  managers: readonly string[],
  isAsked: boolean,
): "never" | ApprovalPolicy {
  const needed = cents === undefined ? 2 : approvalsNeeded(cents);
  // A step about which people are asked without a policy could be approved by anybody, the customer among them.
  if (needed === 0 && !isAsked) return "never";
  return {
    approvers: managers,
    needed: Math.max(needed, 1),
    requesterMayApprove: false,
    expiresAfter: 86_400,
    because: whyAsked(cents, needed),
  };
}

function whyAsked(cents: number | undefined, needed: 0 | 1 | 2): string {
  if (cents === undefined) return "it is not known what they got back in the last 30 days";
  if (needed === 0) return "a manager looks at what was denied before, or is not clear";
  const limit = needed === 1 ? AUTOMATIC_CENTS : ONE_MANAGER_CENTS;
  return `they would get back more than ${formatCents(limit)} € within 30 days`;
}
