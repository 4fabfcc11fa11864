import { UsageError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { ContextBlock } from "../blocks/block.ts";
import { readYaml } from "./read-yaml.ts";
import { isHarmless, quote, writeYaml, writeYamlString } from "./write-yaml.ts";
import { escapeTag, unescapeTag } from "./xml-escape.ts";

/**
 * A block as Markdown: a heading with its tag, then a text as a quotation (`> ` before every line) or a value as fenced
 * YAML. No text can escape from its quotation, and a fence is longer than any in its content.
 */
export function renderMarkdownBlock({ tag, body, untrusted }: ContextBlock): string {
  const label = untrusted === undefined ? "" : ` (untrusted: ${quote(untrusted)})`;
  return `## ${escapeTag(tag)}${label}\n\n${renderBody(body)}`;
}

function renderBody(body: Json): string {
  if (typeof body === "string" && isHarmless(body)) {
    return body
      .split("\n")
      .map((line) => (line === "" ? ">" : `> ${line}`))
      .join("\n");
  }
  const yaml = typeof body === "string" ? writeYamlString(body) : writeYaml(body);
  const longest = Math.max(2, ...Array.from(yaml.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}yaml\n${yaml}\n${fence}`;
}

/** Reads blocks of `renderMarkdownBlock` that are separated by empty lines. */
export function parseMarkdown(text: string): ContextBlock[] {
  const blocks: ContextBlock[] = [];
  const lines = text.split("\n");
  let at = 0;
  while (text !== "" && at < lines.length) {
    const heading = /^## ([A-Za-z0-9_.:-]+)(?: \(untrusted: (".*")\))?$/.exec(lines[at] ?? "");
    const tag = heading?.[1];
    if (tag === undefined || lines[at + 1] !== "") throw notMarkdown(at);
    const { body, next } = readBody(lines, at + 2);
    const label = heading?.[2] === undefined ? undefined : readYaml(heading[2])?.value;
    blocks.push(
      typeof label === "string"
        ? { tag: unescapeTag(tag), body, untrusted: label }
        : { tag: unescapeTag(tag), body },
    );
    if (next < lines.length && lines[next] !== "") throw notMarkdown(next);
    at = next + 1;
  }
  return blocks;
}

function readBody(lines: readonly string[], at: number): { readonly body: Json; readonly next: number } {
  const first = lines[at] ?? "";
  let next = at;
  if (first.startsWith(">")) {
    while (lines[next]?.startsWith(">")) next += 1;
    const quoted = lines.slice(at, next).map((line) => line.slice(line === ">" ? 1 : 2));
    return { body: quoted.join("\n"), next };
  }
  const fence = /^(`{3,})yaml$/.exec(first)?.[1];
  const end = fence === undefined ? -1 : lines.indexOf(fence, at + 1);
  const read = end < 0 ? undefined : readYaml(lines.slice(at + 1, end).join("\n"));
  if (read === undefined) throw notMarkdown(at);
  return { body: read.value, next: end + 1 };
}

function notMarkdown(line: number): UsageError {
  return new UsageError("invalid_argument", `rendered context, line ${line + 1}: not as it was rendered`);
}
