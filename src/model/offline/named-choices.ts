import type { Json, JsonObject } from "../../base/json.ts";
import type { OutputSchema, Schema } from "./output-schema.ts";
import { resolve, type StepShape } from "./schema-value.ts";

/**
 * The fields of a step that hold one of several words (an enum, literals), with the word that somebody has named last:
 * `label it as Shipping`. Fields of which no word was named are left out.
 */
export function namedChoices(shape: StepShape, schema: OutputSchema, said: readonly string[]): JsonObject {
  const chosen = shape.fields.flatMap(({ name, type }): [string, Json][] => {
    const choices = name === "intent" ? [] : choicesOf(type, schema);
    const choice = said.toReversed().map((text) => firstNamed(choices, text));
    const found = choice.find((one) => one !== undefined);
    return found === undefined ? [] : [[name, found]];
  });
  return Object.fromEntries(chosen);
}

function choicesOf(type: Schema, schema: OutputSchema): readonly string[] {
  const resolved = resolve(type, schema);
  const options = resolved.kind === "union" ? resolved.options : [];
  return options.flatMap((option) => {
    const one = resolve(option, schema);
    return one.kind === "literal" && typeof one.value === "string" ? [one.value] : [];
  });
}

function firstNamed(choices: readonly string[], text: string): string | undefined {
  const spoken = ` ${wordsIn(text)} `;
  const places = choices.map((choice) => ({ choice, at: spoken.indexOf(` ${wordsIn(choice)} `) }));
  const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  return first?.choice;
}

/** `ReadyToShip`, `ready_to_ship` and `Ready to ship!` are the same words. */
function wordsIn(text: string): string {
  const apart = text.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ");
  return (apart.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");
}
