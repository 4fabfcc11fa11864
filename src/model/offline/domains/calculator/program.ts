import type { Operation, Unary } from "./tokens.ts";

/** A value that an operation works on. */
export type Operand =
  | {
      readonly kind: "number";
      readonly value: number;
      readonly percent: boolean;
      /** The two numbers that were perhaps meant: `one hundred and twenty`. */
      readonly split?: readonly [number, number];
    }
  /** The result of the calculation at this place of the program. */
  | { readonly kind: "result"; readonly of: number }
  /** The person has yet to say what this is. `text` is what stood there, `""` where nothing did. */
  | { readonly kind: "missing"; readonly text: string };

/** One tool call to make. */
export interface Calculation {
  readonly operation: Operation;
  readonly a: Operand;
  readonly b: Operand;
}

/**
 * What people have asked for so far: calculations in the order they will be done, each with a tool call of its own.
 * It grows while requests are read; a correction replaces a calculation.
 */
export class Program {
  calculations: readonly Calculation[] = [];
  /** The value of each finished phrase: what `the first result` and `that` mean. */
  values: readonly Operand[] = [];

  push(operation: Operation, a: Operand, b: Operand): Operand {
    // A percentage is added to or taken from a value as a part of that value.
    if (b.kind === "number" && b.percent && (operation === "add" || operation === "subtract")) {
      return this.push(operation, a, this.push("multiply", a, numberOperand(b.value)));
    }
    this.calculations = [...this.calculations, { operation, a, b }];
    return { kind: "result", of: this.calculations.length - 1 };
  }

  /** Applies an operation on one value; `cube` takes two calculations, every other one. */
  apply(unary: Unary, value: Operand): Operand {
    if (unary === "cube") return this.push("multiply", this.push("multiply", value, value), value);
    const [operation, by] = UNARY[unary];
    return this.push(operation, value, by === "itself" ? value : numberOperand(by));
  }

  /** A copy that ends before the calculation at `at`, in which `that` means `value`. */
  before(at: number, value: Operand): Program {
    const copy = new Program();
    copy.calculations = this.calculations.slice(0, at);
    copy.values = [...this.values.filter((known) => known.kind !== "result" || known.of < at), value];
    return copy;
  }

  /** Puts other calculations in the place of one; what used its result uses `value` instead. */
  replace(at: number, others: readonly Calculation[], value: Operand): void {
    const shift = others.length - 1;
    const moved = (operand: Operand): Operand => {
      if (operand.kind !== "result" || operand.of < at) return operand;
      return operand.of === at ? value : { kind: "result", of: operand.of + shift };
    };
    const later = this.calculations.slice(at + 1);
    this.calculations = [
      ...this.calculations.slice(0, at),
      ...others,
      ...later.map(({ operation, a, b }) => ({ operation, a: moved(a), b: moved(b) })),
    ];
    this.values = this.values.map(moved);
  }

  /** Forgets the calculations from `at` on and the values that came from them. */
  cut(at: number): void {
    this.calculations = this.calculations.slice(0, at);
    this.values = this.values.filter((value) => value.kind !== "result" || value.of < at);
  }
}

const UNARY: Readonly<Record<Exclude<Unary, "cube">, readonly [Operation, number | "itself"]>> = {
  double: ["multiply", 2],
  triple: ["multiply", 3],
  quadruple: ["multiply", 4],
  halve: ["divide", 2],
  third: ["divide", 3],
  quarter: ["divide", 4],
  square: ["multiply", "itself"],
  negate: ["multiply", -1],
};

export function numberOperand(value: number): Operand {
  return { kind: "number", value, percent: false };
}
