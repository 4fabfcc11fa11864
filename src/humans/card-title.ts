import type { ApprovalCard } from "../thread/events.ts";

/** The title of a card whose step declares none. */
export function usualTitle(agent: string, intent: string): string {
  return `${agent} wants to run ${intent}`;
}

/** The title that the step itself declares; `null` if the card has the usual one. */
export function declaredTitle({ title, intent }: ApprovalCard, agent: string): string | null {
  return title === usualTitle(agent, intent) ? null : title;
}
