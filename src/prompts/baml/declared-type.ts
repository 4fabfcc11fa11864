import { readJson } from "../../base/json.ts";
import { stripStrings } from "./bare.ts";
import { shownValues } from "./enums.ts";
import { aliasOf, fieldLines, withLiterals } from "./field-lines.ts";
import { type BamlFiles, type Declaration, declarations } from "./source.ts";

/** A type as the `.baml` files declare it. */
export type DeclaredType =
  | { readonly kind: "text" | "integer" | "number" | "boolean" | "null" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  /** An enum: the names of its values by what a model writes for them. */
  | { readonly kind: "choice"; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: "list"; readonly of: DeclaredType }
  | { readonly kind: "map"; readonly keys: DeclaredType; readonly of: DeclaredType }
  | { readonly kind: "union"; readonly of: readonly DeclaredType[] }
  | { readonly kind: "class"; readonly name: string; readonly fields: readonly DeclaredField[] }
  /** What a type alias stands for: it may contain itself. */
  | { readonly kind: "alias"; readonly type: () => DeclaredType }
  /** It is known at run time only, or is not understood. */
  | { readonly kind: "unknown" };

export interface DeclaredField {
  readonly name: string;
  /** The key that a model writes: the field's alias, if it has one. */
  readonly written: string;
  readonly type: DeclaredType;
}

export const UNKNOWN: DeclaredType = { kind: "unknown" };

/** The type that a function returns; `unknown` where the files do not tell. */
export function readReturnType(files: BamlFiles, functionName: string): DeclaredType {
  const all = new Map(declarations(files).map((declaration) => [declaration.name, declaration]));
  const declared = all.get(functionName);
  if (declared?.kind !== "function") return UNKNOWN;
  const { text, strings } = stripStrings(declared.text);
  const returned = /->([^{]+)\{/.exec(text)?.[1] ?? "";
  return new TypeReader(all).read(withLiterals(returned, strings));
}

const widths = new WeakMap<DeclaredType, number>();
// A part that is not known may be a union.
const WIDTH_OF_UNKNOWN = 2;

/** The most members that a union has, anywhere in a type; 1 if there is none. */
export function widthOf(type: DeclaredType): number {
  const known = widths.get(type);
  if (known !== undefined) return known;
  const width = findWidth(type);
  widths.set(type, width);
  return width;
}

function findWidth(type: DeclaredType): number {
  let width = 1;
  for (const part of typesWithin(type)) {
    if (part.kind === "unknown") width = Math.max(width, WIDTH_OF_UNKNOWN);
    else if (part.kind === "union") width = Math.max(width, membersOf(part).length);
  }
  return width;
}

/** A type and all that lies within it. */
export function typesWithin(type: DeclaredType): ReadonlySet<DeclaredType> {
  const seen = new Set<DeclaredType>();
  const open = [type];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.kind === "list" || next.kind === "map") open.push(next.of);
    else if (next.kind === "alias") open.push(next.type());
    else if (next.kind === "class") open.push(...next.fields.map((field) => field.type));
    else if (next.kind === "union") open.push(...next.of);
  }
  return seen;
}

const members = new WeakMap<DeclaredType, readonly DeclaredType[]>();

/** The members of a union and of the unions in it; any other type by itself. */
export function membersOf(type: DeclaredType): readonly DeclaredType[] {
  const known = members.get(type);
  if (known !== undefined) return known;
  const found = findMembers(type, 0);
  members.set(type, found);
  return found;
}

function findMembers(type: DeclaredType, depth: number): readonly DeclaredType[] {
  if (depth > MAX_NESTED) return [UNKNOWN];
  if (type.kind === "alias") return findMembers(type.type(), depth + 1);
  return type.kind === "union" ? type.of.flatMap((member) => findMembers(member, depth + 1)) : [type];
}

const recursive = new WeakMap<DeclaredType, boolean>();

/** Whether a type has members by an alias that contains itself. */
export function isRecursiveUnion(type: DeclaredType): boolean {
  const known = recursive.get(type);
  if (known !== undefined) return known;
  // While it is being found out, whatever leads back to it says so.
  recursive.set(type, true);
  const found =
    type.kind === "alias"
      ? typesWithin(type.type()).has(type) || isRecursiveUnion(type.type())
      : type.kind === "union" && type.of.some(isRecursiveUnion);
  recursive.set(type, found);
  return found;
}

// An alias may stand for nothing but itself.
const MAX_NESTED = 16;

const PLAIN: { readonly [name: string]: DeclaredType } = {
  string: { kind: "text" },
  int: { kind: "integer" },
  float: { kind: "number" },
  bool: { kind: "boolean" },
  null: { kind: "null" },
  true: { kind: "literal", value: true },
  false: { kind: "literal", value: false },
};

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+|[A-Za-z_]\w*|[^\s\w]/g;

/** Reads types in BAML's own notation. What it does not understand is `unknown`. */
export class TypeReader {
  readonly #all: ReadonlyMap<string, Declaration>;
  readonly #known = new Map<string, DeclaredType>();
  #tokens: string[] = [];

  constructor(all: ReadonlyMap<string, Declaration>) {
    this.#all = all;
  }

  read(type: string): DeclaredType {
    const outer = this.#tokens;
    this.#tokens = type.match(TOKEN) ?? [];
    const read = this.#union();
    const whole = this.#tokens.length === 0;
    this.#tokens = outer;
    return whole ? read : UNKNOWN;
  }

  #union(): DeclaredType {
    const of = [this.#postfixed()];
    while (this.#take("|")) of.push(this.#postfixed());
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind: "union", of };
  }

  #postfixed(): DeclaredType {
    let type = this.#single();
    for (;;) {
      if (this.#take("?")) type = { kind: "union", of: [type, { kind: "null" }] };
      else if (this.#take("[")) type = this.#take("]") ? { kind: "list", of: type } : UNKNOWN;
      else return type;
    }
  }

  #single(): DeclaredType {
    const token = this.#tokens.shift() ?? "";
    if (token === "(") {
      const inside = this.#union();
      return this.#take(")") ? inside : UNKNOWN;
    }
    if (token.startsWith('"')) {
      const text = readJson(token);
      return typeof text === "string" ? { kind: "literal", value: text } : UNKNOWN;
    }
    if (/^-?\d+$/.test(token)) {
      // `-0` is 0 to the parser.
      const value = Number(token) === 0 ? 0 : Number(token);
      return Number.isSafeInteger(value) ? { kind: "literal", value } : UNKNOWN;
    }
    if (Object.hasOwn(PLAIN, token)) return PLAIN[token] ?? UNKNOWN;
    if (token === "map") return this.#map();
    return this.#findNamed(token);
  }

  #map(): DeclaredType {
    if (!this.#take("<")) return UNKNOWN;
    const keys = this.#union();
    if (!this.#take(",")) return UNKNOWN;
    const of = this.#union();
    return this.#take(">") ? { kind: "map", keys, of } : UNKNOWN;
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #findNamed(name: string): DeclaredType {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const declared = this.#all.get(name);
    // One that may get fields or values at run time has more than these.
    if (declared === undefined || /@@dynamic\b/.test(declared.text)) return UNKNOWN;
    switch (declared.kind) {
      case "enum":
        return this.#remember(name, {
          kind: "choice",
          values: new Map([...shownValues(declared)].map(([value, shown]) => [shown, value])),
        });
      case "type": {
        let type: DeclaredType | undefined;
        return this.#remember(name, {
          kind: "alias",
          type: () => (type ??= this.read(aliasOf(declared))),
        });
      }
      case "class": {
        const fields: DeclaredField[] = [];
        const made = this.#remember(name, { kind: "class", name, fields });
        for (const { name: field, type, alias, skipped } of fieldLines(declared))
          fields.push({
            name: field,
            written: alias ?? field,
            type: skipped ? UNKNOWN : this.read(type),
          });
        return made;
      }
      default:
        return UNKNOWN;
    }
  }

  #remember(name: string, type: DeclaredType): DeclaredType {
    this.#known.set(name, type);
    return type;
  }
}
