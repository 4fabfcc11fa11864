import type { JsonObject } from "../../base/json.ts";
import type { Move } from "./move.ts";
import type { OutputSchema, Schema } from "./output-schema.ts";
import { type StepShape, stepOf } from "./schema-value.ts";

const ASK =
  /request_(?:more|human|info|clarif)|clarif|^ask|_ask|question|human_input|more_info|contact|escalate/i;
const FINISH = /done|finish|final|complete|respond|reply|answer|nothing|no_op|^end$|_end$|stop/i;
/** Fields that can hold a sentence for a person, the most likely ones first. */
const SENTENCE_FIELDS = [
  "message",
  "question",
  "answer",
  "text",
  "reply",
  "result",
  "summary",
  "content",
  "reason",
];

/** True for a step that asks a person or ends the turn. */
export function isForPeople({ intent }: StepShape): boolean {
  return ASK.test(intent) || FINISH.test(intent);
}

/**
 * A move as a step of the schema. Questions and answers go to an intent made for them; if the schema has only one of
 * the two kinds, to that one. Other required fields get minimal values. `undefined` if nothing fits.
 */
export function fitMove(
  move: Move,
  shapes: readonly StepShape[],
  schema: OutputSchema,
): JsonObject | undefined {
  if (move.kind === "call") {
    const { intent } = move;
    const shape = shapes.find((candidate) => candidate.intent === intent);
    const fields = { ...move.fields, intent };
    return shape === undefined ? undefined : stepOf(shape, fields, schema, `${intent} comes next.`);
  }
  const asking = shapes.find(({ intent }) => ASK.test(intent));
  const finishing = shapes.find(({ intent }) => FINISH.test(intent) && !ASK.test(intent));
  const shape = move.kind === "ask" ? (asking ?? finishing) : (finishing ?? asking);
  if (shape === undefined) return undefined;
  const sentence = sentenceField(shape);
  return stepOf(shape, sentence === undefined ? {} : { [sentence]: move.text }, schema, move.text);
}

function sentenceField(shape: StepShape): string | undefined {
  const texts = shape.fields
    .filter(({ name, type }) => name !== "intent" && holdsText(type))
    .map(({ name }) => name);
  return SENTENCE_FIELDS.find((name) => texts.includes(name)) ?? texts[0];
}

function holdsText(type: Schema): boolean {
  return type.kind === "string" || (type.kind === "union" && type.options.some(holdsText));
}
