import { numberOperand, type Operand, type Program } from "./program.ts";
import type { Operation, Token, Verb } from "./tokens.ts";

/** What a phrase needs from the reader that walks over the tokens. `take…` methods move on, the others do not. */
export interface ValueReader {
  readonly program: Program;
  peek(offset?: number): Token | undefined;
  skip(): void;
  startsValue(offset?: number): boolean;
  takePreposition(...words: readonly string[]): boolean;
  takeExpression(): Operand;
  takeValue(): Operand;
  /** The earlier results that a reference means. */
  referred(which: number | "last" | "pair" | "all"): readonly Operand[];
  /** The value that the phrase continues from; missing where there is none. */
  continued(): Operand;
  canContinue(): boolean;
}

const NOTHING: Operand = { kind: "missing", text: "" };

/** What follows a verb that was just taken: `multiply` · `3 and 4`. */
export function takeVerbPhrase(reader: ValueReader, verb: Verb): Operand {
  switch (verb) {
    case "add":
      return takeAdd(reader);
    case "subtract":
      return takeSubtract(reader);
    case "multiply":
      return takeMultiply(reader);
    case "divide":
      return takeDivide(reader);
    case "increase":
    case "raise":
      return takeChange(reader, "add");
    case "decrease":
      return takeChange(reader, "subtract");
    default:
      return reader.program.apply(verb, reader.startsValue() ? reader.takeValue() : reader.continued());
  }
}

/** The values behind `the sum of`: two joined by `and`, or a list with commas that ends with `and`. */
export function takeNounPhrase(
  reader: ValueReader,
  noun: "sum" | "product" | "difference" | "quotient" | "average",
): Operand {
  const { program } = reader;
  const items = takeList(reader, { oneAnd: true, first: () => reader.takeValue() });
  const [a = NOTHING, b = NOTHING] = items;
  switch (noun) {
    case "sum":
      return reduce(program, "add", items);
    case "product":
      return reduce(program, "multiply", items);
    case "quotient":
      return program.push("divide", a, b);
    case "difference": {
      // People mean the distance: the difference between 5 and 20 is 15.
      const swap = a.kind === "number" && b.kind === "number" && a.value < b.value;
      return swap ? program.push("subtract", b, a) : program.push("subtract", a, b);
    }
    case "average":
      return program.push("divide", reduce(program, "add", items), numberOperand(items.length));
  }
}

function takeAdd(reader: ValueReader): Operand {
  const { program } = reader;
  if (reader.takePreposition("to")) {
    const base = reader.takeValue();
    return program.push("add", base, reader.startsValue() ? reader.takeValue() : NOTHING);
  }
  const items = takeList(reader, { oneAnd: false, first: () => reader.takeExpression() });
  if (reader.takePreposition("to", "onto", "into")) {
    const base = reader.takeValue();
    return items.reduce((sum, item) => program.push("add", sum, item), base);
  }
  const all = reader.canContinue() ? items : unjoin(items);
  return all.length > 1
    ? reduce(program, "add", all)
    : program.push("add", reader.continued(), all[0] ?? NOTHING);
}

function takeSubtract(reader: ValueReader): Operand {
  const { program } = reader;
  const items = takeList(reader, { oneAnd: false, first: () => reader.takeExpression() });
  if (reader.takePreposition("from", "off")) {
    const base = reader.takeExpression();
    return items.reduce((rest, item) => program.push("subtract", rest, item), base);
  }
  if (reader.takePreposition("by")) return program.push("subtract", items[0] ?? NOTHING, reader.takeValue());
  if (items.length > 1) return reduce(program, "subtract", items);
  return program.push("subtract", reader.continued(), items[0] ?? NOTHING);
}

function takeMultiply(reader: ValueReader): Operand {
  const { program } = reader;
  const items: Operand[] = reader.takePreposition("by", "with") ? [reader.continued()] : [];
  items.push(...takeList(reader, { oneAnd: false, first: () => reader.takeExpression() }));
  while (reader.takePreposition("by", "with", "to", "into")) items.push(reader.takeValue());
  const all = reader.canContinue() ? items : unjoin(items);
  if (all.length > 1) return reduce(program, "multiply", all);
  return reader.canContinue()
    ? program.push("multiply", reader.continued(), items[0] ?? NOTHING)
    : program.push("multiply", items[0] ?? NOTHING, NOTHING);
}

