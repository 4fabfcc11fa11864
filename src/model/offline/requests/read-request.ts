import type { Json } from "../../../base/json.ts";
import { type Token, tokenize } from "./tokenize.ts";
import { stem, type Tool } from "./tools.ts";

/** An operand of a call: a value, the result of another call, or the text that stood where no value could be read. */
export type Operand =
  | { readonly kind: "value"; readonly value: number | string; readonly field?: string | undefined }
  | { readonly kind: "result"; readonly of: Call }
  | { readonly kind: "missing"; readonly text: string };

/** One tool call to make. Corrections change it in place, so calls that use its result stay as they are. */
export interface Call {
  tool: Tool;
  operands: readonly Operand[];
  /** Set once the call was made. */
  result?: Json;
}

/** This model understands no longer request. */
const MAX_LENGTH = 2_000;
const NOTHING: Operand = { kind: "missing", text: "" };
/** `add 12 to it` and `subtract 12 from it` name the second value first. */
const TURNED: Readonly<Record<string, string>> = { add: "to", subtract: "from" };
/** What is above binds closer. Those that are not named: 2. */
const PRECEDENCE: Readonly<Record<string, number>> = { add: 1, subtract: 1, power: 3 };

/** A request as far as it was understood. `last` is the previous result, which `that` refers to. */
export class Reading {
  /** In the order in which they must be made. */
  readonly calls: Call[] = [];
  /** Values that no call uses. */
  readonly bare: Operand[] = [];
  /** What was not understood and cannot be ignored. */
  readonly unread: string[] = [];
  last: Operand | undefined;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(text: string, tools: readonly Tool[], last?: Operand | undefined) {
    this.tokens = tokenize(text.slice(0, MAX_LENGTH), tools);
    this.last = last;
    if (text.length > MAX_LENGTH) this.unread.push("a text of this length");
    while (this.next !== undefined) {
      const before = this.calls.length;
      if (!this.startsValue()) this.skip();
      else {
        this.last =
          this.next?.kind === "tool" ? this.takeCall(Number.POSITIVE_INFINITY) : this.takeFormula(1);
        if (this.calls.length === before) this.bare.push(this.last);
      }
    }
  }

  private get next(): Token | undefined {
    return this.tokens[this.at];
  }

  private startsValue(): boolean {
    return ["number", "that", "open", "tool"].includes(this.next?.kind ?? "");
  }

  private skip(): void {
    if (this.next?.kind === "unreadable") this.unread.push(this.next.text);
    this.at += 1;
  }

  /** A tool and at most `most` values after it. */
  private takeCall(most: number): Operand {
    const token = this.next;
    if (token?.kind !== "tool") return NOTHING;
    const { intent } = token.tool;
    const operands: Operand[] = [];
    let turned = false;
    this.at += 1;
    const fields = this.fieldsAsNamed(token.tool);
    for (; operands.length < most && !this.endsCall(); ) {
      const { next } = this;
      const isLast = this.tokens[this.at + 1] === undefined;
      const joined = ["and", "preposition"].includes(this.tokens[this.at - 1]?.kind ?? "");
      if (next?.kind === "preposition" || next?.kind === "and") {
        turned ||= operands.length > 0 && next.text.toLowerCase() === TURNED[intent];
        this.at += 1;
      } else if (fields[operands.length]?.holds === "text") {
        operands.push(this.takeText(fields[operands.length]?.name ?? ""));
      } else if (this.startsValue()) operands.push(this.takeFormula(1));
      // A word where a value is wanted, or where one would be the last: `add 3, 4 and foo`.
      else if (operands.length < fields.length ? joined || next?.kind === "unreadable" : joined && isLast) {
        operands.push(this.takeValue());
      } else {
        // `3 apples and 4 pears` is clear, `twelve point five` is not.
        this.skip();
        if (next !== undefined && this.startsValue()) this.unread.push(next.text);
      }
    }
    if (operands.some((operand) => fieldOf(operand) !== undefined))
      return this.complete(token.tool, inFields(token.tool, operands));
    if (fields === token.tool.fields)
      return this.complete(token.tool, turned ? operands.reverse() : operands);
    const inOrder = token.tool.fields.map((field) => operands[fields.indexOf(field)] ?? NOTHING);
    return this.complete(token.tool, [...inOrder, ...operands.slice(fields.length)]);
  }

