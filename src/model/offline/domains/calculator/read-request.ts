import { numberOperand, type Operand, type Program } from "./program.ts";
import type { Token } from "./tokens.ts";
import { takeNounPhrase, takeVerbPhrase, type ValueReader } from "./verb-phrases.ts";

/** What a request was found to hold. */
export interface ReadRequest {
  /** How many calculations it added to the program. */
  readonly added: number;
  /** Parts that carry a value and were not understood: numbers left over, computations that no tool does. */
  readonly unclear: readonly string[];
  /** Values it named without saying what to do with them: numbers, earlier results. Empty where it added anything. */
  readonly bare: readonly Operand[];
}

/**
 * Reads a request and adds its calculations to the program, in the order spoken. Operations in words are done from
 * left to right (`7 plus 8 times 2` is 30); runs of symbols follow precedence (`7 + 8 * 2` is 23). `from` is the
 * value that `that` means and that `add 3` adds to.
 */
export function readRequest(
  tokens: readonly Token[],
  program: Program,
  from: Operand | undefined,
): ReadRequest {
  return new RequestReader(tokens, program, from).read();
}

/** A recursive-descent reader; `take…` methods move on, `peek` does not. */
class RequestReader implements ValueReader {
  private readonly tokens: readonly Token[];
  readonly program: Program;
  private readonly unclear: string[] = [];
  private readonly unused: Operand[] = [];
  private at = 0;
  /** The value that the next phrase continues from, and whether anything has used it. */
  private current: Operand | undefined;
  private currentUsed = true;

  constructor(tokens: readonly Token[], program: Program, from: Operand | undefined) {
    this.tokens = tokens;
    this.program = program;
    this.current = from;
  }

  read(): ReadRequest {
    const before = this.program.calculations.length;
    while (this.at < this.tokens.length) {
      const start = this.program.calculations.length;
      const value = this.takePhrase();
      if (value === undefined) continue;
      this.setAside();
      const computed = this.program.calculations.length > start;
      this.current = value;
      this.currentUsed = computed;
      if (computed) this.program.values = [...this.program.values, value];
    }
    this.setAside();
    const added = this.program.calculations.length - before;
    // A number that nothing used means that the request was not understood; an idle `that` means nothing.
    const left = added > 0 ? this.unused.flatMap(namesOf) : [];
    return { added, unclear: [...this.unclear, ...left], bare: added > 0 ? [] : this.unused };
  }

  private setAside(): void {
    if (!this.currentUsed && this.current !== undefined) this.unused.push(this.current);
    this.currentUsed = true;
  }

  peek(offset = 0): Token | undefined {
    return this.tokens[this.at + offset];
  }

  skip(): void {
    this.at += 1;
  }

  takePreposition(...words: readonly string[]): boolean {
    const token = this.peek();
    if (token?.kind !== "preposition" || !words.includes(token.word)) return false;
    this.at += 1;
    return true;
  }

  continued(): Operand {
    this.currentUsed = true;
    return this.current ?? { kind: "missing", text: "" };
  }

  canContinue(): boolean {
    return this.current !== undefined;
  }

  private takePhrase(): Operand | undefined {
    const token = this.peek();
    switch (token?.kind) {
      case "verb":
        this.at += 1;
        return takeVerbPhrase(this, token.verb);
      case "infix":
        if (this.current === undefined || (this.at === 0 && token.symbol && token.operation === "subtract")) {
          return this.takeExpression();
        }
        return this.takeRest(this.continued());
      case "postfix":
        this.at += 1;
        return this.program.apply(token.unary, this.continued());
      case "start":
        this.at += 1;
        return this.startsValue() ? this.takeExpression() : undefined;
      case "preposition":
        this.at += 1;
        return /^(?:from|to|with)$/.test(token.word) && this.startsValue()
          ? this.takeExpression()
          : undefined;
      case "number":
      case "open":
      case "reference":
      case "unary":
      case "noun":
        return this.takeExpression();
      case "unsupported":
        this.unclear.push(token.text);
        this.at += 1;
        return undefined;
      default:
        this.at += 1;
        return undefined;
    }
  }

  /** True where a value begins here; a word may stand for one that was misspelt. */
  startsValue(offset = 0): boolean {
    const token = this.peek(offset);
    switch (token?.kind) {
      case "number":
      case "open":
      case "reference":
      case "unary":
      case "noun":
      case "word":
        return true;
      case "verb":
        return token.gerund;
      case "infix":
        return token.operation === "subtract" && this.peek(offset + 1)?.kind === "number";
      default:
        return false;
    }
  }

