import { stripStrings } from "./bare.ts";
import { type DeclaredType, membersOf, TypeReader } from "./declared-type.ts";
import { aliasOf, fieldLines } from "./field-lines.ts";
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
  readonly alias?: string | undefined;
  /** What a model writes for values of a `choice` that have an alias. Absent if none has. */
  readonly written?: Readonly<Record<string, string>> | undefined;
}

/** The fields of each step by intent. */
export type StepFields = ReadonlyMap<string, ReadonlyMap<string, StepField>>;

/**
 * The fields of the classes that a function may return, by the literal of their field `intent`. For display, and to refuse an
 * edit early: what passes is read by the parser all the same.
 */
export function readStepFields(files: BamlFiles, functionName: string): StepFields {
  const all = new Map(declarations(files).map((declaration) => [declaration.name, declaration]));
  const reader = new TypeReader(all);
  const found = new Map<string, ReadonlyMap<string, StepField>>();
  for (const declared of classesOf(all, functionName)) {
    const lines = fieldLines(declared);
    const intents = lines.find(({ name }) => name === "intent");
    const fields = lines
      .filter(({ name }) => name !== "intent")
      .map(({ name, type, description, alias }): [string, StepField] => [
        name,
        { ...kindOf(reader.read(type)), description, alias },
      ]);
    const { choices } = kindOf(reader.read(intents?.type ?? ""));
    for (const intent of choices) found.set(intent, new Map(fields));
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

const LITERAL = /"(?:[^"\\]|\\.)*"/g;

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
      else if (one.kind === "type") open.push(aliasOf(one).replace(LITERAL, ""));
    }
  }
  return classes;
}

/** What people need to know of a type to read and edit a value of it. */
function kindOf(type: DeclaredType): Omit<StepField, "description"> {
  const all = membersOf(type);
  const of = all.filter(({ kind }) => kind !== "null");
  const optional = of.length < all.length;
  const texts = of.flatMap((one) =>
    one.kind === "literal" && typeof one.value === "string" ? [one.value] : [],
  );
  if (texts.length > 0 && texts.length === of.length) return { kind: "choice", choices: texts, optional };
  const [only] = of;
  if (of.length > 1 && of.every(({ kind }) => kind === "integer" || kind === "number"))
    return { kind: "number", choices: [], optional };
  if (only === undefined || of.length > 1) return { kind: "other", choices: [], optional };
  switch (only.kind) {
    case "text":
    case "integer":
    case "number":
    case "boolean":
      return { kind: only.kind, choices: [], optional };
    case "choice":
      return { ...choiceOf(only.values), optional };
    case "list":
      return { kind: only.of.kind === "text" ? "texts" : "other", choices: [], optional };
    default:
      return { kind: "other", choices: [], optional };
  }
}

function choiceOf(values: ReadonlyMap<string, string>): Pick<StepField, "kind" | "choices" | "written"> {
  const named = [...values].map(([shown, name]) => [name, shown] as const);
  const aliased = named.filter(([name, shown]) => name !== shown);
  return {
    kind: "choice",
    choices: named.map(([name]) => name),
    written: aliased.length === 0 ? undefined : Object.fromEntries(aliased),
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
