import { type BamlFiles, declarations } from "./source.ts";

/**
 * Whether the types of a function are written so plainly that BAML reads them as they are read here: a line for each
 * declaration, field and value, at most a description, an alias and `@skip` behind it, and no name that could mean two things.
 * Nothing may be concluded from any other source. Types with constraints are not plain: their values must pass these.
 */
export function isPlain(files: BamlFiles, functionName: string): boolean {
  const all: Plain[] = [];
  for (const source of Object.values(files)) {
    const found = split(source.replace(/\r\n?/g, "\n"));
    if (found === undefined) return false;
    all.push(...found);
  }
  const named = all.filter(({ kind }) => TYPES.has(kind) || kind === "function");
  const byName = new Map(named.map((one) => [one.name, one]));
  if (byName.size < named.length || listOf(all) !== listOf(declarations(files))) return false;
  const open = [functionName];
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const declared = byName.get(name);
    if (declared === undefined || seen.has(name)) continue;
    seen.add(name);
    const types = typesOf(declared);
    if (types === undefined || !types.every((type) => isPlainType(type, declared.strings))) return false;
    open.push(...types.flatMap((type) => type.match(/[A-Za-z_]\w*/g) ?? []));
  }
  return seen.has(functionName);
}

/** The declarations by kind and name, whatever their order. */
function listOf(all: readonly { readonly kind: string; readonly name: string }[]): string {
  return all
    .map(({ kind, name }) => `${kind} ${name}`)
    .sort()
    .join();
}

/** A declaration in a text in which strings are `\0<number>\0`, and comments are gone. */
interface Plain {
  readonly kind: string;
  readonly name: string;
  /** What stands between the name and the brace, or the whole type of an alias. */
  readonly head: string;
  readonly body: string;
  /** The strings of its file, as they are written. */
  readonly strings: readonly string[];
}

const TYPES = new Set(["class", "enum", "type"]);

const TOKEN = /(#+)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|\/\/[^\n]*|["#()]/g;

/** Takes strings and comments out; `undefined` where it is not certain what is which. */
function strip(source: string): { readonly text: string; readonly strings: readonly string[] } | undefined {
  const strings: string[] = [];
  let text = "";
  let at = 0;
  let depth = 0;
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    text += source.slice(at, index);
    at = index + token.length;
    if (token === "(" || token === ")") {
      depth += token === "(" ? 1 : -1;
      text += token;
    } else if (token.startsWith("//")) {
      // `{//` begins a comment of its own kind, and `http://` none.
      if (depth > 0 || !/(?:^|\s)$/.test(text)) return undefined;
    } else if (token.length === 1) return undefined;
    else text += `\0${strings.push(token) - 1}\0`;
    if (depth < 0) return undefined;
  }
  return source.includes("\0") ? undefined : { text: text + source.slice(at), strings };
}

const HEAD =
  /(class|enum|function|template_string|type|client|test|retry_policy|generator)\b(?:<\w+>)?[ \t]+([A-Za-z_]\w*)/y;
const ALIAS_TYPE = /[ \t]*=([ \t]*\n?[^\n@{}]*(?:\n[ \t]*\|[^\n@{}]*)*)/y;
const TEMPLATE = /\s*(?:\([^(){}@]*\)\s*)?\0\d+\0/y;
const BEFORE_BODY = /([^{}@]*)\{/y;

/** The declarations of a file; `undefined` if it holds anything else, or two on a line. */
function split(source: string): Plain[] | undefined {
  const stripped = strip(source);
  if (stripped === undefined) return undefined;
  const { text, strings } = stripped;
  const found: Plain[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    at += match?.[0].length ?? 0;
    return match;
  };
  for (take(/\s*/y); at < text.length; take(/\s*/y)) {
    if (!/(?:^|\n)[ \t]*$/.test(text.slice(Math.max(0, at - 200), at))) return undefined;
    const [, kind = "", name = ""] = take(HEAD) ?? [];
    if (kind === "") return undefined;
    const pattern = kind === "type" ? ALIAS_TYPE : kind === "template_string" ? TEMPLATE : BEFORE_BODY;
    const before = take(pattern);
    if (before === undefined) return undefined;
    const end = pattern === BEFORE_BODY ? endOfBody(text, at) : at;
    if (end === undefined) return undefined;
    found.push({ kind, name, head: before[1] ?? "", body: text.slice(at, end), strings });
    at = pattern === BEFORE_BODY ? end + 1 : end;
    if (!/^[ \t]*(?:\n|$)/.test(text.slice(at, at + 200))) return undefined;
  }
  return found;
}

/** Where the brace stands that closes what was opened before `from`. */
function endOfBody(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

const SIGNATURE = /^\s*\(([^(){}@]*)\)\s*->([^{}@]+)$/;
const ATTRIBUTES = "((?:[ \\t]+@(?:(?:alias|description)\\(\\0\\d+\\0\\)|skip))*)";
const FIELD = new RegExp(`^([A-Za-z_]\\w*)[ \\t]+([^@\\s](?:[^@]*[^@\\s])?)${ATTRIBUTES}$`);
const VALUE = new RegExp(`^([A-Za-z_]\\w*)()${ATTRIBUTES}$`);

/** The types that a declaration names; `undefined` if it is not plain. */
function typesOf({ kind, head, body, strings }: Plain): readonly string[] | undefined {
  if (kind === "type") return [head];
  if (kind === "function") {
    const [, given = "->", returned = ""] = SIGNATURE.exec(head) ?? [];
    return given.includes("->") ? undefined : [returned];
  }
  if (head.trim() !== "") return undefined;
  const joined = body.replace(/\n\s*(?=[@|])/g, " ").replace(/\|\s*\n\s*/g, "| ");
  const lines = joined.split("\n").map((line) => line.trim());
  const parts = lines
    .filter((line) => line !== "")
    .map((line) => (kind === "enum" ? VALUE : FIELD).exec(line));
  const names = parts.map((part) => part?.[1] ?? "");
  const aliases = parts.map((part) => /@alias\(\0(\d+)\0\)/g.exec(part?.[3] ?? "")?.[1]);
  const written = aliases.map((index, at) =>
    index === undefined ? names[at] : strings[Number(index)]?.replace(/^#*"|"#*$/g, ""),
  );
  const isClear =
    parts.every((part) => part !== null && (part[3]?.match(/@alias/g)?.length ?? 0) < 2) &&
    new Set(names).size === names.length &&
    new Set(written).size === written.length &&
    written.every((key, at) => key === names[at] || (isPlainKey(key) && !names.includes(key)));
  return isClear ? parts.map((part) => part?.[2] ?? "") : undefined;
}

/** An alias that is one line without an escape. */
function isPlainKey(key: string | undefined): key is string {
  return key !== undefined && /^[^\s\\"](?:[^\n\\"]*[^\s\\"])?$/.test(key);
}

/** No two words follow each other, and its texts hold no escapes. */
function isPlainType(type: string, strings: readonly string[]): boolean {
  if (/[\w)\]>?\0]\s+[\w(\0]/.test(type) || /[|=]\s*$/.test(type)) return false;
  return [...type.matchAll(/\0(\d+)\0/g)].every(([, index]) => !strings[Number(index)]?.includes("\\"));
}
