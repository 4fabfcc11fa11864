import { digestOf } from "../base/digest.ts";
import type { ApprovalSubject } from "../humans/approval-digest.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { ApprovalCard, ApprovalPolicy, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";

/** What an approval of this call covers: the card and policy passed in, and the current tool and prompt. */
export function approvalSubject(
  thread: Thread,
  agent: Agent,
  { callId, step }: OpenCall,
  shown: { readonly card: ApprovalCard; readonly policy: ApprovalPolicy },
): ApprovalSubject {
  return {
    threadId: thread.id,
    callId,
    tool: toolVersion(step.intent, agent.steps.get(step.intent)),
    promptVersion: agent.nextStep.versionFor(thread),
    policy: shown.policy,
    card: shown.card,
  };
}

/** Names what would run: changes with the declared version or, without one, with the tool's own code. */
export function toolVersion(intent: string, definition: StepDefinition<Step> | undefined): string {
  if (definition === undefined) return `${intent}#none`;
  const { version } = definition.options;
  if (version !== undefined) return `${intent}@${version}`;
  if (definition.kind === "delegate") {
    const { code, wait, options } = definition;
    return `${intent}#${digestOf([...code, wait, options.readOnly ?? false]).slice(0, 16)}`;
  }
  if (definition.kind !== "tool") return `${intent}#${definition.kind}`;
  const { readOnly = false, idempotent = false } = definition.options;
  return `${intent}#${digestOf([definition.run.toString(), readOnly, idempotent]).slice(0, 16)}`;
}
