import { type ErrorCode, TwelvefoldError } from "../base/errors.ts";
import { parseRequestId, type RequestId, type ThreadId } from "../base/ids.ts";
import { samePrincipal, type VerifiedPrincipal } from "../humans/principal.ts";
import type { HumanResponse } from "../humans/respond.ts";
import type { HumanDecision } from "../thread/events.ts";
import type { Runtime } from "./runtime.ts";

/** A person's answer as a channel has it from a delivery that may come again. */
export interface OnceAnswer {
  readonly requestId: RequestId;
  readonly response: HumanResponse;
  readonly by: VerifiedPrincipal;
}

/**
 * Responds to a request as `runtime.respond` does. The same answer of the same person again does nothing, because the thread
 * knows it: `isNew` is false then.
 */
export async function respondOnce(
  runtime: Pick<Runtime, "respond" | "get">,
  { requestId, response, by }: OnceAnswer,
): Promise<{ readonly threadId: ThreadId; readonly isNew: boolean }> {
  try {
    return { threadId: (await runtime.respond(requestId, response, by)).id, isNew: true };
  } catch (error) {
    const { threadId, seq } = parseRequestId(requestId) ?? {};
    if (threadId === undefined || !TwelvefoldError.isInstance(error) || !isRefusal(error.code)) throw error;
    const { events } = await runtime.get(threadId);
    const isRecorded = events.some(
      ({ type, data }) =>
        type === "human_responded" &&
        data.request === seq &&
        isSame(data.decision, response.decision) &&
        samePrincipal(data.by, by),
    );
    if (!isRecorded) throw error;
    return { threadId, isNew: false };
  }
}

function isSame(recorded: HumanDecision, decision: HumanDecision): boolean {
  // Whoever has approved a step as it stood has not approved it changed, and must hear that the change has no effect.
  if (recorded.kind === "approved" && decision.kind === "approved")
    return (recorded.editedStep === undefined) === (decision.editedStep === undefined);
  if (recorded.kind !== "answered" || decision.kind !== "answered") return recorded.kind === decision.kind;
  return recorded.text.trim().toLowerCase() === decision.text.trim().toLowerCase();
}

/** Whether an answer was refused for what it is, or for coming too late. */
export function isRefusal(code: ErrorCode): boolean {
  return code === "conflict" || code === "expired" || code === "forbidden";
}
