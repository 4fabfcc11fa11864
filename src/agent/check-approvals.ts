import { UsageError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { APPROVAL_POLICY } from "../humans/approval-policy.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";

/**
 * What can be said of approvals before anything runs: policies that are data must be right, and an approval must lapse
 * when the code of its tool changes. Throws `UsageError`.
 */
export function checkApprovals(agent: string, steps: ReadonlyMap<string, StepDefinition<Step>>): void {
  for (const [intent, definition] of steps) {
    const { approval = "never" } = definition.options;
    const what = `agent ${agent}: approval of ${intent}`;
    if (typeof approval === "object") checkOptions(what, APPROVAL_POLICY, approval);
    else if (typeof approval === "string" && approval !== "never" && approval !== "always") {
      const message = `${what}: wanted "never", "always", a policy or a function, not ${JSON.stringify(approval)}`;
      throw new UsageError("invalid_configuration", message, { details: { agent, intent } });
    }
    checkVersion(agent, intent, definition);
  }
}

/** Whatever a function without a source of its own runs, its text is always the same: only a version tells. */
function checkVersion(agent: string, intent: string, definition: StepDefinition<Step>): void {
  if (definition.kind !== "tool" || definition.options.version !== undefined) return;
  const { approval = "never", readOnly = false } = definition.options;
  if (readOnly && approval === "never") return;
  if (!/\{\s*\[native code\]\s*\}\s*$/.test(definition.run.toString())) return;
  const message = `agent ${agent}: the handler of ${intent} is bound or native, so that nobody can see when its code changes and an approval must lapse; give the tool a version, and change it with the code`;
  throw new UsageError("invalid_configuration", message, { details: { agent, intent } });
}

/** Intents whose declared policy keeps the requester from approving: there must be somebody to compare with. */
export function needsRequester(steps: ReadonlyMap<string, StepDefinition<Step>>): readonly string[] {
  return Array.from(steps).flatMap(
    ([
      intent,
      {
        options: { approval },
      },
    ]) => (typeof approval === "object" && approval.requesterMayApprove === false ? [intent] : []),
  );
}
