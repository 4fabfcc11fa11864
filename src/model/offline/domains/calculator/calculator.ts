import type { Domain, Move } from "../../domain.ts";
import type { Calculation, Operand } from "./program.ts";
import { Replay, type Trouble } from "./replay.ts";
import type { Operation } from "./tokens.ts";

const OPERATIONS: readonly Operation[] = ["add", "subtract", "multiply", "divide"];
const THANKS =
  /^(?:many |great,? |ok,? |okay,? |perfect,? )*(?:thanks?|thank you|cheers|great|perfect|ok|okay|good|bye)\b/i;
const GREETING = /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|howdy)\b/i;

/** Chained arithmetic in plain English, one tool call at a time. */
export const calculator: Domain = {
  name: "calculator",
  fits: (intents) => OPERATIONS.some((operation) => intents.has(operation)),
  nextMove(turns, intents) {
    const replay = new Replay(turns);
    if (replay.trouble !== undefined) return settle(replay, replay.trouble);
    const missing = replay.program.calculations.find(
      ({ a, b }) => a.kind === "missing" || b.kind === "missing",
    );
    if (missing !== undefined) return askForOperand(missing, replay);
    const next = replay.program.calculations[replay.next];
    if (next === undefined) return { kind: "finish", text: resultSentence(replay) };
    return compute(next, replay, intents);
  },
};

function compute(next: Calculation, replay: Replay, intents: ReadonlySet<string>): Move {
  const a = known(next.a, replay);
  const b = known(next.b, replay);
  if (a === undefined || b === undefined) return askForOperand(next, replay);
  if (!intents.has(next.operation)) {
    return { kind: "ask", text: `I have no tool to ${next.operation}. What should I do instead?` };
  }
  const first = replay.next === replay.requestStart;
  const prose = first ? `I'll ${next.operation} first.` : `Next I'll ${next.operation}.`;
  return { kind: "call", intent: next.operation, fields: { a, b }, prose };
}

function settle(replay: Replay, trouble: Trouble): Move {
  const next = replay.program.calculations[replay.next];
  switch (trouble.kind) {
    case "not_understood":
      return smallTalk(replay);
    case "unclear":
      return ask(
        `I am not sure what to do with '${quoted(trouble.parts.join(", "))}'. Could you say it another way?`,
      );
    case "bare": {
      const value = known(trouble.value, replay);
      if (trouble.value.kind === "number") return ask(`What should I do with ${shown(trouble.value.value)}?`);
      return value === undefined
        ? smallTalk(replay)
        : { kind: "finish", text: `That result is ${shown(value)}.` };
    }
    case "denied":
      return ask(`I will not ${describe(next, replay)}. What should I do instead?`);
    case "stopped":
      return { kind: "finish", text: `All right, I stop here. ${resultSoFar(replay)}`.trim() };
    case "failed":
      return ask(`I could not ${describe(next, replay)}: ${reason(trouble.text)}. What should I do instead?`);
    case "refused":
      return ask(`I cannot ${describe(next, replay)}: ${reason(trouble.text)}. What should I do instead?`);
  }
}

function smallTalk(replay: Replay): Move {
  if (replay.results.length > 0 && THANKS.test(replay.lastText.trim())) {
    return { kind: "finish", text: `You are welcome. ${resultSoFar(replay)}` };
  }
  const example = "for example: multiply 3 and 4, then add 12 to the result";
  return GREETING.test(replay.lastText.trim())
    ? ask(`Hello! What would you like me to calculate, ${example}?`)
    : ask(
        `I did not find a calculation in that. What should I add, subtract, multiply or divide, ${example}?`,
      );
}

function askForOperand(calculation: Calculation, replay: Replay): Move {
  const { a, b, operation } = calculation;
  const gibberish = [a, b].find((operand) => operand.kind === "missing" && operand.text !== "");
  if (gibberish?.kind === "missing") {
    return ask(
      `I cannot read '${quoted(replay.asWritten(gibberish.text))}' as a number. Which number should I ${operation} with?`,
    );
  }
  const other = [a, b].map((operand) => known(operand, replay)).find((value) => value !== undefined);
  const subject = other === undefined ? "Which numbers" : `Besides ${shown(other)}, which number`;
  return ask(`${subject} should I ${operation}?`);
}

function ask(text: string): Move {
  return { kind: "ask", text };
}

function known(operand: Operand, replay: Replay): number | undefined {
  if (operand.kind === "number") return operand.value;
  return operand.kind === "result" ? replay.results[operand.of] : undefined;
}

/** `divide 12 by 2`, as far as it is known. */
function describe(calculation: Calculation | undefined, replay: Replay): string {
  if (calculation === undefined) return "do that";
  const a = known(calculation.a, replay);
  const b = known(calculation.b, replay);
  if (a === undefined || b === undefined) return calculation.operation;
  switch (calculation.operation) {
    case "add":
      return `add ${shown(a)} and ${shown(b)}`;
    case "subtract":
      return `subtract ${shown(b)} from ${shown(a)}`;
    case "multiply":
      return `multiply ${shown(a)} by ${shown(b)}`;
    case "divide":
      return `divide ${shown(a)} by ${shown(b)}`;
  }
}

/** The values of the latest request that nothing was computed from any more. */
function answersOf(replay: Replay): readonly number[] {
  const { calculations } = replay.program;
  const used = new Set(
    calculations
      .flatMap(({ a, b }) => [a, b])
      .flatMap((operand) => (operand.kind === "result" ? [operand.of] : [])),
  );
  const answers = replay.results.filter((_, at) => at >= replay.requestStart && !used.has(at));
  return answers.length > 0 ? answers : replay.results.slice(-1);
}

function resultSentence(replay: Replay): string {
  const answers = answersOf(replay).map(shown);
  if (answers.length < 2) return `The result is ${answers[0] ?? "not known"}.`;
  return `The results are ${answers.slice(0, -1).join(", ")} and ${answers.at(-1)}.`;
}

function resultSoFar(replay: Replay): string {
  const last = replay.results.at(-1);
  return last === undefined ? "" : `The last result is ${shown(last)}.`;
}

/** A number for people: without the noise of binary fractions. */
function shown(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** What a person wrote, safe to repeat in an answer: short, and without anything that looks like JSON. */
function quoted(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:+*/%_-]/gu, "").slice(0, 60);
}

function reason(text: string): string {
  return quoted(text.split("\n")[0] ?? "").replace(/[. ]+$/, "") || "it failed";
}
