import { type DeclaredType, membersOf, typesWithin } from "../baml/declared-type.ts";
import { isFields, isList } from "./compare.ts";

/*
 * The native parser reads a value that does not fit as it is as each member of a union, and then as the best one again. Where members
 * lie within each other (filters of `and` and `or`), that makes four readings of each level out of one: 200 characters take
 * it seconds (measured), 300 would take it hours.
 */

/** Microseconds of one reading. */
export const EACH_TRY = 25;

/** How often, at most, the native parser reads a value or a part of it as a declared type. */
export function triesOf(value: unknown, type: DeclaredType): number {
  return new Counter().count(value, type);
}

/** How many members of one union, at most, lie within that union again; 1 if there are none. */
export function branchesOf(type: DeclaredType): number {
  const known = branches.get(type);
  if (known !== undefined) return known;
  const unions = [...typesWithin(type)].filter((one) => one.kind === "union");
  const found = Math.max(
    1,
    ...unions.map((union) => membersOf(union).filter((member) => typesWithin(member).has(union)).length),
  );
  branches.set(type, found);
  return found;
}

const branches = new WeakMap<DeclaredType, number>();

// Of a type that is not known, two members may lie within each other.
const BLIND_BRANCHES = 3;

/** How many objects lie within each other. */
function levelsOf(value: unknown): number {
  if (!isList(value) && !isFields(value)) return 0;
  const inside = isList(value) ? value : Object.values(value);
  return inside.reduce<number>((most, part) => Math.max(most, levelsOf(part)), 0) + (isList(value) ? 0 : 1);
}

class Counter {
  readonly #counted = new Map<unknown, Map<DeclaredType, number>>();

  count(value: unknown, type: DeclaredType): number {
    if (!isList(value) && !isFields(value)) return membersOf(type).length;
    const counted = this.#counted.get(value) ?? new Map<DeclaredType, number>();
    this.#counted.set(value, counted);
    const known = counted.get(type);
    if (known !== undefined) return known;
    // A type that contains itself without anything between them is not read twice.
    counted.set(type, 0);
    const found = this.#find(value, type);
    counted.set(type, found);
    return found;
  }

  #find(value: readonly unknown[] | Readonly<Record<string, unknown>>, type: DeclaredType): number {
    switch (type.kind) {
      case "alias":
        return this.count(value, type.type());
      case "union": {
        const tries = membersOf(type).map((member) => this.count(value, member));
        return sum(tries) + Math.max(0, ...tries);
      }
      case "list":
        return isList(value) ? this.#items(value, type.of) : this.count(value, type.of);
      case "map":
        return this.#items(isList(value) ? value : Object.values(value), type.of);
      case "class":
        return isList(value) ? this.#items(value, type) : this.#fields(value, type);
      case "unknown":
        return BLIND_BRANCHES ** levelsOf(value);
      default:
        return 1;
    }
  }

  #items(items: readonly unknown[], of: DeclaredType): number {
    return 1 + sum(items.map((item) => this.count(item, of)));
  }

  #fields(
    value: Readonly<Record<string, unknown>>,
    { fields }: Extract<DeclaredType, { kind: "class" }>,
  ): number {
    const types = new Map(fields.map(({ written, type }) => [bareName(written), type]));
    const inside = Object.entries(value).map(([key, part]) => {
      const type = types.get(bareName(key));
      return type === undefined ? 0 : this.count(part, type);
    });
    // An object may stand for the only field of one.
    const [only] = fields;
    return 1 + sum(inside) + (fields.length === 1 && only !== undefined ? this.count(value, only.type) : 0);
  }
}

/** A name as the native parser compares it. */
function bareName(name: string): string {
  return name.trim().toLowerCase();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
