import { type DeclaredType, membersOf } from "../../../src/prompts/baml/declared-type.ts";
import { type Random, randomOf } from "./hostile-sizes.ts";

/** The functions whose answers take the native parser longest: classes within themselves and unions within lists. */
export const DEEP_FUNCTIONS = [
  "NextStep",
  "NextSteps",
  "NextPlan",
  "NextCall",
  "ExtractTree",
  "ExtractPeople",
  "ExtractInvoice",
  "ReadFolder",
  "ReadExpression",
  "ReadCatalog",
  "ReadSheets",
  "ReadCompanies",
  "Post",
  "Hold",
  "Prices",
] as const;

/** How the values of a completion differ from the declared types. */
const RETYPES: readonly ((value: unknown, random: Random) => unknown)[] = [
  (value) => value,
  (value, random) => (random(40) === 0 ? other(value, random) : value),
  other,
  (value) => (typeof value === "number" ? String(value) : value),
  (value, random) => (typeof value === "string" ? random(1_000) : value),
  (value, random) => (random(3) === 0 ? `about ${String(value)}` : value),
  (value, random) => (random(20) === 0 ? null : value),
  (value, random) => (random(20) === 0 ? [value] : value),
];

function other(value: unknown, random: Random): unknown {
  if (typeof value === "number") return String(value);
  return typeof value === "boolean" ? String(value) : random(1_000);
}

/**
 * A value of a type with at most so many values in it, of which some have another type than the declared one: the same for the same
 * number, always.
 */
export function retypedValue(type: DeclaredType, number: number, most: number): unknown {
  const random = randomOf(number);
  const size = Math.ceil(2 ** (random(100 * Math.log2(most)) / 100));
  return new Maker(random, RETYPES[random(RETYPES.length)] ?? ((value) => value)).make(type, size);
}

/** A value of the type as it is, in the names that people edit. */
export function editedValue(type: DeclaredType, number: number, most: number): unknown {
  const random = randomOf(number);
  const retype = RETYPES[random(RETYPES.length)] ?? ((value) => value);
  return new Maker(random, random(2) === 0 ? (value) => value : retype, "name").make(type, random(most));
}

/** Texts that look like something else, or need care in JSON. */
const STRANGE_TEXTS = [
  ...'|null|true|1|-1.5|1e5|0x10|None|NaN|{}|[]|{"a":1}|"quoted"|a: b|- a|// c|/* c */|<a>&amp;|’|é|e\u0301|😀'.split(
    "|",
  ),
  ...[
    " lead",
    "trail ",
    "a,b",
    "$5",
    "{{ x }}",
    "\u0000",
    "\u2028",
    "\ufeff",
    "a\nb",
    "a\\b",
    "\\u0041",
    "```json\n{}\n```",
  ],
  "x".repeat(600),
];
const STRANGE_NUMBERS = [
  0,
  1e15,
  2 ** 31,
  2 ** 53 - 1,
  1 - 2 ** 53,
  0.1,
  1 / 3,
  0.1 + 0.2,
  1e21,
  5e-324,
  123456789.12345679,
];

/** The value with strange texts and numbers in it, and fields in another order: the same for the same number, always. */
export function strangeValue(value: unknown, number: number): unknown {
  const random = randomOf(number);
  const pick = (among: readonly unknown[], one: unknown) =>
    random(3) === 0 ? one : among[random(among.length)];
  const change = (one: unknown): unknown => {
    if (typeof one === "string") return pick(STRANGE_TEXTS, one);
    if (typeof one === "number") return pick(STRANGE_NUMBERS, one);
    if (Array.isArray(one)) return one.map(change);
    if (typeof one !== "object" || one === null) return one;
    const fields = Object.entries(one).map(([name, field]) =>
      // What tells the members of a union apart stays.
      [name, name === "intent" || name === "kind" ? field : change(field)],
    );
    return Object.fromEntries(random(4) === 0 ? fields.reverse() : fields);
  };
  return change(value);
}

class Maker {
  private readonly random: Random;
  private readonly retype: (value: unknown, random: Random) => unknown;
  private readonly key: "written" | "name";

  constructor(random: Random, retype: Maker["retype"], key: Maker["key"] = "written") {
    this.random = random;
    this.retype = retype;
    this.key = key;
  }

  make(type: DeclaredType, size: number, depth = 0): unknown {
    const { random } = this;
    switch (type.kind) {
      case "text":
        return this.retype(`t${random(1_000)}`, random);
      case "integer":
        return this.retype(random(1_000), random);
      case "number":
        return this.retype(random(1_000) / 4, random);
      case "boolean":
        return this.retype(random(2) === 0, random);
      case "null":
      case "unknown":
        return null;
      case "literal":
        return type.value;
      case "choice":
        return [...(this.key === "written" ? type.values.keys() : type.values.values())][
          random(type.values.size)
        ];
      case "list":
        return this.#several(size, depth, (part) => this.make(type.of, part, depth + 1));
      case "map":
        return Object.fromEntries(
          this.#several(
            size,
            depth,
            (part, index) => [`k${index}`, this.make(type.of, part, depth + 1)] as const,
          ),
        );
      case "class": {
        const part = (size - 1) / type.fields.filter((field) => isWide(field.type)).length;
        return Object.fromEntries(
          type.fields.map((field) => [field[this.key], this.make(field.type, part, depth + 1)]),
        );
      }
      case "union":
      case "alias": {
        const members = membersOf(type);
        const fitting = members.filter((member) => size > 3 === isWide(member));
        const few = fitting.length > 0 ? fitting : members;
        return this.make(few[random(few.length)] ?? { kind: "null" }, size, depth + 1);
      }
    }
  }

  #several<Item>(size: number, depth: number, make: (size: number, index: number) => Item): Item[] {
    if (size < 1 || depth > 50) return [];
    const count = this.random(3) === 0 ? Math.ceil(size / 4) : 1 + this.random(Math.min(6, size));
    return Array.from({ length: count }, (_, index) => make((size - 1) / count, index));
  }
}

function isWide(type: DeclaredType): boolean {
  return membersOf(type).some(({ kind }) => kind === "list" || kind === "map" || kind === "class");
}
