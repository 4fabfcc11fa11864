import { type DeclaredField, type DeclaredType, isRecursiveUnion, membersOf } from "../baml/declared-type.ts";
import { isFields, isList } from "./compare.ts";
import { inWords } from "./in-words.ts";
import { isJsonText } from "./mismatch.ts";

/** What a value of JSON is when it is read as a declared type. */
export type ReadAs =
  | {
      readonly kind: "value";
      readonly value: unknown;
      /** False where a part of the type is known at run time only, or the value could be several members of a union. */
      readonly sure: boolean;
    }
  | Misfit;

/** The first thing in a value that its type rules out. */
export interface Misfit {
  readonly kind: "misfit";
  readonly path: readonly string[];
  /** What would fit there; nothing where the type has no such field. */
  readonly wanted: readonly DeclaredType[];
  /** `undefined` if a value is missing. */
  readonly got: unknown;
  /** Another literal was wanted: another member of a union is meant. */
  readonly other: boolean;
}

/**
 * Reads what a model wrote as a type, in the type's names, without the native parser, in time that grows with the length of the
 * value alone. Besides what fits as it is: numbers and truth values as text and the other way round, where nothing is lost, and
 * a list that was left out.
 *
 * @param plain whether whole numbers are written as such: as a text, the parser takes `1.0` for "1.0", and not for "1".
 */
export function readWritten(value: unknown, type: DeclaredType, { plain = true } = {}): ReadAs {
  return new Reader(true, plain).read(value, type, true);
}

/** The same for a value that fits as it is, which the parser would not change. */
export function readExact(value: unknown, type: DeclaredType): ReadAs {
  return new Reader(true, true).read(value, type, false);
}

/** The other way round: what a model would write for a value in the type's names. Nothing but what fits as it is. */
export function writeAs(value: unknown, type: DeclaredType): ReadAs {
  return new Reader(false, true).read(value, type, false);
}

// A value in unions of unions may be tried as each member again and again.
const MAX_TRIED = 100_000;

