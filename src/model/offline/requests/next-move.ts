import type { Json } from "../../../base/json.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";
import { type Call, type Operand, Reading } from "./read-request.ts";
import type { Tool } from "./tools.ts";

const THANKS = /^\W*(?:(?:many|great|ok|okay),? )*(?:thanks?|cheers|great|perfect|good|bye)\b/i;
/** `no, use 4`: rejects the proposal and may say more. */
const REJECTION =
  /^(?:(?:no+|nope|wrong|stop|cancel|forget|never ?mind|enough)(?: (?:it|that|this))?\b[\s,.;:!]*)+/i;
/** `do not divide`, `5 rather than 2`: what is not wanted. */
const NOT_WANTED =
  /\b(?:do not|don't|never)\b(?: \w+(?: it| that| this)?(?=[\s,.;:!]*(?:$|[,.;:])))?|\b(?:instead of|rather than|not)\b(?: by| with)? \S+/i;
/** `divide 5 by 0; if that fails, add 5 and 1`: what to do instead. */
const IF_IT_FAILS = /[\s,;.]*(?:\b(?:and|but) )?\bif (?:that|it|this) fails,? (?:then )?(.+)$/is;
const AGAIN = /\b(?:again|retry|go on|continue|proceed|go ahead)\b/i;
const CHANGE = /\b(?:instead|rather|stop|cancel|never ?mind|forget)\b/i;

/** What the thread asks for next: one tool call at a time, in the order in which the request needs them. */
export function nextMove(turns: readonly Turn[], tools: readonly Tool[]): Move {
  const plan = new Plan(tools);
  for (const turn of turns) plan.take(turn);
  return plan.reply ?? plan.goOn();
}

/** What people asked for and what became of it. */
class Plan {
  /** What to say before anything else. */
  reply: Move | undefined;
  private calls: Call[] = [];
  private last: Operand | undefined;
  /** The latest request's first call: earlier ones have been answered. */
  private requestStart = 0;
  private proposed: string | undefined;
  /** What to do if a step fails. */
  private otherwise: string | undefined;
  private readonly tools: readonly Tool[];

  constructor(tools: readonly Tool[]) {
    this.tools = tools;
  }

  take(turn: Turn): void {
    if (turn.kind === "said") this.hear(turn.text);
    if (turn.kind === "denied" && this.next !== undefined) {
      this.correct(
        this.next,
        turn.text,
        ask(`I will not run ${describe(this.next)}. What should I do instead?`),
      );
    }
    if (turn.kind === "step") this.proposed = turn.intent;
    if (turn.kind === "result") this.finishCall(turn.intent ?? this.proposed, turn.value);
    if (turn.kind === "failed" && this.otherwise !== undefined) {
      this.calls = this.calls.filter(({ result }) => result !== undefined);
      this.hear(this.otherwise);
    } else if (turn.kind === "failed") {
      const reason = quote(turn.text.split("\n")[0] ?? "").replace(/[. ]+$/, "");
      this.reply = ask(`I could not run ${describe(this.next)}: ${reason}. What should I do instead?`);
    }
  }

  /** The next call, a question about it, or the results. */
  goOn(): Move {
    const incomplete = this.calls.find(isIncomplete);
    if (incomplete !== undefined) return askForValue(incomplete);
    if (this.next === undefined) return finish(this.resultSentence());
    const { tool, operands } = this.next;
    const values = tool.fields.map(({ name }, at): [string, Json] => [name, valueIn(operands[at]) ?? null]);
    return { kind: "call", intent: tool.intent, fields: Object.fromEntries(values) };
  }

  private get next(): Call | undefined {
    return this.calls.find(({ result }) => result === undefined);
  }

  private hear(text: string): void {
    const { next } = this;
    const inDoubt = this.reply?.kind === "ask" || CHANGE.test(text);
    const about = this.calls.find(isIncomplete) ?? (inDoubt ? next : undefined);
    if (about !== undefined) {
      this.correct(about, text, this.reply);
      return;
    }
    this.otherwise = IF_IT_FAILS.exec(text)?.[1];
    const wish = text.replace(IF_IT_FAILS, "");
    const { calls, last, bare, unread } = new Reading(wish, this.tools, this.last);
    this.reply = undefined;
    if (unread.length > 0) {
      this.reply = ask(`I do not understand '${quote(unread.join(", "))}'. Could you say it another way?`);
    } else if (calls.length > 0 || next !== undefined) {
      if (next === undefined) this.requestStart = this.calls.length;
      this.calls.push(...calls);
      this.last = last;
    } else if (this.calls.length > 0 && THANKS.test(text)) {
      this.reply = finish(`You are welcome. ${this.lastResult()}`);
    } else {
      this.last = last;
      const value = bare.map((one) => ` with ${inText(valueIn(one))}`).at(-1) ?? "";
      const can = this.tools.map(({ intent }) => intent.replaceAll("_", " ")).join(", ");
      this.reply = ask(
        `What should I do${value}? I can ${can}, with the numbers that you give me. What would you like?`,
      );
    }
  }

  /** Applies a person's comment to a call. If the comment is not understood, the reply is `otherwise`. */
  private correct(call: Call, comment: string, otherwise: Move | undefined): void {
    const text = comment.trim();
    const wish = text.replace(REJECTION, "").replace(NOT_WANTED, "");
    const { calls, bare, unread } = new Reading(
      wish,
      this.tools,
      isIncomplete(call) ? undefined : call.operands[0],
    );
    const values = bare.filter(({ kind }) => kind === "value");
    const last = calls.at(-1);
    this.reply = undefined;
    if (unread.length === 0 && last !== undefined && !calls.some(isIncomplete)) {
      this.calls.splice(this.calls.indexOf(call), 1, ...calls.slice(0, -1), Object.assign(call, last));
    } else if (unread.length > 0 || !fill(call, values)) {
      if (wish.trim() === "" || REJECTION.test(text)) this.stop();
      else if (!AGAIN.test(text) || isIncomplete(call)) this.reply = otherwise;
    }
  }

  private stop(): void {
    this.calls = this.calls.filter(({ result }) => result !== undefined);
    const done = this.calls.at(-1);
    this.last = done === undefined ? undefined : { kind: "result", of: done };
    this.reply = finish(`All right, I stop here. ${this.lastResult()}`.trim());
  }

  private finishCall(intent: string | undefined, value: Json): void {
    if (this.next === undefined || this.next.tool.intent !== intent) return;
    this.next.result = value;
    this.reply = undefined;
  }

  /** The latest request's results that no later call uses. */
  private resultSentence(): string {
    const used = this.calls.flatMap(({ operands }) =>
      operands.map((one) => (one.kind === "result" ? one.of : null)),
    );
    const results = this.calls
      .slice(this.requestStart)
      .filter((call) => !used.includes(call))
      .map(({ result }) => inText(result));
    if (results.length < 2) return `The result is ${results[0] ?? "not known"}.`;
    return `The results are ${results.slice(0, -1).join(", ")} and ${results.at(-1)}.`;
  }

  private lastResult(): string {
    const last = this.calls.findLast(({ result }) => result !== undefined);
    return last === undefined ? "" : `The last result is ${inText(last.result)}.`;
  }
}

function ask(text: string): Move {
  return { kind: "ask", text };
}

function finish(text: string): Move {
  return { kind: "finish", text };
}

function askForValue({ tool, operands }: Call): Move {
  const at = operands.findIndex(({ kind }) => kind === "missing");
  const wanted = tool.fields[at]?.holds;
  const missing = operands[at];
  const unread = missing?.kind === "missing" && missing.text !== "" ? missing.text : undefined;
  const known = operands.map(valueIn).filter((value) => value !== undefined);
  const question = `Which ${wanted} should I use to ${tool.intent.replaceAll("_", " ")}`;
  if (unread !== undefined) return ask(`I cannot read '${quote(unread)}' as a ${wanted}. ${question}?`);
  return ask(`${question}${known.length > 0 ? `, besides ${known.map(inText).join(" and ")}` : ""}?`);
}

function isIncomplete({ operands }: Call): boolean {
  return operands.some(({ kind }) => kind === "missing");
}

/**
 * Fills in what is missing, in order. If nothing is missing, a single value replaces the last one. Returns false for
 * too many values.
 */
function fill(call: Call, values: readonly Operand[]): boolean {
  const missing = call.operands.filter(({ kind }) => kind === "missing").length;
  const rest = [...values];
  if (rest.length === 0 || rest.length > Math.max(missing, 1)) return false;
  const isOpen = ({ kind }: Operand, at: number) =>
    missing > 0 ? kind === "missing" : at === call.operands.length - 1;
  call.operands = call.operands.map((operand, at) =>
    isOpen(operand, at) ? (rest.shift() ?? operand) : operand,
  );
  return true;
}

function valueIn(operand: Operand | undefined): Json | undefined {
  if (operand?.kind === "value") return operand.value;
  return operand?.kind === "result" ? operand.of.result : undefined;
}

/** `divide(12, 2)` */
function describe(call: Call | undefined): string {
  return call === undefined
    ? "that"
    : `${call.tool.intent}(${call.operands.map((one) => inText(valueIn(one))).join(", ")})`;
}

function inText(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "?");
}

/** What somebody wrote, shortened, without anything that could pass for JSON. */
function quote(text: string): string {
  return text.replace(/[{}[\]"`\p{C}]/gu, "").slice(0, 60);
}
