import type { Json } from "../base/json.ts";
import type { Command } from "../loop/command.ts";
import type { Answer } from "../prompts/types.ts";
import type { StepDefinition, Verdict } from "../steps/definitions.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";

/** The model's answer as the events from index `at` hold it; `undefined` when they hold none. */
export function recordedAnswer(events: readonly ThreadEvent[], at: number): Answer<Step> | undefined {
  const first = events[at];
  if (first?.type === "step_refused" && first.data.completion !== undefined) {
    const { message, completion } = first.data;
    return { ok: false, reason: "no_match", message, completion };
  }
  if (first?.type !== "step_proposed" || first.data.completion === undefined) return undefined;
  const { step, fidelity, completion } = first.data;
  const more: { readonly value: Step; readonly fidelity: typeof fidelity }[] = [];
  for (const event of events.slice(at + 1)) {
    if (event.type === "step_proposed" && event.data.completion === undefined) {
      more.push({ value: event.data.step, fidelity: event.data.fidelity });
      continue;
    }
    if (event.type === "steps_dropped" && event.data.callIds === undefined) {
      more.push(...event.data.steps.map((value) => ({ value, fidelity })));
    }
    break;
  }
  return { ok: true, value: step, fidelity, more, completion };
}

/** The command with its `check`, `judge` and `preview` answering what they answered then, so that no user code with effects runs. */
export function withRecordedOutcomes<C extends Command>(command: C, next: ThreadEvent): C {
  if (!("definition" in command)) return command;
  return { ...command, definition: withRecordedOptions(command.definition, next) };
}

function withRecordedOptions(definition: StepDefinition<Step>, next: ThreadEvent): StepDefinition<Step> {
  const { check, judge } = definition.options;
  const refused = next.type === "step_refused" && next.data.reason === "invalid_arguments";
  const options = {
    ...definition.options,
    ...(check === undefined ? {} : { check: () => (refused ? next.data.message : undefined) }),
    // A recorded verdict is taken before this; here none is recorded, and whatever this gives is found to differ.
    ...(judge === undefined ? {} : { judge: (): Verdict => ({ verdict: "pass", reason: "" }) }),
  };
  if (definition.kind !== "tool") return { ...definition, options };
  if (definition.options.preview === undefined) return { ...definition, options };
  const preview = (): Json => (next.type === "approval_requested" ? (next.data.card.preview ?? null) : null);
  return { ...definition, options: { ...options, preview } };
}
