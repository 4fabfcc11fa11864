import { sha256 } from "../../base/digest.ts";
import type { Json } from "../../base/json.ts";
import type { ChatRequest, Completion } from "../chat-protocol.ts";
import type { Domain, Move } from "./domain.ts";
import { calculator } from "./domains/calculator/calculator.ts";
import { generalMove } from "./domains/general.ts";
import { askIntents, fitMove } from "./fit-move.ts";
import { JSON_STYLES, type JsonStyle, looseJson } from "./loose-json.ts";
import { type OutputSchema, readOutputSchema } from "./output-schema.ts";
import { type PromptParts, readTurns, takeApart } from "./read-thread.ts";
import { minimalValue, stepShapes, wantsList } from "./schema-value.ts";

/** Asked in this order whether the allowed intents are theirs. */
const DOMAINS: readonly Domain[] = [calculator];

/** What stands in string fields that nothing is known about. */
const PLACEHOLDER = "built-in offline model";

/**
 * The offline model's completion of a chat request: the same for the same request, always. A sentence and then the
 * step or value as loosely written JSON; plain text where the prompt allows any text.
 */
export async function answerOffline(request: ChatRequest): Promise<Completion> {
  const digest = sha256(request.bodyText);
  const style = JSON_STYLES[Number.parseInt(digest.slice(0, 8), 16) % JSON_STYLES.length] ?? "plain";
  return { id: `chatcmpl-${digest.slice(0, 24)}`, content: await write(request, style) };
}

async function write(request: ChatRequest, style: JsonStyle): Promise<string> {
  const parts = await takeApart(request.messages);
  const schema = readOutputSchema(parts.instructions);
  if (schema === undefined) return plainText(parts);
  const { value, prose } = choose(parts, schema);
  if (value === null || typeof value !== "object") return String(value);
  return `${prose}\n\n${looseJson(value, style)}`;
}

function choose(parts: PromptParts, schema: OutputSchema): { value: Json; prose: string } {
  const shapes = stepShapes(schema);
  const intents = new Set(shapes.map(({ intent }) => intent));
  if (shapes.length > 0) {
    const turns = readTurns(parts, intents);
    const domain = DOMAINS.find((candidate) => candidate.fits(intents));
    const move = domain?.nextMove(turns, intents) ?? generalMove(turns, askIntents(shapes));
    const step = fitMove(move, shapes, schema);
    if (step !== undefined) return { value: wantsList(schema) ? [step] : step, prose: proseFor(move) };
  }
  return { value: minimalValue(schema.root, schema, PLACEHOLDER), prose: "Here is a minimal answer." };
}

function proseFor(move: Move): string {
  switch (move.kind) {
    case "call":
      return move.prose;
    case "ask":
      return "I need to know more before I can go on.";
    case "finish":
      return "That is everything.";
  }
}

/** For prompts that want text, such as summaries: the beginning of what they were given, and where it comes from. */
function plainText(parts: PromptParts): string {
  const last = parts.messages.findLast((message) => message.role === "user") ?? parts.messages.at(-1);
  const given = parts.blocks.at(-1)?.text ?? last?.text ?? "";
  const beginning = given.replace(/\s+/g, " ").trim().slice(0, 200);
  return `The built-in offline model was given: ${beginning}`;
}
