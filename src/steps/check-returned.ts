import { both, check, fieldsAtLeast, list, oneOf, optional, someFields, text } from "../base/checks.ts";
import { atOnce } from "../base/hooks.ts";
import { checkArgument, nonEmptyName } from "../base/options.ts";

/*
 * Checks of what an agent's own code has returned, whatever the type checker was told. A wrong value refuses the step: it
 * would stop its thread, or ask a question that nobody can answer.
 */

const words = check((value) =>
  typeof value === "string" && value.trim() !== "" ? undefined : "must be some text",
);

/** A choice without anything to choose from could not be answered. */
const hasChoices = check((options) => {
  const { format, choices } = Object(options);
  return format === "multiple_choice" && !(choices?.length > 0) ? "multiple_choice needs choices" : undefined;
});

const QUESTION = fieldsAtLeast({
  question: words,
  context: optional(text(0)),
  options: optional(
    both(
      someFields({
        urgency: oneOf(["low", "medium", "high"]),
        format: oneOf(["free_text", "yes_no", "multiple_choice"]),
        choices: list(words),
      }),
      hasChoices,
    ),
  ),
});

/** Throws `UsageError` unless this is a question that people can be asked. */
export function checkQuestion(asked: unknown): void {
  checkArgument("what the step's handler asks", QUESTION, asked);
}

/** Throws `UsageError` unless this is a name that an event can have. */
export function checkEventName(name: unknown): void {
  checkArgument("the name of the event that the step waits for", nonEmptyName, name);
}

/** Throws `UsageError` unless this is text. */
export function checkText(what: string, value: unknown): void {
  checkArgument(what, text(0), atOnce(what, value));
}