  takeExpression(): Operand {
    return this.takeRest(this.takeSymbols(0));
  }

  /** Operations after a value, from left to right; runs of symbols bind first. */
  private takeRest(first: Operand): Operand {
    let left = first;
    for (let token = this.peek(); token?.kind === "infix"; token = this.peek()) {
      this.at += 1;
      const right = this.takeSymbols(0);
      left = token.reverse
        ? this.program.push(token.operation, right, left)
        : this.program.push(token.operation, left, right);
    }
    return left;
  }

  /** Values joined by symbols, by precedence; `minimum` is the weakest operator that may join them. */
  private takeSymbols(minimum: number): Operand {
    let left = this.takeValue();
    for (let token = this.peek(); token?.kind === "infix" && token.symbol; token = this.peek()) {
      const strength = token.operation === "add" || token.operation === "subtract" ? 1 : 2;
      if (strength < minimum) break;
      this.at += 1;
      left = this.program.push(token.operation, left, this.takeSymbols(strength + 1));
    }
    return left;
  }

  takeValue(): Operand {
    let value = this.takePlainValue();
    for (let token = this.peek(); token !== undefined; token = this.peek()) {
      if (token.kind === "postfix") {
        this.at += 1;
        value = this.program.apply(token.unary, value);
      } else if (token.kind === "power") {
        this.at += 1;
        value = this.takePower(value);
      } else if (value.kind === "number" && this.isUnit(token)) {
        this.at += 1;
      } else {
        break;
      }
    }
    return value;
  }

  /** `apples` in `3 apples`: a word behind a number, when more of the sentence or its end follows. */
  private isUnit(token: Token): boolean {
    return token.kind === "word" && !/\d/.test(token.text) && this.peek(1)?.kind !== "number";
  }

  private takePower(base: Operand): Operand {
    const exponent = this.takePlainValue();
    if (
      exponent.kind !== "number" ||
      !Number.isInteger(exponent.value) ||
      exponent.value < 1 ||
      exponent.value > 20
    ) {
      this.unclear.push(exponent.kind === "number" ? `to the power of ${exponent.value}` : "to the power of");
      return base;
    }
    let value = base;
    for (let times = 1; times < exponent.value; times += 1)
      value = this.program.push("multiply", value, base);
    return value;
  }

  private takePlainValue(): Operand {
    const token = this.peek();
    if (token === undefined) return { kind: "missing", text: "" };
    switch (token.kind) {
      case "number":
        this.at += 1;
        return this.takeShare(token);
      case "infix":
        return token.operation === "subtract" || token.operation === "add"
          ? this.takeSigned(token.operation)
          : { kind: "missing", text: "" };
      case "open": {
        this.at += 1;
        const inner = this.takeExpression();
        if (this.peek()?.kind === "close") this.at += 1;
        return inner;
      }
      case "reference":
        this.at += 1;
        return this.referred(token.which).at(-1) ?? { kind: "missing", text: "" };
      case "unary":
        this.at += 1;
        return this.program.apply(token.unary, this.takePlainValue());
      case "noun":
        this.at += 1;
        return takeNounPhrase(this, token.noun);
      case "verb":
        this.at += 1;
        return takeVerbPhrase(this, token.verb);
      case "word":
        this.at += 1;
        return { kind: "missing", text: token.text };
      default:
        return { kind: "missing", text: "" };
    }
  }

  /** `20% of 50`, `20% off 50`. */
  private takeShare(value: Operand & { kind: "number" }): Operand {
    if (!value.percent) return value;
    const plain = numberOperand(value.value);
    if (this.takePreposition("of")) return this.program.push("multiply", this.takePlainValue(), plain);
    if (this.takePreposition("off")) return this.program.push("subtract", this.takePlainValue(), value);
    return value;
  }

  private takeSigned(operation: "add" | "subtract"): Operand {
    this.at += 1;
    const value = this.takePlainValue();
    if (operation === "add" || value.kind === "missing") return value;
    return value.kind === "number" ? { ...value, value: -value.value } : this.program.apply("negate", value);
  }

  referred(which: number | "last" | "pair" | "all"): readonly Operand[] {
    const { values } = this.program;
    if (which === "last") return [this.continued()];
    if (which === "pair") return values.slice(-2);
    if (which === "all") return values;
    const value = values[which];
    return value === undefined ? [{ kind: "missing", text: `result number ${which + 1}` }] : [value];
  }
}

function namesOf(operand: Operand): readonly string[] {
  if (operand.kind === "number") return [String(operand.value)];
  return operand.kind === "missing" && operand.text !== "" ? [operand.text] : [];
}
