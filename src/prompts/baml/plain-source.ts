import { linesOf } from "./bare.ts";
import { type BamlFiles, declarations } from "./source.ts";

/**
 * Whether the types of a function are written so plainly that BAML reads them as they are read here: a line for each
 * declaration, field, value and setting, with nothing on it that could end somewhere else for BAML, and no name that could mean two
 * things. Nothing may be concluded from any other source. Types with constraints are not plain: their values must pass these.
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
    if (!declared.isCertain) return false;
    open.push(...declared.types.flatMap((type) => type.match(/[A-Za-z_]\w*/g) ?? []));
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

/** A declaration whose every line is understood. */
interface Plain {
  readonly kind: string;
  readonly name: string;
  /** The types that it names. */
  readonly types: readonly string[];
  /** Whether its values are what they look like: they have no constraints, nor anything that is known at run time only. */
  readonly isCertain: boolean;
}

const TYPES = new Set(["class", "enum", "type"]);

const TOKEN = /(#+)"[\s\S]*?"\1|"(?:[^"\\\n]|\\[^\\\n])*"|\/\/[^\n]*|["#()]/g;

/** A text whose strings are `\0<number>\0` and whose comments are gone, with the strings as they are written. */
interface Stripped {
  readonly text: string;
  readonly strings: readonly string[];
}

/** Takes strings and comments out; `undefined` where it is not certain what is which. */
function strip(source: string): Stripped | undefined {
  const strings: string[] = [];
  const parts: string[] = [];
  let at = 0;
  let depth = 0;
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    parts.push(source.slice(at, index));
    at = index + token.length;
    if (token === "(" || token === ")") {
      depth += token === "(" ? 1 : -1;
      parts.push(token);
    } else if (token.startsWith("//")) {
      // `{//` begins a comment of its own kind, and `http://` none.
      if (depth > 0 || !/^\s?$/.test(source.charAt(index - 1))) return undefined;
    } else if (token.length === 1) return undefined;
    // In an expression, two braces may end it for BAML although they stand in a text.
    else if (token.includes("}}") && source.slice(source.lastIndexOf("\n", index) + 1, index).includes("{{"))
      return undefined;
    else parts.push(`\0${strings.push(token) - 1}\0`);
    if (depth < 0) return undefined;
  }
  return source.includes("\0") ? undefined : { text: parts.join("") + source.slice(at), strings };
}

const STRING = String.raw`\0\d+\0`;
// Constraints end where the first two braces close. In their texts `{` and `}` are strings like others.
const CONSTRAINT = String.raw`(?:assert|check)\((?:\w+[ \t]*,[ \t]*)?\{\{[^{}\n]*\}\}\)`;
const ATTRIBUTE = String.raw`@(?:(?:alias|description)\(${STRING}\)|skip|stream\.\w+|${CONSTRAINT})`;
const ATTRIBUTES = String.raw`((?:[ \t]+${ATTRIBUTE})*)`;
const OF_BLOCK = new RegExp(
  String.raw`^@@(?:(?:alias|description)\(${STRING}\)|dynamic|stream\.\w+|${CONSTRAINT})$`,
);

const HEAD =
  /(class|enum|function|template_string|type|client|test|retry_policy|generator)\b(?:<\w+>)?[ \t]+([A-Za-z_]\w*)/y;
