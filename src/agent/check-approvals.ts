import { UsageError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { APPROVAL_POLICY } from "../humans/approval-policy.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";

/**
 * Checks of approvals what can be checked before anything runs: policies given as data must be valid, and an approval
 * must lapse when the code of its tool changes. Throws `UsageError`.
 */
export function checkApprovals(agent: string, steps: ReadonlyMap<string, StepDefinition<Step>>): void {
  for (const [intent, definition] of steps) {
    const { approval = "never" } = definition.options;
    const what = `agent ${agent}: approval of ${intent}`;
    if (typeof approval === "object") checkOptions(what, APPROVAL_POLICY, approval);
    else if (typeof approval !== "function" && approval !== "never" && approval !== "always") {
      const given: unknown = approval;
      const message = `${what}: wanted "never", "always", a policy or a function, not ${JSON.stringify(given)}`;
      throw new UsageError("invalid_configuration", message, { details: { agent, intent } });
    }
    checkVersion(agent, intent, definition);
  }
}

/** A bound or native function always has the same text, whatever it runs: only a version tells of a change. */
function checkVersion(agent: string, intent: string, definition: StepDefinition<Step>): void {
  if (definition.kind !== "tool" && definition.kind !== "delegate") return;
  const { approval = "never", readOnly = false, version } = definition.options;
  if (version !== undefined || (readOnly && approval === "never")) return;
  const code = definition.kind === "tool" ? [definition.run.toString()] : definition.code;
  if (!code.some((text) => /\{\s*\[native code\]\s*\}\s*$/.test(text))) return;
  const message = `agent ${agent}: the handler of ${intent} is bound or native, so a change of its code, which must make approvals lapse, cannot be seen; give the tool a version, and change it with the code`;
  throw new UsageError("invalid_configuration", message, { details: { agent, intent } });
}

/** Intents whose declared policy keeps the requester from approving, so that the requester must be known. */
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
