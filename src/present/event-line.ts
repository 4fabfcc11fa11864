import type { Colors } from "picocolors/types.js";
import type { Json } from "../base/json.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { describeEvent, type EventDescription, type EventKind, type Tone } from "./describe-event.ts";
import { visible, visibleFields, visibleLine, visibleValue } from "./visible-text.ts";

/**
 * One event for a person at a terminal, in one or a few lines; `undefined` for bookkeeping. `graded` says for which steps it
 * matters how the answer was read. Default: for all.
 */
export function eventLine(
  event: ThreadEvent,
  c: Colors,
  graded: (intent: string) => boolean = () => true,
): string | undefined {
  if (event.type === "tool_started" && event.data.attempt === 1) return undefined;
  const described = describeEvent(event);
  const { kind, tone, title, fields = {}, result, error } = described;
  const isQuiet = event.type === "step_proposed" && !graded(event.data.step.intent);
  const text = isQuiet ? undefined : described.text;
  if (kind === "note") return c.dim(`  ${title}${text === undefined ? "" : `: ${visibleLine(text)}`}`);
  const words = text === undefined ? undefined : indent(text);
  const parts = [
    c[COLORS[tone]](signOf(described)),
    ...(SAID_BY_SIGN.has(kind)
      ? []
      : [kind === "step" ? c.bold(title) : `${title}${words === undefined ? "" : ":"}`]),
    ...(Object.keys(fields).length === 0 ? [] : [visibleFields(fields)]),
    ...(words === undefined ? [] : [kind === "step" ? c.yellow(`[${words}]`) : words]),
    ...(result === undefined ? [] : [resultText(described, result)]),
    ...(error === undefined ? [] : [visibleLine(`${error.name}: ${error.message}`, 400)]),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

const COLORS = {
  neutral: "blue",
  person: "cyan",
  wait: "magenta",
  good: "green",
  bad: "red",
} as const satisfies {
  readonly [K in Tone]: keyof Colors;
};

const SIGNS: { readonly [K in EventKind]: string } = {
  start: "○",
  input: "▸",
  step: "→",
  question: "?",
  approval: "?",
  decision: "▸",
  outcome: "=",
  wait: "…",
  progress: "ℹ",
  trouble: "✗",
  life: "•",
  end: "✓",
  note: " ",
};

/** Kinds of events whose sign makes the title unnecessary. */
const SAID_BY_SIGN: ReadonlySet<EventKind> = new Set(["question", "outcome", "progress"]);

function signOf({ kind, tone }: EventDescription): string {
  if (tone !== "bad") return SIGNS[kind];
  return kind === "end" ? "■" : kind === "outcome" ? "✗" : SIGNS[kind];
}

/** A run ends with its answer, which is shown in full. */
function resultText({ kind }: EventDescription, result: Json): string {
  if (kind === "end") return indent(visible(typeof result === "string" ? result : JSON.stringify(result)));
  return kind === "outcome" ? visibleValue(result, 400) : `= ${visibleValue(result, 400)}`;
}

function indent(text: string): string {
  return text.trimEnd().replace(/\n/g, "\n  ");
}