const ALIAS_TYPE = new RegExp(
  String.raw`[ \t]*=([ \t]*\n?[^\n@{}]*(?:\n[ \t]*\|[^\n@{}]*)*)${ATTRIBUTES}(?=[ \t]*(?:\n|$))`,
  "y",
);
const TEMPLATE = new RegExp(String.raw`\s*(?:\([^(){}@]*\)\s*)?${STRING}`, "y");
const BEFORE_BODY = /([^{}@]*)\{/y;

/** The declarations of a file; `undefined` if it holds anything else, or two on a line. */
function split(source: string): readonly Plain[] | undefined {
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
    const [, head = "", attributes = ""] = before;
    const declared = readDeclared(kind, { head, attributes, body: text.slice(at, end), strings });
    if (declared === undefined) return undefined;
    found.push({ kind, name, ...declared });
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

interface Parts {
  /** What stands between the name and the brace, or the whole type of an alias. */
  readonly head: string;
  /** Those of an alias. */
  readonly attributes: string;
  readonly body: string;
  readonly strings: readonly string[];
}

const SIGNATURE = /^\s*\(([^(){}@]*)\)\s*->([^{}@]+)$/;
const ITEM = String.raw`(?:${STRING}|[\w.\-+:/]+)`;
const KEY = String.raw`(?:${STRING}|[A-Za-z_][\w-]*)`;
const LIST = String.raw`\[[ \t]*(?:${ITEM}(?:[ \t]*,[ \t]*${ITEM})*)?[ \t]*\]`;
/** What clients, tests and the like are told: at most one name and one value on a line, so that no text can end elsewhere. */
const SETTING = new RegExp(
  String.raw`^(?:[}\]]+|(?:${KEY}[ \t]+)?(?:[{[]|${ITEM}|${LIST})|@@${CONSTRAINT}),?$`,
);

/** What is declared; `undefined` if it is not plain. */
function readDeclared(kind: string, parts: Parts): Pick<Plain, "types" | "isCertain"> | undefined {
  const { head, attributes, body, strings } = parts;
  if (kind === "type" || kind === "template_string") {
    const types = kind === "type" ? [head] : [];
    return types.every((type) => isPlainType(type, strings))
      ? { types, isCertain: attributes === "" && types.every(isCertainType) }
      : undefined;
  }
  if (kind === "class" || kind === "enum") return head.trim() === "" ? readFields(kind, parts) : undefined;
  if (!linesOf(body).every((line) => SETTING.test(line))) return undefined;
  if (kind !== "function") return head.trim() === "" ? { types: [], isCertain: true } : undefined;
  const [, given = "->", returned = ""] = SIGNATURE.exec(head) ?? [];
  if (given.includes("->") || !isPlainType(returned, strings)) return undefined;
  return { types: [returned], isCertain: isCertainType(returned) };
}

const FIELD = new RegExp(String.raw`^([A-Za-z_]\w*)[ \t]+([^@{}\s](?:[^@{}]*[^@{}\s])?)${ATTRIBUTES}$`);
const VALUE = new RegExp(String.raw`^([A-Za-z_]\w*)()${ATTRIBUTES}$`);

function readFields(
  kind: "class" | "enum",
  { body, strings }: Parts,
): Pick<Plain, "types" | "isCertain"> | undefined {
  const lines = linesOf(body);
  const written = lines.filter((line) => !OF_BLOCK.test(line));
  const fields = written.map((line) => (kind === "enum" ? VALUE : FIELD).exec(line));
  const types = fields.map((field) => field?.[2] ?? "");
  if (fields.includes(null) || !types.every((type) => type === "" || isPlainType(type, strings)))
    return undefined;
  const names = fields.map((field) => field?.[1] ?? "");
  const attributes = fields.map((field) => field?.[3] ?? "");
  const isCertain =
    written.length === lines.length &&
    types.every(isCertainType) &&
    !attributes.some(
      (all) => /@(?:assert|check|stream)/.test(all) || (all.match(/@alias/g)?.length ?? 0) > 1,
    ) &&
    areClear(
      names,
      attributes.map((all) => aliasIn(all, strings)),
    );
  return { types, isCertain };
}

/** The alias among the attributes, as it is written between its quotes. */
function aliasIn(attributes: string, strings: readonly string[]): string | undefined {
  const index = /@alias\(\0(\d+)\0\)/.exec(attributes)?.[1];
  return index === undefined ? undefined : strings[Number(index)]?.replace(/^#*"|"#*$/g, "");
}

/** Whether no name and no alias stands for two things, and aliases are one line without an escape. */
function areClear(names: readonly string[], aliases: readonly (string | undefined)[]): boolean {
  const known = new Set(names);
  const written = new Set(names.map((name, at) => aliases[at] ?? name));
  return (
    known.size === names.length &&
    written.size === names.length &&
    aliases.every(
      (alias, at) =>
        alias === undefined ||
        alias === names[at] ||
        (/^[^\s\\"](?:[^\n\\"]*[^\s\\"])?$/.test(alias) && !known.has(alias)),
    )
  );
}

/** No two words follow each other, and its texts hold no escapes. */
function isPlainType(type: string, strings: readonly string[]): boolean {
  if (/[\w)\]>?\0]\s+[\w(\0]/.test(type) || /[|=]\s*$/.test(type)) return false;
  return [...type.matchAll(/\0(\d+)\0/g)].every(([, index]) => !strings[Number(index)]?.includes("\\"));
}

/** BAML's parser fails for some unions of maps whose keys are not any text. */
function isCertainType(type: string): boolean {
  return !/\bmap\s*<(?!\s*string\s*,)/.test(type);
}
