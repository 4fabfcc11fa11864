import { cardLines } from "../present/card.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { Session } from "./session.ts";

/** Shows the whole card of a step that waits for approval, before the commands that decide on it. Nothing for other requests. */
export function showCard(
  { terminal, colors }: Pick<Session, "terminal" | "colors">,
  request: PendingRequest | null,
): void {
  if (request?.type !== "approval") return;
  for (const line of cardLines(request, colors)) terminal.err(line);
}
