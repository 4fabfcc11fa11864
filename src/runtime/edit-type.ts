import { type DeclaredType, membersOf } from "../prompts/baml/declared-type.ts";
import { type StepFields, stepAsWritten } from "../prompts/baml/step-fields.ts";
import { describeMisplaced, writeAs } from "../prompts/gate/read-as.ts";
import type { Step } from "../thread/events.ts";

/** What a prompt function tells about its steps. */
interface Declared {
  readonly intents?: readonly string[] | undefined;
  readonly stepFields?: StepFields | undefined;
  readonly returns?: DeclaredType | undefined;
}

/**
 * The edited step as the model would have written it, or the first thing in it, at any depth, that its declared type rules out. Looked
 * for without the native parser, which takes long over values of other types. Where types are known only at run time, only
 * the names of its own fields are the ones that a model writes.
 */
export function writtenStep(
  edited: Step,
  { intents, stepFields, returns }: Declared,
): { readonly written: unknown } | { readonly problem: string } {
  const written = stepAsWritten(edited, stepFields?.get(edited.intent));
  if (intents === undefined) return { written };
  if (!intents.includes(edited.intent)) return { problem: "it is not a step of this agent" };
  if (returns === undefined) return { written };
  // Of a prompt that gives a list of steps, one is edited.
  const of = membersOf(returns).map((member) => (member.kind === "list" ? member.of : member));
  const read = writeAs(withoutEmpty(edited), { kind: "union", of });
  if (read.kind === "value") return { written: read.sure ? read.value : written };
  return { problem: `it does not fit the type of ${edited.intent}: ${describeMisplaced(read, "named")}` };
}

/** Without the fields of the step itself that are empty: whoever edits a step may leave them there. */
function withoutEmpty(edited: Step): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(edited).filter(([, value]) => value !== null && value !== undefined),
  );
}
