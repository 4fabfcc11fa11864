import { sha256 } from "../../base/digest.ts";
import { stripStrings } from "./bare.ts";

/** The `.baml` files of a generated client, as returned by `getBamlFiles()` in its `inlinedbaml.ts`. */
export type BamlFiles = Readonly<Record<string, string>>;

/** Names in completions that stand for other names in the code, as `@alias` declares them. */
export interface Aliases {
  /** Alias of a field → the fields' names. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
  /** Alias of an enum value → the values' names. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
  /** Name of a field that has an alias somewhere → the names that prompts show it under. */
  readonly shown: ReadonlyMap<string, ReadonlySet<string>>;
}

export const NO_ALIASES: Aliases = { fields: new Map(), values: new Map(), shown: new Map() };

/** Every alias of fields and enum values in the files. */
export function readAliases(files: BamlFiles): Aliases {
  const fields = new Map<string, Set<string>>();
  const values = new Map<string, Set<string>>();
  const shown = new Map<string, Set<string>>();
  const unaliased = new Set<string>();
  for (const { kind, text } of declarations(files)) {
    if (kind !== "class" && kind !== "enum") continue;
    const pairs = aliasesIn(text);
    for (const [alias, name] of pairs) {
      addTo(kind === "class" ? fields : values, alias, name);
      if (kind === "class") addTo(shown, name, alias);
    }
    if (kind !== "class") continue;
    const aliased = new Set(pairs.map(([, name]) => name));
    for (const name of fieldNames(text)) if (!aliased.has(name)) unaliased.add(name);
  }
  for (const name of unaliased) shown.get(name)?.add(name);
  return { fields, values, shown };
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function fieldNames(declaration: string): readonly string[] {
  const { text } = stripStrings(declaration);
  const body = text.slice(text.indexOf("{") + 1);
  return Array.from(body.matchAll(/^[ \t]*([A-Za-z_]\w*)[ \t]+\S/gm), ([, name = ""]) => name);
}

/**
 * A short text that changes whenever the function's prompt or anything it refers to changes: the classes, enums,
 * template strings and clients that its declaration names, and what those name in turn. White space
 * counts, except for how lines end.
 */
export function promptVersion(files: BamlFiles, functionName: string): string {
  const texts = partsOf(files, functionName).map(({ text }) => text);
  return sha256(texts.join("\n")).slice(0, 16);
}

/** The declarations that a function consists of, its own among them, in the order of their names. */
export function partsOf(files: BamlFiles, functionName: string): Declaration[] {
  const all = declarations(files).filter(({ kind }) => kind !== "test" && kind !== "generator");
  const byName = Map.groupBy(all, ({ name }) => name);
  const seen = new Set<string>();
  const open = [functionName];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { text } of byName.get(name) ?? []) {
      open.push(...(text.match(/[A-Za-z_]\w*/g) ?? []).filter((word) => byName.has(word)));
    }
  }
  return [...seen].sort().flatMap((name) => byName.get(name) ?? []);
}

export interface Declaration {
  readonly kind: string;
  readonly name: string;
  /** From the keyword to the closing brace, or the end of the line. */
  readonly text: string;
}

// Raw strings are #"…"#, with as many # as needed; comments run to the end of the line.
const STRING_OR_COMMENT = /(#+)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|\/\/[^\n]*/g;
const HEAD_OR_BRACE =
  /[{}]|^[ \t]*(class|enum|function|template_string|type|client|test|retry_policy|generator)\b(?:<\w+>)?[ \t]+(\w+)/gm;

const known = new WeakMap<BamlFiles, readonly Declaration[]>();

/** The declarations at the top level of the files. Files are read once: they do not change. */
export function declarations(files: BamlFiles): readonly Declaration[] {
  const before = known.get(files);
  if (before !== undefined) return before;
  const found = Object.keys(files)
    .sort()
    // How lines end is the editor's or Git's doing and says nothing to a model.
    .flatMap((path) => declarationsIn((files[path] ?? "").replace(/\r\n?/g, "\n")));
  known.set(files, found);
  return found;
}

function declarationsIn(source: string): Declaration[] {
  // A string or a comment declares nothing, and closes nothing.
  const bare = source.replace(STRING_OR_COMMENT, (found) => ".".repeat(found.length));
  const starts: { kind: string; name: string; at: number }[] = [];
  let depth = 0;
  for (const { 0: token, 1: kind, 2: name = "", index: at } of bare.matchAll(HEAD_OR_BRACE)) {
    if (token === "{") depth += 1;
    else if (token === "}") depth = Math.max(0, depth - 1);
    else if (kind !== undefined && depth === 0) starts.push({ kind, name, at });
  }
  return starts.map(({ kind, name, at }, index) => {
    return { kind, name, text: source.slice(at, starts[index + 1]?.at ?? source.length).trimEnd() };
  });
}

const STRING = String.raw`(?:(#+)"([\s\S]*?)"\1|"((?:[^"\\]|\\.)*)")`;
const ALIAS = new RegExp(String.raw`(?<!@)@alias\(\s*${STRING}\s*\)`, "g");

/** Pairs of alias and name in a class or enum body. */
function aliasesIn(declaration: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const mark of declaration.matchAll(ALIAS)) {
    const [, , raw, quoted] = mark;
    const name = fieldBefore(declaration, mark.index);
    const text = raw ?? withoutEscapes(quoted ?? "");
    if (name !== undefined) pairs.push([text, name]);
  }
  return pairs;
}

// The field is the first word of the line on which the attribute list starts; attributes may go on below it.
function fieldBefore(declaration: string, at: number): string | undefined {
  const lines = declaration
    .slice(0, at)
    .replace(/(#+)"[\s\S]*?"\1/g, '""')
    .split("\n");
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const name = /^\s*([A-Za-z_]\w*)/.exec(line)?.[1];
    if (name !== undefined) return name === "class" || name === "enum" ? undefined : name;
  }
  return undefined;
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(["\\])/g, "$1");
}
