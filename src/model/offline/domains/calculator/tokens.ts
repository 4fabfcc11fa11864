/** The four things that the calculator can do. */
export type Operation = "add" | "subtract" | "multiply" | "divide";

/** What a piece of a request means for arithmetic. */
export type Token =
  | {
      readonly kind: "number";
      readonly value: number;
      readonly percent: boolean;
      readonly split?: readonly [number, number];
    }
  /** Between two values. `reverse`: `5 less than 20`. */
  | {
      readonly kind: "infix";
      readonly operation: Operation;
      readonly symbol: boolean;
      readonly reverse: boolean;
    }
  /** Before its values: `multiply 3 by 4`. */
  | { readonly kind: "verb"; readonly verb: Verb; readonly gerund: boolean }
  /** Before a list of values: `the sum of`. */
  | { readonly kind: "noun"; readonly noun: "sum" | "product" | "difference" | "quotient" | "average" }
  /** Before one value: `twice`, `half of`. */
  | { readonly kind: "unary"; readonly unary: Unary }
  /** After one value: `squared`, `doubled`. */
  | { readonly kind: "postfix"; readonly unary: Unary }
  | { readonly kind: "power" }
  /** Earlier results: the last one, the last two, all of them, or which one, counted from 0. */
  | { readonly kind: "reference"; readonly which: number | "last" | "pair" | "all" }
  | { readonly kind: "preposition"; readonly word: string }
  | { readonly kind: "and" | "comma" | "then" | "open" | "close" }
  /** `take 5, add 3`: what follows is a value to begin with. */
  | { readonly kind: "start" }
  /** A computation that none of the tools does. */
  | { readonly kind: "unsupported"; readonly text: string }
  | { readonly kind: "word"; readonly text: string };

export type Verb = Operation | "increase" | "decrease" | "raise" | Unary;

/** One value in, one value out. */
export type Unary =
  | "double"
  | "triple"
  | "quadruple"
  | "halve"
  | "third"
  | "quarter"
  | "square"
  | "cube"
  | "negate";
