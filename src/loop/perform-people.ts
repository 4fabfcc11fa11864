import type { Agent } from "../agent/agent.ts";
import { isoTime } from "../base/clock.ts";
import { type Json, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import { approvalDigest } from "../humans/approval-digest.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { ApprovalCard, EventData, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";
import { toolVersion } from "./decide.ts";
import { type Write, write } from "./journal.ts";
import type { LoopTools } from "./perform.ts";

/** Shows the step to people and binds their decision to exactly what they are shown. */
export async function* requestApproval(
  { call, definition, policy, reasons }: Extract<Command, { type: "request_approval" }>,
  thread: Thread,
  agent: Agent,
  tools: LoopTools,
): AsyncGenerator<Write> {
  const { intent, ...args } = call.step;
  const preview = await previewOf(definition, call, thread, tools);
  const shown: ApprovalCard = {
    title: `${agent.name} wants to run ${intent}`,
    intent,
    arguments: args,
    reasons,
    ...(preview === undefined ? {} : { preview }),
  };
  const card = storedCard(shown, { callId: call.callId, policy, digest: "" }, thread, agent);
  const digest = approvalDigest({
    threadId: thread.id,
    callId: call.callId,
    tool: toolVersion(intent, definition),
    promptVersion: agent.nextStep.version,
    policy,
    card,
  });
  const data = { callId: call.callId, card, policy, digest };
  const { expiresAfter } = policy;
  yield write({
    type: "approval_requested",
    data:
      expiresAfter === undefined
        ? data
        : { ...data, expiresAt: isoTime(tools.clock.now() + expiresAfter * 1000) },
  });
}

/** The digest covers the card as it is stored. */
function storedCard(
  card: ApprovalCard,
  rest: Omit<EventData["approval_requested"], "card">,
  thread: Thread,
  agent: Agent,
): ApprovalCard {
  const event = agent.context.forStore({ type: "approval_requested", data: { ...rest, card } }, thread);
  return event.type === "approval_requested" ? event.data.card : card;
}

async function previewOf(
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
  { signal }: LoopTools,
): Promise<Json | undefined> {
  if (definition.kind !== "tool" || definition.options.preview === undefined) return undefined;
  try {
    return toJson(await definition.options.preview(call.step, { thread, signal }));
  } catch (error) {
    return { preview_failed: compactError(error).message };
  }
}

/** The verdict is an event; a judge that fails leaves the decision to a person. */
export async function* judgeStep(
  { call, definition }: Extract<Command, { type: "judge_step" }>,
  thread: Thread,
  agent: Agent,
  { signal }: LoopTools,
): AsyncGenerator<Write> {
  const { callId, step, fidelity } = call;
  const { judge } = definition.options;
  if (judge === undefined) return;
  try {
    const { verdict, reason } = await judge(step, { thread, fidelity, signal });
    yield write(agent.context.forStore({ type: "step_judged", data: { callId, verdict, reason } }, thread));
  } catch (error) {
    if (signal.aborted) return;
    const reason = `the judge failed: ${compactError(error).message}`;
    const data = { callId, verdict: "ask_person", reason } as const;
    yield write(agent.context.forStore({ type: "step_judged", data }, thread));
  }
}

/** Tells people something and goes on: a tool call whose effect is an entry in the thread. */
export async function* tellProgress(
  { call, definition }: Extract<Command, { type: "tell_progress" }>,
  thread: Thread,
): AsyncGenerator<Write> {
  const { callId, step } = call;
  const key = `${thread.id}:${callId}`;
  const attempt = call.phase.kind === "started" ? call.phase.attempt + 1 : 1;
  yield write(
    { type: "tool_started", data: { callId, intent: step.intent, key, attempt } },
    { type: "notified", data: { callId, channel: "thread", ok: true, text: definition.message(step) } },
    { type: "tool_finished", data: { callId, result: "told" } },
  );
}
