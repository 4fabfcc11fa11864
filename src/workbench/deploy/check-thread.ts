import type { Agent } from "../../agent/agent.ts";
import { approvalNow, type ShownApproval } from "../../agent/approval-now.ts";
import { approvalSubject } from "../../agent/approval-subject.ts";
import { refusedVersion } from "../../agent/version.ts";
import { canonicalJson, toJson } from "../../base/json.ts";
import { coversSubject } from "../../humans/approval-digest.ts";
import { inputsAfter } from "../../humans/card-facts.ts";
import { stepAsWritten } from "../../prompts/baml/step-fields.ts";
import type { ApprovalPolicy } from "../../thread/events.ts";
import type { OpenCall } from "../../thread/state.ts";
import { type Thread, threadOf } from "../../thread/thread.ts";
import { decisionsIn } from "../decisions.ts";
import { type DiffOptions, diffRequest } from "../regression/diff-requests.ts";
import type { DeployFinding } from "./finding.ts";

export interface DeployOptions extends Omit<DiffOptions, "before"> {
  readonly agents: readonly Agent[];
  /** The agents with the prompts of another revision, by name. */
  readonly before: ReadonlyMap<string, Agent>;
}

/** What would be different for an open thread under the agents of now. Nothing is sent, and no tool runs. */
export async function checkOpenThread(thread: Thread, options: DeployOptions): Promise<DeployFinding[]> {
  const { state } = thread;
  const agent = options.agents.find(({ name }) => name === state.agent);
  if (agent === undefined) return [{ kind: "agent_gone", agent: state.agent }];
  const refused = refusedVersion(thread, agent);
  return [
    ...(refused === undefined ? [] : [{ kind: "version_refused", ...refused } as const]),
    ...(await Promise.all(state.calls.map((call) => callFindings({ thread, agent, call }, options)))).flat(),
    ...(await requestFindings(thread, agent, options)),
  ];
}

/** An open call of a thread, and its agent of now. */
interface Checked {
  readonly thread: Thread;
  readonly agent: Agent;
  readonly call: OpenCall;
}

async function callFindings(checked: Checked, options: DeployOptions): Promise<DeployFinding[]> {
  const { thread, agent, call } = checked;
  return stepFinding(thread, agent, call) ?? (await approvalFindings(checked, options));
}

/** What is wrong with an open step itself; `undefined` if nothing is. */
function stepFinding(
  thread: Thread,
  { steps, nextStep }: Agent,
  { callId, step }: OpenCall,
): DeployFinding[] | undefined {
  const { intent } = step;
  if (!steps.has(intent)) return [{ kind: "intent_gone", callId, intent }];
  const written = stepAsWritten(step, nextStep.stepFields?.get(intent));
  const answer = nextStep.parse(canonicalJson(toJson(written)), thread);
  return answer.ok ? undefined : [{ kind: "step_unfit", callId, intent, message: answer.message }];
}

async function approvalFindings(
  { thread, agent, call }: Checked,
  options: DeployOptions,
): Promise<DeployFinding[]> {
  const shown = shownApproval(thread, call);
  // Whatever is deployed, it has lapsed.
  if (shown === undefined || inputsAfter(thread, shown.request) !== undefined) return [];
  const { card, digest } = shown;
  const policy = approvalNow(thread, agent, call).policy ?? {};
  const covers = (one: Agent, under: ApprovalPolicy) =>
    coversSubject(digest, approvalSubject(thread, one, call, { card, policy: under }));
  if (covers(agent, policy)) return [];
  const before = options.before.get(agent.name);
  const because = async (): Promise<Extract<DeployFinding, { kind: "approval_lapses" }>["because"]> => {
    if (canonicalJson(toJson(policy)) !== canonicalJson(toJson(shown.policy))) return "policy";
    if (before === undefined) return "tool_or_prompt";
    if (covers(before, policy)) return "prompt";
    // It may have been proposed under prompts that are neither those of now nor of the revision.
    return (await wasAskedAlike({ thread, agent, call }, options)) ? "tool" : "tool_or_prompt";
  };
  const { callId, step } = call;
  return [{ kind: "approval_lapses", callId, intent: step.intent, because: await because() }];
}

/** Whether the request that proposed the call is the one that the prompts of now would make. */
async function wasAskedAlike(
  { thread, agent: own, call }: Checked,
  { modelOf, count }: DeployOptions,
): Promise<boolean> {
  const { id, events } = thread;
  const decision = decisionsIn({ id, agent: own.name, events }).find(({ steps }) =>
    steps.some(({ proposed }) => proposed?.data.callId === call.callId),
  );
  if (decision === undefined) return false;
  const { completion, before } = decision;
  const asked = { own, thread: threadOf(id, before), completion };
  return (await diffRequest(asked, { modelOf, count, before: undefined, against: false })).kind === "same";
}

/** The approval that a call waits for, or has and has not used. */
function shownApproval(
  { state: { request } }: Thread,
  { phase, callId }: OpenCall,
): (ShownApproval & { readonly policy: ApprovalPolicy }) | undefined {
  if (phase.kind === "approved") return phase;
  if (phase.kind !== "awaiting_approval" || request?.type !== "approval" || request.callId !== callId)
    return undefined;
  return { ...request, request: request.seq };
}

/**
 * Compared with the prompts of another revision: how the thread as it stands would be asked about. Else: how its last
 * decision was asked for.
 */
async function requestFindings(
  thread: Thread,
  own: Agent,
  { before, against, modelOf, count }: DeployOptions,
): Promise<DeployFinding[]> {
  const { id: threadId, events } = thread;
  const last = decisionsIn({ id: threadId, agent: own.name, events }).at(-1);
  if (last === undefined && !against) return [];
  const completion = last?.completion ?? NOT_ASKED_YET;
  const asked = against ? thread : threadOf(threadId, last?.before ?? []);
  const diff = await diffRequest(
    { own, thread: asked, completion },
    { before: before.get(own.name), against, modelOf, count },
  );
  switch (diff.kind) {
    case "same":
      return [];
    case "failed":
      return [{ kind: "not_asked", message: diff.message }];
    case "changed":
      return [{ kind: "request_differs", change: diff.change }];
    default:
      return diff satisfies never;
  }
}

const NOT_ASKED_YET = { client: "", requestDigest: "" };
