import { sha256 } from "../../base/digest.ts";
import type { Json } from "../../base/json.ts";
import type { ChatRequest, Completion } from "../chat-protocol.ts";
import { fitMove, isForPeople } from "./fit-move.ts";
import { JSON_STYLES, looseJson } from "./loose-json.ts";
import type { Move } from "./move.ts";
import { namedChoices } from "./named-choices.ts";
import { type OutputSchema, readOutputSchema } from "./output-schema.ts";
import { play } from "./players/play.ts";
import { type PromptParts, readTurns, takeApart } from "./read-thread.ts";
import { nextMove } from "./requests/next-move.ts";
import { toolsOf } from "./requests/tools.ts";
import { minimalValue, type StepShape, stepShapes, wantsList } from "./schema-value.ts";
import type { Turn } from "./turns.ts";

/** What goes into string fields about which nothing is known. */
const PLACEHOLDER = "built-in offline model";

export interface AnswerOptions {
  /**
   * Writes the way chat models often do: a sentence before the JSON and, in turn, code fences, trailing commas or keys
   * without quotes. Default false: one JSON value and nothing else.
   */
  readonly untidy?: boolean | undefined;
}

/**
 * The offline model's completion of a chat request, always the same for the same request. One step or value as JSON;
 * plain text if the prompt asks for text.
 */
export async function answerOffline(request: ChatRequest, options: AnswerOptions = {}): Promise<Completion> {
  const digest = sha256(request.bodyText);
  const parts = await takeApart(request.messages);
  const schema = readOutputSchema(parts.instructions);
  const value = schema === undefined ? plainText(parts) : choose(parts, schema);
  return { id: `chatcmpl-${digest.slice(0, 24)}`, content: write(value, digest, options) };
}

function write(value: Json, digest: string, { untidy = false }: AnswerOptions): string {
  if (value === null || typeof value !== "object") return String(value);
  const style = JSON_STYLES[Number.parseInt(digest.slice(0, 8), 16) % JSON_STYLES.length] ?? "plain";
  return untidy ? `Let me think what comes next.\n\n${looseJson(value, style)}` : looseJson(value, "plain");
}

function choose(parts: PromptParts, schema: OutputSchema): Json {
  const shapes = stepShapes(schema);
  const turns = readTurns(parts, new Set(shapes.map(({ intent }) => intent)));
  const played = play(parts.blocks, turns, new Set(shapes.map(({ intent }) => intent)));
  if (played !== undefined)
    return fitMove(played, shapes, schema) ?? minimalValue(schema.root, schema, PLACEHOLDER);
  const tools = toolsOf(
    shapes.filter((shape) => !isForPeople(shape)),
    schema,
  );
  const heard = turns.some(({ kind }) => kind === "said");
  const move: Move = heard && tools.length > 0 ? nextMove(turns, tools) : NOTHING_TO_DO;
  const step = fitMove(withChoices(move, turns, shapes, schema), shapes, schema);
  if (step === undefined) return minimalValue(schema.root, schema, PLACEHOLDER);
  return wantsList(schema) ? [step] : step;
}

/** A call with the words of an enum that people have named. */
function withChoices(
  move: Move,
  turns: readonly Turn[],
  shapes: readonly StepShape[],
  schema: OutputSchema,
): Move {
  const shape = move.kind === "call" ? shapes.find(({ intent }) => intent === move.intent) : undefined;
  if (move.kind !== "call" || shape === undefined) return move;
  const said = turns.flatMap((turn) => (turn.kind === "said" || turn.kind === "denied" ? [turn.text] : []));
  return { ...move, fields: { ...namedChoices(shape, schema, said), ...move.fields } };
}

const NOTHING_TO_DO: Move = {
  kind: "finish",
  text: "The built-in offline model cannot work on this. Configure a real model to go on.",
};

/**
 * For prompts that ask for text, such as summaries: the beginning of the text they hold, marked as the offline model's.
 */
function plainText(parts: PromptParts): string {
  const last = parts.messages.findLast((message) => message.role === "user") ?? parts.messages.at(-1);
  const given = parts.blocks.at(-1)?.text ?? last?.text ?? "";
  const beginning = given.replace(/\s+/g, " ").trim().slice(0, 200);
  return `The built-in offline model was given: ${beginning}`;
}