class Reader {
  readonly #written: boolean;
  readonly #plain: boolean;
  readonly #read = {
    strict: new Map<unknown, Map<DeclaredType, ReadAs>>(),
    loose: new Map<unknown, Map<DeclaredType, ReadAs>>(),
  };
  #left = MAX_TRIED;

  constructor(written: boolean, plain: boolean) {
    this.#written = written;
    this.#plain = plain;
  }

  /** @param loose whether values of another type are taken where nothing is lost. */
  read(value: unknown, type: DeclaredType, loose: boolean): ReadAs {
    // Members of a union may lie within each other: nothing is read as the same type again.
    if (!isList(value) && !isFields(value)) return this.#find(value, type, loose);
    const known = this.#read[loose ? "loose" : "strict"];
    const types = known.get(value) ?? new Map<DeclaredType, ReadAs>();
    known.set(value, types);
    const read = types.get(type) ?? this.#find(value, type, loose);
    types.set(type, read);
    return read;
  }

  #find(value: unknown, type: DeclaredType, loose: boolean): ReadAs {
    this.#left -= 1;
    if (this.#left < 0) return { kind: "value", value, sure: false };
    switch (type.kind) {
      case "text":
      case "integer":
      case "number":
      case "boolean": {
        const read = FITS[type.kind](value) ? value : loose ? castScalar(value, type.kind) : undefined;
        if (read === undefined) return misfit(value, type);
        const isSure = typeof value === "number" && type.kind === "text" ? this.#plain : isWhole(value);
        // The parser keeps the sign of a zero in a number, and no whole number has one.
        return { kind: "value", value: read === 0 && type.kind === "integer" ? 0 : read, sure: isSure };
      }
      case "null":
        return value === null ? sure(value) : misfit(value, type);
      case "literal":
        return value === type.value ? sure(type.value) : { ...misfit(value, type), other: true };
      case "choice": {
        const found = [...type.values].find((pair) => pair[this.#written ? 0 : 1] === value);
        return found === undefined ? misfit(value, type) : sure(found[this.#written ? 1 : 0]);
      }
      case "list":
        return isList(value)
          ? this.#all(
              value.entries(),
              () => type.of,
              loose,
              (read) => read.map(([, item]) => item),
            )
          : misfit(value, type);
      case "map":
        return this.#map(value, type, loose);
      case "class":
        return this.#class(value, type, loose);
      case "union":
        return this.#union(value, type, loose);
      case "alias":
        return this.read(value, type.type(), loose);
      case "unknown":
        return { kind: "value", value, sure: false };
      default:
        return type satisfies never;
    }
  }

  #map(value: unknown, type: Extract<DeclaredType, { kind: "map" }>, loose: boolean): ReadAs {
    if (!isFields(value)) return misfit(value, type);
    if (type.keys.kind !== "text" || Object.hasOwn(value, "__proto__") || !Object.keys(value).every(isWhole))
      return { kind: "value", value, sure: false };
    return this.#all(Object.entries(value), () => type.of, loose, Object.fromEntries);
  }

  #class(value: unknown, type: Extract<DeclaredType, { kind: "class" }>, loose: boolean): ReadAs {
    if (!isFields(value)) return misfit(value, type);
    const keyOf = (field: DeclaredField) => (this.#written ? field.written : field.name);
    const keys = new Set(type.fields.map(keyOf));
    const strange = Object.keys(value).find((key) => !keys.has(key) || key === "__proto__");
    // What tells the members of a union apart comes first.
    const fields = inOrder(type);
    const read = this.#all(
      fields.map((field) => [
        keyOf(field),
        Object.hasOwn(value, keyOf(field)) ? value[keyOf(field)] : undefined,
      ]),
      (index) => fields[index]?.type ?? type,
      loose,
      (pairs) => {
        const values = new Map(pairs);
        return Object.fromEntries(
          type.fields.map((field) => [this.#written ? field.name : field.written, values.get(keyOf(field))]),
        );
      },
    );
    if (strange === undefined || read.kind === "misfit") return read;
    return { kind: "misfit", path: [strange], wanted: [], got: value[strange], other: false };
  }

  /** Reads the parts of a value, up to the first that does not fit. */
  #all(
    parts: Iterable<readonly [string | number, unknown]>,
    typeAt: (index: number) => DeclaredType,
    loose: boolean,
    make: (read: readonly (readonly [string | number, unknown])[]) => unknown,
  ): ReadAs {
    const read: [string | number, unknown][] = [];
    let isSure = true;
    for (const [key, part] of parts) {
      const type = typeAt(read.length);
      const one = part === undefined ? this.#absent(type, loose) : this.read(part, type, loose);
      if (one.kind === "misfit") return { ...one, path: [String(key), ...one.path] };
      isSure &&= one.sure;
      read.push([key, one.value]);
    }
    return { kind: "value", value: make(read), sure: isSure };
  }

  #absent(type: DeclaredType, loose: boolean): ReadAs {
    const members = membersOf(type);
    // The parser does not look for `null` in an alias that contains itself.
    if (members.some(({ kind }) => kind === "null"))
      return { kind: "value", value: null, sure: !isRecursiveUnion(type) };
    if (members.some(({ kind }) => kind === "unknown")) return { kind: "value", value: null, sure: false };
    return loose && members.length === 1 && members[0]?.kind === "list" ? sure([]) : misfit(undefined, type);
  }

  #union(value: unknown, type: DeclaredType, loose: boolean): ReadAs {
    const members = membersOf(type);
    const misfits: Misfit[] = [];
    for (const retype of loose ? [false, true] : [false]) {
      const tried = members.map((member) => ({ member, read: this.read(value, member, retype) }));
      const fitting = tried.flatMap(({ member, read }) => (read.kind === "value" ? [{ member, read }] : []));
      const [first, ...others] = fitting;
      if (first !== undefined) {
        // The parser may prefer a member that does not fit as it is, unless a literal or `null` rules that out.
        const rivals = tried.filter(({ member, read }) => mayBeMeant(member, read));
        const asMap = fitting.every(({ member }) => member.kind === "map");
        const rivaled = rivals.some(({ member }) => retype || (asMap && member.kind === "class"));
        const same = !rivaled && others.every(({ read }) => isSame(first.read.value, read.value));
        return { ...first.read, sure: same && fitting.every(({ read }) => read.sure) };
      }
      misfits.splice(
        0,
        misfits.length,
        ...tried.flatMap(({ read }) => (read.kind === "misfit" ? [read] : [])),
      );
    }
    return nearest(misfits) ?? misfit(value, type);
  }
}

function sure(value: unknown): ReadAs {
  return { kind: "value", value, sure: true };
}

