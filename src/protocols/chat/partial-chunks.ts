import type { Agent } from "../../agent/agent.ts";
import { callIdAt } from "../../base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { wholeWords, withoutEnd } from "../../context/redaction/unfinished.ts";
import { visible } from "../../present/visible-text.ts";
import { type ChatPart, WORDS } from "./parts.ts";

export type Chunk = { readonly type: string } & Readonly<Record<string, unknown>>;

interface Open {
  /** The last event that the model knew. */
  readonly after: number;
  readonly kind: "text" | "call";
  readonly id: string;
  readonly name: string;
  readonly sent: string;
}

/** The model's reasons are no answer. */
const NO_WORDS: ReadonlySet<string> = new Set(["intent", "reasoning"]);
const TAKEN_BACK = "\n\n[This was not said in the end.]\n";

/**
 * What the model writes while it comes, as parts of the AI SDK's stream: an answer or a question as text, a call as its input. It is
 * neither guarded nor gated, so it is for display alone: what is sent in the end replaces it, or says that it was not said. Of
 * a text only whole words are sent, since half a secret would not be known as one.
 */
export class PartialChunks {
  #open: Open | undefined;

  /** The chunks for a partial step, which would follow event `seq`. */
  update(partial: Json, seq: number, agent: Agent | undefined): readonly Chunk[] {
    if (!isJsonObject(partial) || agent === undefined) return [];
    const { intent } = partial;
    const definition = typeof intent === "string" ? agent.steps.get(intent) : undefined;
    if (typeof intent !== "string" || definition === undefined) return [];
    const isText = definition.kind === "finish" || definition.kind === "ask_human";
    if (!isText && WORDS.has(definition.kind)) return [];
    const written = wholeWords(isText ? wordsIn(partial) : inputOf(partial));
    // As the question will be shown.
    const now = definition.kind === "ask_human" ? visible(written) : written;
    const kind = isText ? "text" : "call";
    const id = isText ? `answer_${seq + 1}` : callIdAt(seq + 1);
    const before = this.#open;
    // The model was asked again.
    if (before !== undefined && before.after !== seq)
      return [...this.settle(undefined).chunks, ...this.update(partial, seq, agent)];
    if (before === undefined) {
      if (now === "" && isText) return [];
      this.#open = { kind, id, name: intent, sent: now, after: seq };
      return [startOf(this.#open), ...(now === "" ? [] : [deltaOf(this.#open, now)])];
    }
    const goesOn = before.id === id && before.name === intent && now.startsWith(before.sent);
    if (!goesOn || now === before.sent) return [];
    this.#open = { ...before, sent: now };
    return [deltaOf(before, now.slice(before.sent.length))];
  }

  /** The chunks that end what is open, before or in place of those of this part of event `seq`; `undefined`: nothing comes any more. */
  settle(
    part: ChatPart | undefined,
    seq = Number.POSITIVE_INFINITY,
  ): { readonly chunks: readonly Chunk[]; readonly isPart: boolean } {
    const open = this.#open;
    if (open === undefined || seq <= open.after || part?.kind === "progress")
      return { chunks: [], isPart: false };
    this.#open = undefined;
    if (open.kind === "text" && part?.kind === "text" && part.text.startsWith(open.sent)) {
      const rest = part.text.slice(open.sent.length);
      const delta = rest === "" ? [] : [deltaOf(open, rest)];
      return { chunks: [...delta, { type: "text-end", id: open.id }], isPart: true };
    }
    if (open.kind === "text")
      return { chunks: [deltaOf(open, TAKEN_BACK), { type: "text-end", id: open.id }], isPart: false };
    // The same call with its whole input comes now.
    if (part?.kind === "call" && part.callId === open.id) return { chunks: [], isPart: false };
    const error = {
      toolCallId: open.id,
      toolName: open.name,
      input: {},
      errorText: "not called",
      dynamic: true,
    };
    return { chunks: [{ type: "tool-input-error", ...error }], isPart: false };
  }
}

function startOf({ kind, id, name }: Open): Chunk {
  if (kind === "text") return { type: "text-start", id };
  return { type: "tool-input-start", toolCallId: id, toolName: name, dynamic: true };
}

function deltaOf({ kind, id }: Open, delta: string): Chunk {
  if (kind === "text") return { type: "text-delta", id, delta };
  return { type: "tool-input-delta", toolCallId: id, inputTextDelta: delta };
}

/** The words of a step that says something: its only text. */
function wordsIn(step: JsonObject): string {
  const texts = Object.entries(step).flatMap(([name, value]) =>
    typeof value === "string" && !NO_WORDS.has(name) ? [value] : [],
  );
  return texts.length === 1 ? (texts[0] ?? "") : "";
}

/** The beginning of the input as JSON, open at its end. */
function inputOf({ intent: _, ...input }: JsonObject): string {
  const known = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  return Object.keys(known).length === 0 ? "" : withoutEnd(JSON.stringify(known), /["\]}]/);
}