function takeDivide(reader: ValueReader): Operand {
  const { program } = reader;
  if (reader.takePreposition("by", "with"))
    return program.push("divide", reader.continued(), reader.takeValue());
  const a = reader.takeExpression();
  if (reader.takePreposition("into", "in")) {
    const b = reader.takeValue();
    // `divide 12 into 3` makes 3 parts; `divide 3 into 12` asks how often 3 fits.
    const fits = a.kind === "number" && b.kind === "number" && a.value < b.value;
    return fits ? program.push("divide", b, a) : program.push("divide", a, b);
  }
  const joined =
    reader.takePreposition("by", "with", "among", "amongst", "between", "over") ||
    takeConnector(reader, false, true);
  return program.push("divide", a, joined ? reader.takeValue() : NOTHING);
}

/** `increase 20 by 5`, `reduce by 5`, `raise 2 to the power of 3` (the power is read with its base). */
function takeChange(reader: ValueReader, operation: Operation): Operand {
  const { program } = reader;
  if (reader.takePreposition("by")) return program.push(operation, reader.continued(), reader.takeValue());
  const before = program.calculations.length;
  const value = reader.takeExpression();
  if (reader.takePreposition("by", "with")) return program.push(operation, value, reader.takeValue());
  return program.calculations.length > before ? value : program.push(operation, value, NOTHING);
}

/** Values joined by `and`, `,` or `with`. At least one, which may be missing. */
function takeList(
  reader: ValueReader,
  options: { readonly oneAnd: boolean; readonly first: () => Operand },
): readonly Operand[] {
  const items = takeItem(reader, options.first);
  for (let ended = false; !ended; ) {
    const and = isAnd(reader);
    if (isBesideNumber(reader)) {
      items.push(reader.takeValue());
    } else if (takeConnector(reader, items.length >= 2, false)) {
      items.push(...takeItem(reader, () => reader.takeValue()));
      ended = and && options.oneAnd;
    } else {
      ended = true;
    }
  }
  return items;
}

function takeItem(reader: ValueReader, take: () => Operand): Operand[] {
  const token = reader.peek();
  if (token?.kind !== "reference" || (token.which !== "pair" && token.which !== "all")) return [take()];
  reader.skip();
  return [...reader.referred(token.which)];
}

/** `add one hundred and twenty`, with nothing to add it to, means the two numbers. */
function unjoin(items: readonly Operand[]): readonly Operand[] {
  const [only] = items;
  const joined = items.length === 1 && only?.kind === "number" ? only.split : undefined;
  return joined === undefined ? items : joined.map(numberOperand);
}

function isAnd(reader: ValueReader): boolean {
  return reader.peek()?.kind === "and" || (reader.peek()?.kind === "comma" && reader.peek(1)?.kind === "and");
}

/** `add 1 2 3`, and `multiply 3 feee9f9e`: a value without a connector, as long as it has digits. */
function isBesideNumber(reader: ValueReader): boolean {
  const token = reader.peek();
  return token?.kind === "number" || (token?.kind === "word" && /\d/.test(token.text));
}

/**
 * Takes a comma, `and` or `with`, if another value follows. A word counts as a (misspelt) value where the list needs
 * one more, where it has digits, or where it ends the phrase.
 */
function takeConnector(reader: ValueReader, complete: boolean, single: boolean): boolean {
  let length = 0;
  while (isConnector(reader.peek(length), single)) length += 1;
  if (length === 0 || !reader.startsValue(length)) return false;
  const next = reader.peek(length);
  const after = reader.peek(length + 1);
  const last = after === undefined || after.kind === "then" || after.kind === "comma" || after.kind === "and";
  if (next?.kind === "word" && complete && !last && !/\d/.test(next.text)) return false;
  for (let taken = 0; taken < length; taken += 1) reader.skip();
  return true;
}

function isConnector(token: Token | undefined, single: boolean): boolean {
  if (token?.kind === "and" || token?.kind === "comma") return true;
  return !single && token?.kind === "preposition" && token.word === "with";
}

function reduce(program: Program, operation: Operation, items: readonly Operand[]): Operand {
  const [first = NOTHING, second = NOTHING, ...rest] = items;
  return rest.reduce(
    (left, right) => program.push(operation, left, right),
    program.push(operation, first, second),
  );
}
