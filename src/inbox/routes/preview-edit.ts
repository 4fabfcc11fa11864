import { shownEvents } from "../../agent/shown-thread.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { parseRequestId, type RequestId } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { requestOf, whyNot } from "../../humans/request.ts";
import { previewOf } from "../../loop/perform-people.ts";
import type { StepField } from "../../prompts/baml/step-fields.ts";
import { validateShownEdit } from "../../runtime/edit.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Step } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

/** A tool has so long to say what an edit would change, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What the prompt declares of the fields of the step that waits for approval. */
export function declaredFields(
  { agents }: Pick<Runtime, "agents">,
  { state }: Pick<Thread, "state">,
): ReadonlyMap<string, StepField> | undefined {
  const { request } = state;
  if (request?.type !== "approval") return undefined;
  return agents.get(state.agent)?.nextStep.stepFields?.get(request.card.intent);
}

/** Whether the tool can say what an edit of this step would change. */
export function hasPreview({ agents }: Pick<Runtime, "agents">, agent: string, intent: string): boolean {
  const definition = agents.get(agent)?.steps.get(intent);
  return definition?.kind === "tool" && definition.options.preview !== undefined;
}

/**
 * What the tool says that the edited step would change, as people may read it. Nothing is decided and nothing runs. Throws
 * `UsageError` for an edit that does not fit the step's type, and `ForbiddenError` for somebody who may not decide.
 */
export async function previewEdit(
  { agents, people, get }: Pick<Runtime, "agents" | "people" | "get">,
  requestId: RequestId,
  { edited, by }: { readonly edited: Step | undefined; readonly by: VerifiedPrincipal },
): Promise<Json> {
  const parsed = parseRequestId(requestId);
  if (parsed === undefined) throw new NotFoundError(`there is no request ${requestId}`);
  const thread = await get(parsed.threadId);
  const request = requestOf(thread, requestId);
  const objection = whyNot(request, by, "approved", people);
  if (objection !== undefined) throw objection;
  const agent = agents.get(thread.state.agent);
  const call = thread.state.calls.find(({ callId }) => callId === request.asked.callId);
  if (agent === undefined || call === undefined)
    throw new UsageError("invalid_argument", "nothing can be previewed here");
  const validated = edited === undefined ? { step: call.step } : validateShownEdit(agent, thread)(edited);
  if ("problem" in validated)
    throw new UsageError("invalid_argument", `the edit is not valid: ${validated.problem}`);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const preview = await previewOf({ ...call, step: validated.step }, thread, agent, { signal });
  const data = { preview: shownEvents(thread.events, agent).json(preview ?? null) };
  const hidden = agent.context.credentials?.hideIn({ type: "approval_requested", data }).data ?? data;
  return hidden["preview"] ?? null;
}
