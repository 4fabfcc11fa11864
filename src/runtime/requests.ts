import type { Agent } from "../agent/agent.ts";
import { hidesContent, shownThread } from "../agent/shown-thread.ts";
import type { Clock } from "../base/clock.ts";
import { ConflictError, NotFoundError } from "../base/errors.ts";
import { parseRequestId, type RequestId, type ThreadId } from "../base/ids.ts";
import type { People } from "../humans/people.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import { type HumanRequest, requestOf } from "../humans/request.ts";
import { type HumanResponse, responseEvent } from "../humans/respond.ts";
import type { ThreadStore } from "../store/store.ts";
import { isOver } from "../thread/projection.ts";
import type { ThreadState } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { lookAbove } from "./above.ts";
import { agentNamed } from "./agent-named.ts";
import type { Change } from "./commit.ts";
import { validateEdit, validateShownEdit } from "./edit.ts";
import { type EndAbove, endedBy, nothingComesOf } from "./end-above.ts";
import type { Writer } from "./writer.ts";

export interface RequestsOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly people: People;
  readonly change: Writer["change"];
}

/** The pending request with this id. See `Runtime.request` for its errors. */
export async function askedWith(
  requestId: RequestId,
  { store, change }: Pick<RequestsOptions, "store" | "change">,
): Promise<HumanRequest> {
  const { threadId } = parseRequest(requestId);
  const thread = { id: threadId, state: await store.state(threadId) };
  const request = requestOf(thread, requestId);
  const { end } = await lookAbove(thread, store);
  if (end === undefined) return request;
  await change({ threadId, build: ({ state }) => (isOver(state) ? [] : [endedBy(end)]) });
  throw nothingComesOf(requestId, end);
}

/**
 * Records what a person decides. One door for all answers: none is taken of a thread that works for one that is over, which is
 * ended instead.
 */
export async function respondTo(
  requestId: RequestId,
  { response, by }: { readonly response: HumanResponse; readonly by: VerifiedPrincipal },
  options: RequestsOptions,
): Promise<ThreadHead> {
  const { agents, people, clock, change } = options;
  const { threadId, seq } = parseRequest(requestId);
  let end: EndAbove | undefined;
  const build: Change["build"] = async (head, whole) => {
    end = await endFor(head, response, options);
    if (end !== undefined) return [endedBy(end)];
    const agent = agentNamed(agents, head.state.agent);
    const isEdit = response.decision.kind === "approved" && response.decision.editedStep !== undefined;
    const needsWhole = isEdit || hidesContent(agent) || needsEvents(head.state, seq);
    const attempt = { seq, response, by, now: clock.now(), people };
    if (!needsWhole)
      return [responseEvent(head, { ...attempt, validateEdit: validateEdit(agent, { events: [] }) })];
    const thread = await whole();
    // People decide on what they read.
    const shown = shownThread(thread, agent).state.request;
    const choices = shown?.type === "question" ? shown.options?.choices : undefined;
    const validate = validateShownEdit(agent, thread);
    return [responseEvent(thread, { ...attempt, validateEdit: validate, choices })];
  };
  const thread = await change({ threadId, build });
  if (end !== undefined) throw nothingComesOf(requestId, end);
  return thread;
}

/**
 * What has ended the work of a thread that is asked something; `undefined` if an answer may be taken. Throws `ConflictError` for
 * an approval if requesters have sent something to a thread above that this one has yet to hear: it may be about what is
 * approved, and its sender may be the approver. The thread that owes it is taken up.
 */
async function endFor(
  { id, state }: ThreadHead,
  { decision }: HumanResponse,
  { store, change }: RequestsOptions,
): Promise<EndAbove | undefined> {
  if (isOver(state)) return undefined;
  const { end, unheard } = await lookAbove({ id, state }, store);
  if (end !== undefined || unheard === undefined || decision.kind !== "approved") return end;
  await change({ threadId: unheard, build: () => [] });
  const message = `thread ${unheard}, for which ${id} works, was sent something that has yet to be passed on: look again in a moment`;
  throw new ConflictError("conflict", message, { details: { threadId: unheard } });
}

/** The thread and the asking event that a request id names. Throws `NotFoundError` if the text is not such an id. */
function parseRequest(requestId: string): { readonly threadId: ThreadId; readonly seq: number } {
  const parsed = parseRequestId(requestId);
  if (parsed === undefined) throw new NotFoundError(`there is no request ${requestId}`, { requestId });
  return parsed;
}

/**
 * Whether handling a response to the request asked at this event takes more than the thread's state: to tell what became
 * of a request that is no longer pending, or to know all requesters if they may not approve.
 */
function needsEvents({ request }: ThreadState, seq: number): boolean {
  if (request?.seq !== seq) return true;
  return request.type === "approval" && request.policy.requesterMayApprove === false;
}
