import { type Json, readJson, toJson } from "../../base/json.ts";

/** One event of a rendered thread: a `<tag>` … `</tag>` block, or an object if the thread is written as JSON. */
export interface Block {
  readonly tag: string;
  /** The body without its common indentation, entities decoded. */
  readonly text: string;
  /** The body as a value: parsed if it is JSON or YAML, else the text. */
  readonly value: Json;
}

const OPEN = /^\s*<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>(.*)$/;

/**
 * The blocks of a text in order, and the text outside of them. A block ends at the first line that ends with its
 * closing tag; a tag that is never closed is ordinary text.
 */
export async function readBlocks(text: string): Promise<{ blocks: Block[]; rest: string }> {
  const lines = text.split("\n");
  const closings = indexClosings(lines);
  const blocks: Block[] = [];
  const rest: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const [, tag, firstLine] = OPEN.exec(line) ?? [];
    const end = nextClosing(closings.get(tag ?? ""), at);
    if (tag === undefined || firstLine === undefined || end === undefined) {
      rest.push(line);
      continue;
    }
    const body = [firstLine, ...lines.slice(at + 1, end + 1)].join("\n");
    blocks.push(await readBlock(tag, body.slice(0, body.lastIndexOf(`</${tag}>`))));
    at = end;
  }
  return { blocks, rest: rest.join("\n") };
}

/** For each tag, the lines that close it, the last one first, so that lines already passed can be popped. */
function indexClosings(lines: readonly string[]): Map<string, number[]> {
  const closings = new Map<string, number[]>();
  for (const [at, line] of [...lines.entries()].reverse()) {
    const tag = /<\/([A-Za-z_][\w.:-]*)>\s*$/.exec(line)?.[1];
    if (tag === undefined) continue;
    const found = closings.get(tag);
    if (found === undefined) closings.set(tag, [at]);
    else found.push(at);
  }
  return closings;
}

/** The first closing line at or after `at`. Drops those before it. */
function nextClosing(lines: number[] | undefined, at: number): number | undefined {
  while ((lines?.at(-1) ?? at) < at) lines?.pop();
  return lines?.at(-1);
}

async function readBlock(tag: string, body: string): Promise<Block> {
  const text = decode(dedent(body));
  return { tag, text, value: await readValue(text) };
}

function dedent(body: string): string {
  const lines = body.split("\n").filter((line, at) => at > 0 || line.trim() !== "");
  const depths = lines
    .filter((line) => line.trim() !== "")
    .map((line) => line.length - line.trimStart().length);
  const depth = Math.min(...depths, 1000);
  return lines
    .map((line) => line.slice(depth))
    .join("\n")
    .trim();
}

function decode(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp|#x([0-9A-F]{1,5}));/gi, (entity, hex: string | undefined) =>
    hex === undefined ? (ENTITIES[entity] ?? entity) : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const FIELD = /^([A-Za-z_][\w-]*): (.+)$/;
/** Looks like the beginning of a YAML mapping, a list or a quoted scalar. */
const MAYBE_YAML = /^(?:[A-Za-z_][\w-]*:(?: |$)|- |["'])/m;

/** A body as a value: text if it is neither JSON nor YAML. */
async function readValue(text: string): Promise<Json> {
  if (NUMBER.test(text)) return Number(text);
  if (/^[[{"]/.test(text)) {
    const value = readJson(text);
    if (value !== undefined) return value;
  }
  if (!MAYBE_YAML.test(text)) return text;
  const fields = readPlainFields(text);
  if (fields !== undefined) return fields;
  // Loaded only when needed: most bodies are plain fields.
  const { parse } = await import("yaml");
  try {
    return toJson(parse(text));
  } catch {
    return text;
  }
}

/** `key: value` lines with simple values, or `undefined` if the text holds anything else. */
function readPlainFields(text: string): Json | undefined {
  const entries: [string, Json][] = [];
  for (const line of text.split("\n")) {
    const [, key, value] = FIELD.exec(line) ?? [];
    const read = value === undefined ? undefined : readScalar(value);
    if (key === undefined || read === undefined) return undefined;
    entries.push([key, read]);
  }
  return Object.fromEntries(entries);
}

function readScalar(text: string): Json | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (text.startsWith('"')) return readJson(text);
  if (/^[^\w(]|: |:$| #|^(?:true|false|null|yes|no|on|off|\.)|^0|\s$/i.test(text)) return undefined;
  return text;
}