  /** The fields in the order in which the request fills them: `refund 30 to Bob` names the number first. */
  private fieldsAsNamed({ fields }: Tool): Tool["fields"] {
    const numbers = fields.filter(({ holds }) => holds === "number");
    if (fields[0]?.holds !== "text" || numbers.length === 0 || this.next?.kind !== "number") return fields;
    return [...numbers, ...fields.filter(({ holds }) => holds === "text")];
  }

  /** True at the end of a clause and before the next call. */
  private endsCall(): boolean {
    const { next } = this;
    const beginsCall = next?.kind === "and" && this.tokens[this.at + 1]?.kind === "tool";
    if (next === undefined || next.kind === "stop" || next.kind === "close" || beginsCall) return true;
    return next.kind === "tool" && this.tokens[this.at - 1]?.kind !== "preposition";
  }

  /** The words up to the next preposition, without the field's own name before them: `order A-17`. */
  private takeText(field: string): Operand {
    const end = this.tokens.findIndex(
      ({ kind }, at) => at >= this.at && ["stop", "and", "preposition"].includes(kind),
    );
    const words = this.tokens.slice(this.at, end < 0 ? undefined : end);
    this.at += words.length;
    const isNamed = words.length > 1 && stem(words[0]?.text ?? "") === stem(field.replace(/_.*/, ""));
    const said = isNamed ? words.slice(1) : words;
    return { kind: "value", value: said.map(({ text }) => text).join(" ") };
  }

  /** Values with operators between them: `2 + 3 * 4`. */
  private takeFormula(level: number): Operand {
    let left = this.takeValue();
    for (let token = this.next; token?.kind === "tool" && token.infix; token = this.next) {
      const { intent } = token.tool;
      const precedence = PRECEDENCE[intent] ?? 2;
      if (precedence < level || token.tool.fields.length !== 2) break;
      this.at += 1;
      while (this.next?.kind === "preposition") this.at += 1;
      left = this.push(token.tool, [
        left,
        this.takeFormula(intent === "power" ? precedence : precedence + 1),
      ]);
    }
    return left;
  }

  private takeValue(): Operand {
    const token = this.next;
    if (token?.kind === "tool") return this.takeCall(token.tool.fields.length);
    if (token === undefined || token.kind === "stop" || token.kind === "close") return NOTHING;
    this.at += 1;
    if (token.kind === "number") return { kind: "value", value: token.value, field: token.field };
    // `the result of 10 divided by 2`, and parentheses.
    const resultOf = token.kind === "that" && this.next?.text === "of";
    if (!resultOf && token.kind !== "open") {
      return token.kind === "that" ? (this.last ?? NOTHING) : { kind: "missing", text: token.text };
    }
    if (resultOf) this.at += 1;
    const value = this.takeFormula(1);
    if (!resultOf && this.next?.kind === "close") this.at += 1;
    return value;
  }

  private complete(tool: Tool, operands: readonly Operand[]): Operand {
    const { fields } = tool;
    const goesOn = operands.length === fields.length - 1 && fields.every(({ holds }) => holds === "number");
    const all = goesOn && this.last !== undefined ? [this.last, ...operands] : operands;
    // `add 1, 2 and 3`
    if (fields.length === 2 && all.length > 2)
      return all.reduce((left, right) => this.push(tool, [left, right]));
    if (all.length > fields.length) this.unread.push(`${all.length} values`);
    const filled = fields.map((_, at) => all[at] ?? NOTHING);
    return this.push(tool, filled);
  }

  private push(tool: Tool, operands: readonly Operand[]): Operand {
    const call: Call = { tool, operands };
    this.calls.push(call);
    return { kind: "result", of: call };
  }
}

function fieldOf(operand: Operand): string | undefined {
  return operand.kind === "value" ? operand.field : undefined;
}

/** The operands in the order of the tool's fields: those with a name where it belongs, the others in the places left. */
function inFields({ fields }: Tool, operands: readonly Operand[]): readonly Operand[] {
  const others = operands.filter((operand) => fieldOf(operand) === undefined);
  const placed = fields.map(
    ({ name }) => operands.find((operand) => fieldOf(operand) === name) ?? others.shift() ?? NOTHING,
  );
  return [...placed, ...others];
}
