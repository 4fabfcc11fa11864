import type { OutputSchema, Schema } from "../output-schema.ts";
import { resolve, type StepShape } from "../schema-value.ts";

/** A step that takes values from a request. */
export interface Tool {
  readonly intent: string;
  /** The fields to fill, in order. */
  readonly fields: readonly { readonly name: string; readonly holds: "number" | "text" }[];
  /** Its names before the values (`the sum of 2 and 3`), as stems of words. */
  readonly names: readonly (readonly string[])[];
  /** Its names between two values: `2 plus 3`. */
  readonly infixes: readonly string[];
  /** Stems of its description, which count if the request names no tool. */
  readonly hints: readonly string[];
}

/** Other words for an intent: those before the bar precede the values, those after it stand between them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  add: "sum total | plus +",
  subtract: "| minus - −",
  multiply: "product | times x * × ·",
  divide: "quotient | over / ÷",
  power: "| ^ **",
};
/** Words of arithmetic beyond this model, and of conditions: ignoring one would give a wrong answer. */
export const BEYOND =
  /^(?:\w+teen|\w+[nrfx]ty|eighty|hundred|thousand|[mb]illion|point|hal(?:f|ve)|second|third|(?:four|fif|six|seven|eigh|nin|ten)th|quarter|double|triple|twice|dozen|percent|squared?|cubed?|root|average|mean|off|difference|less|than|both|results|if|unless|when|until)$/i;
/** The same, of words that name a tool where there is one of that name. */
export const LIMITING =
  /^(?:remainder|mod|modulo|leftover|left|without|round(?:ed|ing)?|decimals?|all|every|each|or|either|neither|nor|not|don't|never|except|go|goes)$/i;
/** What is more than its words: ranges, counted repetitions, and two units of which one must be converted. */
export const BEYOND_WORDS = [
  /\b(?:sum|total|product|numbers)\b[^.;?!]*\d\S* to \d/i,
  /\b(?:add|multiply|sum|product|numbers)\b[^.;?!]*\b(?:from \d\S* to|between \d\S* and) \d/i,
  /\d\S* (?:\d+|two|three|four|five|six|seven|eight|nine|ten) times\b/i,
  /\b(second|minute|hour|day|week|month|year)s?\b.*\b(?!\1)(?:second|minute|hour|day|week|month|year)s?\b/i,
];
/** Fields for the model's own reasons. */
const REASON = /reason|thought|rationale|explanation/i;

/** The tools among the steps of a schema. */
export function toolsOf(shapes: readonly StepShape[], schema: OutputSchema): readonly Tool[] {
  const wordsOf = ({ intent }: StepShape) => intent.match(/[A-Za-z][a-z0-9]*/g) ?? [];
  const all = shapes.flatMap(wordsOf);
  return shapes.map((shape) => {
    const words = wordsOf(shape);
    const isOwn = (word: string) => word.length > 2 && all.indexOf(word) === all.lastIndexOf(word);
    const own = words.filter((word) => isOwn(word) && !BEYOND.test(word));
    const [before = "", between = ""] = (SYNONYMS[shape.intent] ?? "").split("|");
    const fields = shape.fields.flatMap(({ name, type }) => {
      const holds = name === "intent" || REASON.test(name) ? undefined : contentOf(type, schema);
      return holds === undefined ? [] : [{ name, holds }];
    });
    // BAML writes the description of a class before its first field.
    const described = shape.fields.flatMap(({ name, description }, at) =>
      at === 0 || name === "intent" ? [description] : [],
    );
    return {
      intent: shape.intent,
      fields,
      names: [words.map(stem), ...[shape.intent, ...own, ...stems(before)].map((word) => [stem(word)])],
      infixes: stems(between),
      hints: stems(described.join(" "), /[a-z]{4,}/gi),
    };
  });
}

function stems(text: string, word = /\S+/g): string[] {
  return (text.match(word) ?? []).map(stem);
}

/**
 * What a required field holds; `undefined` for an optional one, and for one that neither words nor numbers can fill.
 */
function contentOf(type: Schema, schema: OutputSchema): "number" | "text" | undefined {
  const resolved = resolve(type, schema);
  const kinds = resolved.kind === "union" ? resolved.options.map(({ kind }) => kind) : [resolved.kind];
  if (kinds.every((kind) => kind === "int" || kind === "float")) return "number";
  return kinds.length === 1 && kinds[0] === "string" ? "text" : undefined;
}

/** A word without the endings of verbs and nouns: `dividing` and `divide` have the same stem. */
export function stem(word: string): string {
  const root = word.toLowerCase().replace(/(?:ying|ied|ies|y)$/, "i");
  return root.replace(/(?:ing|ed|es|e|s)$/, "");
}
