import { cardLines } from "../present/card.ts";
import type { PendingRequest } from "../thread/state.ts";
import { localTime } from "./local-time.ts";
import type { Session } from "./session.ts";

/** Shows the whole card of a step that waits for approval, before the commands that decide on it. Nothing for other requests. */
export async function showCard(
  { terminal, colors, runtime }: Pick<Session, "terminal" | "colors" | "runtime">,
  request: PendingRequest | null,
): Promise<void> {
  if (request?.type !== "approval") return;
  const { people } = await runtime();
  for (const line of cardLines(request, { colors, people, timeOf: localTime })) terminal.err(line);
}
