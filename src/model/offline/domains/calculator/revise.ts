import { type Calculation, numberOperand, type Operand, type Program } from "./program.ts";
import { readRequest } from "./read-request.ts";
import { tokenize } from "./tokenize.ts";

/** What a person's comment on a calculation means. */
export type Revision =
  /** The program was changed as they said. */
  | "changed"
  /** They want no more of it. */
  | "stopped"
  | "not_understood";

const STOP =
  /^(?:no+|nope|stop|cancel|abort|forget|never ?mind|enough|leave it|quit|deny|denied|rejected)\b(?! (?:\d|.*\b(?:use|instead|try|but|rather|make|should)\b))/;
const DO_NOT =
  /\b(?:do not|don't|dont|must not|mustn't|shouldn't|should not|never|no need to|not) (?:do |run |make |want )?(?:it|that|this|divid\w*|multipl\w*|add\w*|subtract\w*)/;
const SKIP = /\b(?:skip|leave (?:it |that |this )?out|omit|without)\b/;
const AGAIN = /\b(?:try again|retry|again|go on|continue|proceed|go ahead)\b/;
const SWAPS: readonly { readonly pattern: RegExp; readonly wanted: 1 | 2 }[] = [
  { pattern: /(.+?)\s*,?\s*(?:instead of|rather than|in place of|not)\s+(.+)/, wanted: 1 },
  { pattern: /not\s+(.+?)\s*,?\s*(?:but|rather|use)\s+(.+)/, wanted: 2 },
  { pattern: /(?:replace|swap|change)\s+(.+?)\s+(?:with|by|to|for)\s+(.+)/, wanted: 2 },
];

/**
 * Changes the calculation at `at` as a person says: `try dividing by 3 instead`, `use 5 rather than 2`, `12`, `skip
 * it`, `do not divide`. A calculation with missing values gets them filled in.
 */
export function revise(program: Program, at: number, text: string): Revision {
  const calculation = program.calculations[at];
  const lower = text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .trim();
  if (calculation === undefined || lower === "") return "stopped";
  if (swapOperand(program, at, calculation, lower)) return "changed";
  if (STOP.test(lower) || (DO_NOT.test(lower) && !/\b(?:but|instead)\b/.test(lower))) return "stopped";
  if (SKIP.test(lower)) {
    program.replace(at, [], calculation.a);
    return "changed";
  }
  const draft = program.before(at, calculation.a);
  const wanted = lower.replace(
    /^.*\b(?:do not|don't|dont) [^,;.]*[,;.]\s*|\b(?:instead of|rather than|in place of)\b.*$/g,
    "",
  );
  const { added, bare, unclear } = readRequest(tokenize(wanted), draft);
  const others = draft.calculations.slice(at);
  const result = draft.values.at(-1);
  if (unclear.length > 0 || others.some(hasMissing)) return "not_understood";
  if (added > 0 && result !== undefined) {
    program.replace(at, others, result);
    return "changed";
  }
  if (bare.length > 0) return putValues(program, at, calculation, bare) ? "changed" : "not_understood";
  return AGAIN.test(lower) && !hasMissing(calculation) ? "changed" : "not_understood";
}

export function hasMissing({ a, b }: Calculation): boolean {
  return a.kind === "missing" || b.kind === "missing";
}

/** `5 rather than 2`: the operand 2 becomes 5. False where nothing of the kind is said. */
function swapOperand(program: Program, at: number, calculation: Calculation, text: string): boolean {
  for (const { pattern, wanted } of SWAPS) {
    const match = pattern.exec(text);
    const fresh = onlyNumber(match?.[wanted] ?? "");
    const old = onlyNumber(match?.[wanted === 1 ? 2 : 1] ?? "");
    if (fresh === undefined || old === undefined) continue;
    const swap = (operand: Operand): Operand =>
      operand.kind === "number" && operand.value === old ? numberOperand(fresh) : operand;
    const changed = { ...calculation, a: swap(calculation.a), b: swap(calculation.b) };
    if (changed.a === calculation.a && changed.b === calculation.b) continue;
    program.replace(at, [changed], { kind: "result", of: at });
    return true;
  }
  return false;
}

/** The number in a text that holds exactly one. */
function onlyNumber(text: string): number | undefined {
  const numbers = tokenize(text).filter((token) => token.kind === "number");
  return numbers.length === 1 ? numbers[0]?.value : undefined;
}

/** Fills what is missing, in order; where nothing is, one value takes the place of the second operand. */
function putValues(
  program: Program,
  at: number,
  calculation: Calculation,
  values: readonly Operand[],
): boolean {
  const missing = [calculation.a, calculation.b].filter((operand) => operand.kind === "missing").length;
  if (values.length > Math.max(missing, 1)) return false;
  const rest = [...values];
  const fill = (operand: Operand) => (operand.kind === "missing" ? (rest.shift() ?? operand) : operand);
  const [value = calculation.b] = values;
  const filled =
    missing === 0
      ? { ...calculation, b: value }
      : { ...calculation, a: fill(calculation.a), b: fill(calculation.b) };
  program.replace(at, [filled], { kind: "result", of: at });
  return true;
}