function misfit(got: unknown, wanted: DeclaredType): Misfit {
  return { kind: "misfit", path: [], wanted: membersOf(wanted), got, other: false };
}

const ordered = new WeakMap<DeclaredType, readonly DeclaredField[]>();

/** The fields of a class, literals first. */
function inOrder(type: Extract<DeclaredType, { kind: "class" }>): readonly DeclaredField[] {
  const known = ordered.get(type);
  if (known !== undefined) return known;
  const isLiteral = (field: DeclaredField) => membersOf(field.type).every(({ kind }) => kind === "literal");
  const [others = [], literals = []] = [false, true].map((wanted) =>
    type.fields.filter((field) => isLiteral(field) === wanted),
  );
  const fields = [...literals, ...others];
  ordered.set(type, fields);
  return fields;
}

function mayBeMeant(member: DeclaredType, read: ReadAs): boolean {
  return read.kind === "misfit" && !read.other && member.kind !== "null";
}

/** Half of a pair of UTF-16 is no text to the parser: it takes the JSON around it for something else. */
function isWhole(value: unknown): boolean {
  return typeof value !== "string" || value.isWellFormed();
}

/** The same, down to the order of fields and the sign of a zero. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (isList(one))
    return isList(other) && one.length === other.length && one.every((part, at) => isSame(part, other[at]));
  if (!isFields(one) || !isFields(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return (
    names.length === others.length &&
    names.every((name, at) => name === others[at] && isSame(one[name], other[name]))
  );
}

type Scalar = "text" | "integer" | "number" | "boolean";

const FITS: { readonly [Kind in Scalar]: (value: unknown) => boolean } = {
  text: (value) => typeof value === "string",
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === "boolean",
};

/** The value in another type, as the native parser takes it; `undefined` where something would be lost. */
function castScalar(value: unknown, type: Scalar): unknown {
  if (type === "text")
    return typeof value === "boolean" || Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  const number = Number(text);
  return String(number) === text && FITS[type](number) && Number.isFinite(number) ? number : undefined;
}

/** Of what each member of a union rules out, what the member that comes nearest does. */
function nearest(misfits: readonly Misfit[]): Misfit | undefined {
  const meant = misfits.filter(({ other, wanted }) => !other && wanted.some(({ kind }) => kind !== "null"));
  const near = meant.length > 0 ? meant : misfits;
  const deepest = Math.max(...near.map(({ path }) => path.length));
  const best = near.filter(({ path }) => path.length === deepest);
  const [first] = best;
  if (first === undefined) return undefined;
  const alike = best.filter(({ path }) => path.join() === first.path.join());
  return { ...first, wanted: [...new Set(alike.flatMap(({ wanted }) => wanted))] };
}

/** What does not fit, in words that a model understands; and a person, who knows the values of enums by their names. */
export function describeMisplaced(
  { path, wanted, got }: Misfit,
  named: "written" | "named" = "written",
): string {
  const name = path.length === 0 ? "it" : path.map((part) => part.slice(0, 60)).join(".");
  if (wanted.length === 0) return `it has no field ${JSON.stringify(name)}`;
  if (got === undefined) return `${name} is missing`;
  if (typeof got === "string" && isJsonText(got))
    return `${name} holds JSON text: write the object or list itself, without quotes around it`;
  const types = [...new Set(wanted.flatMap((type) => typeInWords(type, named)))];
  const shown = types.length > MAX_SHOWN ? [...types.slice(0, MAX_SHOWN), "…"] : types;
  return `${name} must be ${shown.join(" or ")}, not ${inWords(got)}`;
}

const MAX_SHOWN = 40;

function typeInWords(type: DeclaredType, named: "written" | "named"): readonly string[] {
  switch (type.kind) {
    case "text":
      return ["text"];
    case "integer":
      return ["a whole number"];
    case "number":
      return ["a number"];
    case "boolean":
      return ["true or false"];
    case "null":
      return [];
    case "literal":
      return [JSON.stringify(type.value)];
    case "choice":
      return [...type.values].map((pair) => JSON.stringify(pair[named === "written" ? 0 : 1]));
    case "list":
      return [type.of.kind === "text" ? "a list of texts" : "a list"];
    case "map":
    case "class":
      return ["an object"];
    case "union":
    case "alias":
      return membersOf(type).flatMap((member) => typeInWords(member, named));
    case "unknown":
      return ["of its type"];
    default:
      return type satisfies never;
  }
}
