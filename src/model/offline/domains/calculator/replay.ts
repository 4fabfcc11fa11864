import type { Json, JsonObject } from "../../../../base/json.ts";
import type { Turn } from "../../turns.ts";
import { numberOperand, type Operand, Program } from "./program.ts";
import { readRequest } from "./read-request.ts";
import { hasMissing, revise } from "./revise.ts";
import { tokenize } from "./tokenize.ts";
import type { Operation } from "./tokens.ts";

/** What has to be settled with the person before anything is computed. */
export type Trouble =
  /** Their latest words were not a calculation. */
  | { readonly kind: "not_understood" }
  /** These parts of them could not be placed. */
  | { readonly kind: "unclear"; readonly parts: readonly string[] }
  /** They named a value and not what to do with it. */
  | { readonly kind: "bare"; readonly value: Operand }
  /** They refused the step and did not say what else to do. */
  | { readonly kind: "denied" }
  /** They want no more of it. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly text: string }
  /** The step was refused again and again. */
  | { readonly kind: "refused"; readonly text: string };

/** How often a step may be refused in a row before the person is asked. */
const MAX_REFUSALS = 2;

/** Longer texts are no requests to a calculator, and reading them would take its time and the stack. */
const MAX_LENGTH = 5_000;
const MAX_PARENTHESES = 100;

/** Where a calculator thread stands, found by replaying its turns. */
export class Replay {
  readonly program = new Program();
  /** Results so far, by place in the program; the next calculation is the one behind them. */
  readonly results: number[] = [];
  /** The first calculation of the latest request: earlier ones have been answered. */
  requestStart = 0;
  trouble: Trouble | undefined = { kind: "not_understood" };
  /** The person's latest words. */
  lastText = "";
  private allText = "";
  private step: { readonly intent: string; readonly fields: JsonObject } | undefined;
  private refusals = 0;

  constructor(turns: readonly Turn[]) {
    for (const turn of turns) this.take(turn);
  }

  /** Place of the next calculation; the program's length when all are done. */
  get next(): number {
    return this.results.length;
  }

  get pending(): boolean {
    return this.next < this.program.calculations.length;
  }

  private take(turn: Turn): void {
    switch (turn.kind) {
      case "said":
        this.hear(turn.text);
        return;
      case "denied":
        this.lastText = turn.text;
        this.comment(turn.text, { kind: "denied" });
        return;
      case "step":
        this.step = turn;
        return;
      case "result":
        this.finishStep(turn.intent ?? this.step?.intent, turn.value);
        return;
      case "failed":
        this.trouble = { kind: "failed", text: turn.text };
        return;
      case "refused":
        this.refusals += 1;
        if (this.refusals >= MAX_REFUSALS) this.trouble = { kind: "refused", text: turn.text };
        return;
      case "event":
        return;
    }
  }

  /** A word that was read in lower case, as the person wrote it. */
  asWritten(word: string): string {
    const at = this.allText.toLowerCase().lastIndexOf(word);
    return at < 0 ? word : this.allText.slice(at, at + word.length);
  }

  private hear(text: string): void {
    this.lastText = text;
    this.allText += `\n${text}`;
    this.refusals = 0;
    const open = this.trouble?.kind;
    const unfinished = this.pending && (open === "denied" || open === "failed" || open === "refused");
    const missing = this.program.calculations.findIndex(hasMissing);
    if (unfinished) this.comment(text, this.trouble);
    else if (missing >= 0) this.fillIn(missing, text);
    else this.request(text);
  }

  /** A comment on the next calculation. `otherwise` stays where it cannot be understood. */
  private comment(text: string, otherwise: Trouble | undefined): void {
    const revision = revise(this.program, this.next, text);
    if (revision === "stopped") this.stop();
    else this.trouble = revision === "changed" ? undefined : otherwise;
  }

  private fillIn(at: number, text: string): void {
    const revision = revise(this.program, at, text);
    if (revision === "stopped") this.stop();
    else this.trouble = undefined;
  }

  private stop(): void {
    this.program.cut(this.next);
    this.trouble = { kind: "stopped" };
  }

  private request(text: string): void {
    if (text.length > MAX_LENGTH || text.split("(").length > MAX_PARENTHESES) {
      this.trouble = { kind: "unclear", parts: ["a text of this length"] };
      return;
    }
    const before = this.program.calculations.length;
    if (this.pending && this.changePending(text)) return;
    if (!this.pending) this.requestStart = before;
    const { added, unclear, bare } = readRequest(tokenize(text), this.program, this.program.values.at(-1));
    if (unclear.length > 0) {
      this.program.cut(before);
      this.trouble = { kind: "unclear", parts: unclear };
    } else if (added > 0) {
      this.trouble = undefined;
    } else if (!this.pending) {
      const value = bare.at(-1);
      this.trouble = value === undefined ? { kind: "not_understood" } : { kind: "bare", value };
      if (value?.kind === "number") this.program.values = [...this.program.values, value];
    }
  }

  /** `use 5 instead of 2`, or `stop`, said while calculations are waiting. */
  private changePending(text: string): boolean {
    if (!/\b(?:instead|rather|stop|cancel|never ?mind|forget)\b/i.test(text)) return false;
    for (let at = this.next; at < this.program.calculations.length; at += 1) {
      const revision = revise(this.program, at, text);
      if (revision === "stopped") this.stop();
      if (revision !== "not_understood") return true;
    }
    return false;
  }

  private finishStep(intent: string | undefined, value: Json): void {
    const result = readResult(value);
    if (intent === undefined || !isOperation(intent)) return;
    if (result === undefined) {
      this.trouble = { kind: "failed", text: typeof value === "string" ? value : JSON.stringify(value) };
      return;
    }
    this.refusals = 0;
    this.trouble = undefined;
    if (this.pending && this.program.calculations[this.next]?.operation === intent) {
      this.results.push(result);
    } else if (!this.pending) {
      // Nobody asked for it here, yet it was done: `that` can mean it.
      const operand = (name: string) => numberOperand(Number(this.step?.fields[name] ?? 0));
      this.program.values = [...this.program.values, this.program.push(intent, operand("a"), operand("b"))];
      this.results.push(result);
    }
    this.step = undefined;
  }
}

function isOperation(intent: string): intent is Operation {
  return intent === "add" || intent === "subtract" || intent === "multiply" || intent === "divide";
}

/** A result as a number; `undefined` for what is none, such as the infinity of a division by zero. */
function readResult(value: Json): number | undefined {
  const result = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}
