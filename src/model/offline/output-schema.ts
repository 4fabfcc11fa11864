/** A type of BAML's output format, as printed by `ctx.output_format`. */
export type Schema =
  | { readonly kind: "string" | "int" | "float" | "bool" | "null" | "unknown" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "list" | "map"; readonly item: Schema }
  | { readonly kind: "object"; readonly fields: readonly SchemaField[] }
  | { readonly kind: "union"; readonly options: readonly Schema[] }
  /** A class, enum or alias that is defined before the schema. */
  | { readonly kind: "named"; readonly name: string };

export interface SchemaField {
  readonly name: string;
  readonly type: Schema;
  /** What its `@description` says; `""` if it has none. */
  readonly description: string;
}

/** The schema a prompt allows, with the definitions it refers to. */
export interface OutputSchema {
  readonly root: Schema;
  readonly definitions: ReadonlyMap<string, Schema>;
}

const LEAD =
  /Answer (?:in JSON using (?:this schema|any of these schemas)|with a JSON Array using this schema|with any of the categories|using this specific value|as an? (?=(?:int|float|bool|string)\b)):?[ \t]*\n?/;
const ENUM = /^[ \t]*(\w+)\n[ \t]*-{3,}\n((?:[ \t]*- .*(?:\n|$))+)/gm;
const CLASS = /^[ \t]*(?:\w+ )?(\w+) (?=\{$)/gm;
const ALIAS = /^[ \t]*(\w+) = (?=\S)/gm;

/**
 * Reads the text that BAML writes for `ctx.output_format`. If the prompt uses a prefix of its own, the classes with an
 * intent count as the schema, else the first object. `undefined` if there is no schema, which is how BAML asks for
 * plain text.
 */
export function readOutputSchema(prompt: string): OutputSchema | undefined {
  const definitions = readDefinitions(prompt);
  const lead = LEAD.exec(prompt);
  const root =
    lead === null ? rootWithoutLead(prompt, definitions) : readType(prompt, lead.index + lead[0].length);
  return root === undefined ? undefined : { root, definitions };
}

function rootWithoutLead(prompt: string, definitions: ReadonlyMap<string, Schema>): Schema | undefined {
  const steps = [...definitions.values()].filter(
    (type) => type.kind === "object" && type.fields.some(({ name }) => name === "intent"),
  );
  if (steps.length > 0) return { kind: "union", options: steps };
  const object = /\{\s*(?:\/\/.*\s*)*"?\w+"?: [^\n]*,\n/.exec(prompt);
  return object === null ? undefined : readType(prompt, object.index);
}

function readDefinitions(prompt: string): ReadonlyMap<string, Schema> {
  const definitions = new Map<string, Schema>();
  for (const match of prompt.matchAll(ENUM)) {
    const lines = (match[2] ?? "").trim().split("\n");
    const values = lines.map((line) =>
      line
        .replace(/^\s*- /, "")
        .replace(/: .*$/, "")
        .trim(),
    );
    const options = values.map((value): Schema => ({ kind: "literal", value }));
    definitions.set(match[1] ?? "", { kind: "union", options });
  }
  for (const match of [...prompt.matchAll(CLASS), ...prompt.matchAll(ALIAS)]) {
    const type = readType(prompt, match.index + match[0].length);
    if (type !== undefined) definitions.set(match[1] ?? "", type);
  }
  return definitions;
}

/** The type that starts at `position`; text after it is ignored. */
function readType(text: string, position: number): Schema | undefined {
  const type = readUnion({ text, position, depth: 0 });
  return type.kind === "unknown" ? undefined : type;
}

interface Cursor {
  readonly text: string;
  position: number;
  depth: number;
}

/** No schema is nested deeper, but other text that looks like one may be. */
const MAX_DEPTH = 100;

const SPACE = /(?:\s|\/\/[^\n]*)*/y;
const TOKEN = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|-?\d+(?:\.\d+)?|[\w-]+|[{}[\]()<>,:|]/y;

/** The next token without moving; `""` at the end of what can be read. */
function peek(cursor: Cursor): string {
  SPACE.lastIndex = cursor.position;
  SPACE.test(cursor.text);
  TOKEN.lastIndex = SPACE.lastIndex;
  return TOKEN.exec(cursor.text)?.[0] ?? "";
}

function take(cursor: Cursor): string {
  const token = peek(cursor);
  cursor.position = token === "" ? cursor.position : TOKEN.lastIndex;
  return token;
}

function takeIf(cursor: Cursor, wanted: string): boolean {
  if (peek(cursor) !== wanted) return false;
  take(cursor);
  return true;
}

function readUnion(cursor: Cursor): Schema {
  if (cursor.depth >= MAX_DEPTH) return { kind: "unknown" };
  cursor.depth += 1;
  const options = [readPostfix(cursor)];
  while (takeIf(cursor, "or") || takeIf(cursor, "|")) options.push(readPostfix(cursor));
  cursor.depth -= 1;
  const known = options.filter((option) => option.kind !== "unknown");
  const [only = { kind: "unknown" }] = known;
  return known.length > 1 ? { kind: "union", options: known } : only;
}

function readPostfix(cursor: Cursor): Schema {
  let type = readSingle(cursor);
  while (cursor.text.startsWith("[]", cursor.position)) {
    cursor.position += 2;
    type = { kind: "list", item: type };
  }
  return type;
}

function readSingle(cursor: Cursor): Schema {
  const token = peek(cursor);
  if (!/^[\w"'{[(-]/.test(token)) return { kind: "unknown" };
  take(cursor);
  switch (token) {
    case "{":
      return readObject(cursor);
    case "[":
    case "(": {
      const item = readUnion(cursor);
      takeIf(cursor, token === "[" ? "]" : ")");
      return token === "[" && item.kind !== "unknown" ? { kind: "list", item } : item;
    }
    case "map": {
      takeIf(cursor, "<");
      readUnion(cursor);
      takeIf(cursor, ",");
      const item = readUnion(cursor);
      takeIf(cursor, ">");
      return { kind: "map", item };
    }
    case "string":
    case "int":
    case "float":
    case "bool":
    case "null":
      return { kind: token };
    case "true":
    case "false":
      return { kind: "literal", value: token === "true" };
    default:
      return readWord(token);
  }
}

function readWord(token: string): Schema {
  if (/^["']/.test(token)) return { kind: "literal", value: token.slice(1, -1).replace(/\\(.)/g, "$1") };
  if (/^-?\d/.test(token)) return { kind: "literal", value: Number(token) };
  return { kind: "named", name: token };
}

function readObject(cursor: Cursor): Schema {
  const fields: SchemaField[] = [];
  while (!takeIf(cursor, "}")) {
    const before = cursor.position;
    const name = take(cursor).replace(/^["']|["']$/g, "");
    const comments = cursor.text.slice(before, cursor.position).match(/(?<=\/\/ ?)[^\n]*/g) ?? [];
    if (name === "" || !takeIf(cursor, ":")) return { kind: "unknown" };
    fields.push({ name, type: readUnion(cursor), description: comments.join(" ").trim() });
    takeIf(cursor, ",");
  }
  return { kind: "object", fields };
}
