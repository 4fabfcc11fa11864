import type { Files } from "../write-files.ts";

/** The tags by which the old code showed the model what happened, as far as they can be read off it. */
export interface OldTags {
  readonly message: string | undefined;
  readonly result: string | undefined;
  readonly error: string | undefined;
  readonly answer: string | undefined;
  /** Types of events that none of these is. */
  readonly others: readonly string[];
}

/** The types of the events that the old code adds to its thread. */
export function oldTags(code: Files): OldTags {
  const text = [...code.values()].join("\n");
  const found = [...text.matchAll(/\btype["']?\s*:\s*["']([A-Za-z_][\w-]*)["']/g)].map(
    ([, type = ""]) => type,
  );
  const types = [...new Set(found)];
  const taken = new Set<string>();
  const take = (pattern: RegExp) => {
    const type = types.find((one) => pattern.test(one) && !taken.has(one));
    if (type !== undefined) taken.add(type);
    return type;
  };
  // In this order: `tool_response` is no answer of a person, and `tool_error` no result.
  const error = take(/error|fail/i);
  const result = take(/tool_?(?:response|result)|result/i);
  const answer = take(/human|clarification/i);
  const message = take(/user|input|message/i);
  // A step is shown under its intent, then and now.
  take(/^(?:tool_?call|assistant)/i);
  return { message, result, error, answer, others: types.filter((type) => !taken.has(type)) };
}

/** Whether the old code showed the thread to the model as JSON, without tags. */
export function isJsonThread(code: Files): boolean {
  const text = [...code.values()].join("\n");
  return !/<\/(?:\$\{|[a-z_])/i.test(text) && /\bJSON\.stringify\(\s*this\.events\b/.test(text);
}

/** What the old code did about an intent: the lines under its `case`; empty if there are none. */
export function caseOf(code: Files, intent: string): readonly string[] {
  for (const text of code.values()) {
    const at = text.search(new RegExp(`case\\s+["'\`]${literal(intent)}["'\`]\\s*:`));
    if (at < 0) continue;
    const lines: string[] = [];
    for (const line of text.slice(text.indexOf("\n", at) + 1).split("\n")) {
      if (/^\s*(?:case\b|default\s*:)/.test(line) && lines.length > 0) break;
      if (/^\s*(?:break|return\b.*|continue)\s*;?\s*$/.test(line)) {
        if (/return\b/.test(line)) lines.push(line.trim());
        break;
      }
      if (lines.length === 20) break;
      if (!/^\s*(?:case\b.*|\}?)$/.test(line)) lines.push(line.trim());
    }
    return lines;
  }
  return [];
}

/** The variables that the code reads. */
export function variablesOf(code: Files): readonly string[] {
  const text = [...code.values()].join("\n");
  return [
    ...new Set([...text.matchAll(/process\.env(?:\.|\[["'])([A-Za-z_]\w*)/g)].map(([, name = ""]) => name)),
  ];
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
