import { stripStrings } from "./bare.ts";
import { shownValues } from "./enums.ts";
import { type BamlFiles, type Declaration, declarations, partsOf } from "./source.ts";

/** What the prompt declares of one field of a step, as far as people need it to read and to edit a value. */
export interface StepField {
  /** `other`: only the type checker knows what fits. */
  readonly kind: "text" | "integer" | "number" | "boolean" | "choice" | "texts" | "other";
  /** The values of a `choice`. */
  readonly choices: readonly string[];
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** `@description`, in the prompt's words; empty if there is none. */
  readonly description: string;
  /** `@alias`: the name that a model reads and writes. Absent if it is the field's own. */
  readonly alias?: string;
  /** What a model writes for values of a `choice` that have an alias. Absent if none has. */
  readonly written?: Readonly<Record<string, string>>;
}

/** The fields of each step by intent. */
export type StepFields = ReadonlyMap<string, ReadonlyMap<string, StepField>>;

/**
 * The fields of the classes that a function may return, by the literal of their field `intent`. For display, and to refuse an
 * edit early: what passes is read by the parser all the same.
 */
export function readStepFields(files: BamlFiles, functionName: string): StepFields {
  const all = new Map(declarations(files).map((declaration) => [declaration.name, declaration]));
  const found = new Map<string, ReadonlyMap<string, StepField>>();
  for (const declared of classesOf(all, functionName)) {
    const lines = fieldLines(declared);
    const intents = lines.find(({ name }) => name === "intent");
    const fields = lines
      .filter(({ name }) => name !== "intent")
      .map(({ name, type, description, alias }): [string, StepField] => [
        name,
        { ...typeOf(type, all), description, ...(alias === undefined ? {} : { alias }) },
      ]);
    for (const intent of intents === undefined ? [] : literalsIn(intents.type))
      found.set(intent, new Map(fields));
  }
  return found;
}

