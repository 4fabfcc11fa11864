import pc from "picocolors";
import { ForbiddenError, NotFoundError } from "../../base/errors.ts";
import { parseRequestId, type RequestId, requestIdOf } from "../../base/ids.ts";
import { describeReason } from "../../humans/approval-reasons.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { cardLines } from "../../present/card.ts";
import { visible } from "../../present/visible-text.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { HumanDecision } from "../../thread/events.ts";
import { mayAnswer, type ProtocolCaller } from "../protocol.ts";

/** What a client must show before an approval, and send back with it. */
export interface ApprovalDescriptor {
  readonly requestId: RequestId;
  /** The version of the card: a decision must carry it. */
  readonly digest: string | null;
  /** The whole card in words. */
  readonly card: string;
  readonly expiresAt: string | null;
  /** Whether this caller may decide; others see that it waits. */
  readonly mayDecide: boolean;
}

const plain = pc.createColors(false);

/** What is shown of a request: the digest stands beside the card that it is of. */
export function describeRequest(
  request: HumanRequest,
  caller: ProtocolCaller,
  runtime: Runtime,
): ApprovalDescriptor {
  const { id, digest, asked, expiresAt } = request;
  const card =
    asked.type === "approval"
      ? cardLines(asked, { colors: plain, people: runtime.people }).join("\n")
      : visible(asked.question);
  return { requestId: id, digest, card, expiresAt, mayDecide: mayAnswer(request, caller, runtime) };
}

/** Why a person must decide, in one line. */
export function whyAsked({ reasons }: HumanRequest): string {
  return reasons.map((reason) => visible(describeReason(reason).text)).join("; ");
}

/**
 * Decides on a request in the caller's name. The digest is the one of the card that was shown; the runtime refuses any other.
 * Throws as `runtime.respond` does, and `ForbiddenError` for a caller who may not answer here.
 */
export async function respondTo(
  requestId: string,
  answer: { readonly decision: HumanDecision; readonly digest: string | null },
  caller: ProtocolCaller,
  runtime: Runtime,
): Promise<void> {
  const parsed = parseRequestId(requestId);
  if (parsed === undefined) throw new NotFoundError(`there is no request ${requestId.slice(0, 80)}`);
  const request = await runtime.request(requestIdOf(parsed.threadId, parsed.seq));
  if (!mayAnswer(request, caller, runtime))
    throw new ForbiddenError("this caller may not answer this request", { requestId });
  await runtime.respond(request.id, answer, caller.principal);
}
