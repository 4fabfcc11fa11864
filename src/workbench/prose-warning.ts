import { type BamlFiles, declarations } from "../prompts/baml/source.ts";

/** A prompt that seems to ask for words beside the JSON, and where. */
export interface ProseWarning {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  /** The words that ask for it. */
  readonly phrase: string;
}

/*
 * Words of English by which prompts ask for prose. A hint for whoever writes the prompt, never a judgement of an answer: that
 * goes by its form alone.
 */
const ASKS = [
  /\b(?:think|reason)\s+(?:it\s+through\s+)?step[- ]by[- ]step\b/i,
  /\blet'?s\s+think\b/i,
  /\b(?:explain|describe|outline|write\s+down|state|give)\s+(?:your|the)\s+(?:reasoning|thinking|thoughts|plan|rationale)\b/i,
  /\bthink\s+(?:out\s+loud|aloud)\b/i,
  /\b(?:first|always)\b[^.\n]{0,30}\b(?:think|plan|reason)\b/i,
  /\bthink\s+about\b[^.\n]{0,40}\b(?:first|next|before)\b/i,
  /\bplan\s+out\b/i,
  /\bbefore\s+(?:you\s+)?(?:answer(?:ing)?|respond(?:ing)?|the\s+(?:final\s+)?answer|the\s+json)\b/i,
  /\bfirst\b[^.\n]{0,40}\bthen\b[^.\n]{0,40}\b(?:json|answer)\b/i,
];
const JSON_ALONE =
  /\bnothing\s+else\b|\bonly\s+(?:the\s+|one\s+|with\s+)*json\b|\bno\s+(?:other\s+)?(?:prose|text|words)\b/i;

/** The prompts among these functions that seem to ask for prose. One that also asks for JSON alone does not. */
export function proseWarnings(files: BamlFiles, functionNames: readonly string[]): ProseWarning[] {
  return Object.entries(files).flatMap(([file, source]) =>
    declarations({ [file]: source })
      .filter(({ kind, name }) => kind === "function" && functionNames.includes(name))
      .flatMap(({ name, text }): ProseWarning[] => {
        const prompt = /\bprompt\s+(#+)"([\s\S]*?)"\1/.exec(text);
        const words = (prompt?.[2] ?? "").replace(/\{#[\s\S]*?#\}/g, (comment) =>
          comment.replace(/[^\n]/g, " "),
        );
        const found = ASKS.map((pattern) => pattern.exec(words)).find((match) => match !== null);
        if (found === undefined || found === null || prompt === null || JSON_ALONE.test(words)) return [];
        const line = lineOf(source, text, prompt.index + prompt[0].indexOf('"') + 1 + found.index);
        return [
          { functionName: name, file: `baml_src/${file}`, line, phrase: found[0].replace(/\s+/g, " ") },
        ];
      }),
  );
}

/** The line of a declaration's text, or of a place in it, in its file. */
export function lineOf(source: string, text: string, place = 0): number {
  const lines = unixLines(source);
  return lines.slice(0, lines.indexOf(text) + place).split("\n").length;
}

function unixLines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
