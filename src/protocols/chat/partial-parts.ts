import type { Agent } from "../../agent/agent.ts";
import { type CallId, callIdAt } from "../../base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { wholeWords, withoutEnd } from "../../context/redaction/unfinished.ts";
import { visible } from "../../present/visible-text.ts";
import { type ChatPart, textIdOf, WORDS } from "./parts.ts";

/** What a chat shows of a step while the model writes it. */
export type PartialPart =
  | { readonly kind: "text_begun"; readonly id: string }
  | { readonly kind: "text_more"; readonly id: string; readonly text: string }
  | { readonly kind: "text_ended"; readonly id: string }
  | { readonly kind: "call_begun"; readonly callId: CallId; readonly name: string }
  /** `text` goes on with the call's input as JSON. */
  | { readonly kind: "call_more"; readonly callId: CallId; readonly text: string }
  | { readonly kind: "call_dropped"; readonly callId: CallId; readonly name: string };

interface Open {
  /** The last event that the model knew. */
  readonly after: number;
  readonly kind: "text" | "call";
  readonly callId: CallId;
  readonly name: string;
  readonly sent: string;
}

/** The model's reasons are no answer. */
const NO_WORDS: ReadonlySet<string> = new Set(["intent", "reasoning"]);
const TAKEN_BACK = "\n\n[This was not said in the end.]\n";

/**
 * What the model writes while it comes: an answer or a question as text, a call as its input. It is neither guarded nor gated,
 * so it is for display alone: what is sent in the end replaces it, or says that it was not said. Of a text only whole words are
 * sent, since half a secret would not be known as one.
 */
export class PartialParts {
  #open: Open | undefined;

  /** The parts for a partial step, which would follow event `seq`. */
  update(partial: Json, seq: number, agent: Agent | undefined): readonly PartialPart[] {
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
    const callId = callIdAt(seq + 1);
    const before = this.#open;
    // The model was asked again.
    if (before !== undefined && before.after !== seq)
      return [...this.settle(undefined).parts, ...this.update(partial, seq, agent)];
    if (before === undefined) {
      if (now === "" && isText) return [];
      this.#open = { kind, callId, name: intent, sent: now, after: seq };
      return [startOf(this.#open), ...(now === "" ? [] : [moreOf(this.#open, now)])];
    }
    const goesOn = before.callId === callId && before.name === intent && now.startsWith(before.sent);
    if (!goesOn || now === before.sent) return [];
    this.#open = { ...before, sent: now };
    return [moreOf(before, now.slice(before.sent.length))];
  }

  /** The parts that end what is open, before or in place of those of this part of event `seq`; `undefined`: nothing comes any more. */
  settle(
    part: ChatPart | undefined,
    seq = Number.POSITIVE_INFINITY,
  ): { readonly parts: readonly PartialPart[]; readonly isPart: boolean } {
    const open = this.#open;
    if (open === undefined || seq <= open.after || part?.kind === "progress")
      return { parts: [], isPart: false };
    this.#open = undefined;
    const { callId, name, sent } = open;
    const ended = { kind: "text_ended", id: textIdOf(callId) } as const;
    if (open.kind === "text" && part?.kind === "text" && part.text.startsWith(sent)) {
      const rest = part.text.slice(sent.length);
      return { parts: [...(rest === "" ? [] : [moreOf(open, rest)]), ended], isPart: true };
    }
    if (open.kind === "text") return { parts: [moreOf(open, TAKEN_BACK), ended], isPart: false };
    // The same call with its whole input comes now.
    if (part?.kind === "call" && part.callId === callId) return { parts: [], isPart: false };
    return { parts: [{ kind: "call_dropped", callId, name }], isPart: false };
  }
}

function startOf({ kind, callId, name }: Open): PartialPart {
  return kind === "text"
    ? { kind: "text_begun", id: textIdOf(callId) }
    : { kind: "call_begun", callId, name };
}

function moreOf({ kind, callId }: Open, text: string): PartialPart {
  return kind === "text"
    ? { kind: "text_more", id: textIdOf(callId), text }
    : { kind: "call_more", callId, text };
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