/** The names of the checks (`@check`) that are declared on the types of a function. */
export function readCheckNames(files: BamlFiles, functionName: string): ReadonlySet<string> {
  const names = partsOf(files, functionName).flatMap(({ text }) =>
    [...stripStrings(text).text.matchAll(/@check\(\s*([A-Za-z_]\w*)/g)].map(([, name = ""]) => name),
  );
  return new Set(names);
}

type Declarations = ReadonlyMap<string, Declaration>;

/** The classes that a function's return type names, directly or through type aliases. */
function classesOf(all: Declarations, functionName: string): readonly Declaration[] {
  const declared = all.get(functionName);
  const returned =
    declared?.kind === "function" ? /->([^{]+)\{/.exec(stripStrings(declared.text).text)?.[1] : undefined;
  const seen = new Set<string>();
  const classes: Declaration[] = [];
  const open = [returned ?? ""];
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    for (const name of type.match(/[A-Za-z_]\w*/g) ?? []) {
      const one = all.get(name);
      if (one === undefined || seen.has(name)) continue;
      seen.add(name);
      if (one.kind === "class") classes.push(one);
      else if (one.kind === "type") open.push(aliasOf(one));
    }
  }
  return classes;
}

function aliasOf({ text }: Declaration): string {
  return /^\s*type\s+\w+\s*=([\s\S]*)$/.exec(stripStrings(text).text)?.[1] ?? "";
}

/** A string of a declaration, in what `bare` makes of it. */
export const STRING = /\0(\d+)\0/g;

interface FieldLine {
  readonly name: string;
  /** With its literals in quotes. */
  readonly type: string;
  readonly description: string;
  readonly alias: string | undefined;
  /** `@skip`: the model does not see it. */
  readonly skipped: boolean;
}

/** The fields of a class: each begins a line with its name; what follows may go on below. */
export function fieldLines({ text: source }: Declaration): readonly FieldLine[] {
  const { text, strings } = stripStrings(source);
  const body = text.slice(text.indexOf("{") + 1, text.lastIndexOf("}"));
  const joined = body.replace(/\n\s*(?=[@|])/g, " ").replace(/\|\s*\n\s*/g, "| ");
  return joined.split("\n").flatMap((line) => {
    const [, name, rest] = /^\s*([A-Za-z_]\w*)\s+(.+)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) return [];
    const [type = "", ...attributes] = rest.split(/\s+(?=@)/);
    const attribute = (pattern: RegExp) => {
      const index = attributes.map((one) => pattern.exec(one)?.[1]).find(Boolean);
      return index === undefined ? undefined : strings[Number(index)];
    };
    return {
      name,
      type: type.replace(STRING, (_, index) => JSON.stringify(strings[Number(index)] ?? "")).trim(),
      description: (attribute(/^@description\(\s*\0(\d+)\0/) ?? "").trim(),
      alias: attribute(/^@alias\(\s*\0(\d+)\0/),
      skipped: attributes.some((one) => /^@skip\b/.test(one)),
    };
  });
}

const KINDS: { readonly [type: string]: StepField["kind"] } = {
  string: "text",
  int: "integer",
  float: "number",
  bool: "boolean",
  "string[]": "texts",
};

const NUMBERS = /^(?:int|float)(?:\s*\|\s*(?:int|float))+$/;

function typeOf(type: string, all: Declarations, depth = 0): Omit<StepField, "description"> {
  const plain = type
    .replace(/\?$/, "")
    .replace(/\s*\|\s*null\b/g, "")
    .replace(/^\((.*)\)$/, "$1")
    .trim();
  const optional = plain !== type;
  const kind = Object.hasOwn(KINDS, plain) ? KINDS[plain] : undefined;
  if (kind !== undefined) return { kind, choices: [], optional };
  const declared = all.get(plain);
  // One that may get values at run time has more than these.
  if (declared?.kind === "enum" && /@@dynamic\b/.test(declared.text))
    return { kind: "other", choices: [], optional };
  if (declared?.kind === "enum") return { ...choiceOf(declared), optional };
  if (declared?.kind === "type" && depth < 8) {
    const inner = typeOf(restoreLiterals(declared), all, depth + 1);
    return { ...inner, optional: optional || inner.optional };
  }
  if (NUMBERS.test(plain)) return { kind: "number", choices: [], optional };
  const choices = literalsIn(plain);
  return choices.length === 0 ? { kind: "other", choices, optional } : { kind: "choice", choices, optional };
}

/** What a type alias stands for, with its literals in quotes. */
function restoreLiterals({ text: source }: Declaration): string {
  const { text, strings } = stripStrings(source);
  const type = /^\s*type\s+\w+\s*=([\s\S]*)$/.exec(text)?.[1] ?? "";
  return type.replace(STRING, (_, index) => JSON.stringify(strings[Number(index)] ?? "")).trim();
}

function choiceOf(declared: Declaration): Pick<StepField, "kind" | "choices" | "written"> {
  const values = shownValues(declared);
  const aliased = [...values].filter(([name, shown]) => name !== shown);
  return {
    kind: "choice",
    choices: [...values.keys()],
    ...(aliased.length === 0 ? {} : { written: Object.fromEntries(aliased) }),
  };
}

/** A step as a model would write it: with the aliases of its own fields, and of their choices. */
export function stepAsWritten(
  step: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, StepField> | undefined,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(step).map(([name, value]) => {
      const { alias = name, written = {} } = fields?.get(name) ?? {};
      return [alias, typeof value === "string" && Object.hasOwn(written, value) ? written[value] : value];
    }),
  );
}

/** The texts of a union of nothing but literal texts; empty for any other type. */
function literalsIn(type: string): readonly string[] {
  const parts = type.match(/"(?:[^"\\]|\\.)*"|[^\s|]+/g) ?? [];
  const texts = parts.flatMap((part) => (part.startsWith('"') ? [JSON.parse(part) as unknown] : []));
  return texts.length === parts.length ? texts.filter((text) => typeof text === "string") : [];
}
