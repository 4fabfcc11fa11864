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

/** Said before, or in the place of, what is wanted: `no, use 4`. */
const REJECTION =
  /^(?:(?:no+|nope|wrong|stop|cancel|abort|forget|never ?mind|enough|quit|denied|rejected|deny|leave)(?: (?:it|that|this))?\b[\s,.;:!]*)+/;
/** `do not divide`, up to the end of the clause. */
const DO_NOT =
  /\b(?:do not|don't|dont|must not|mustn't|should not|shouldn't|never|no need to|not) (?:do |run |make |want )?(?:it|that|this|divid\w*|multipl\w*|add\w*|subtract\w*)\b[^,;.]*/;
/** Comments are short. */
const MAX_LENGTH = 500;
const SKIP = /\b(?:skip|leave (?:it |that |this )?out|omit|without)\b/;
const AGAIN = /\b(?:try again|retry|again|go on|continue|proceed|go ahead)\b/;
const SWAPS: readonly { readonly pattern: RegExp; readonly wanted: 1 | 2 }[] = [
  { pattern: /(.+?)\s*,?\s*(?:instead of|rather than|in place of|not)\s+(.+)/, wanted: 1 },
  { pattern: /not\s+(.+?)\s*(?:but|rather|use|,)\s*(.+)/, wanted: 2 },
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
  if (lower.length > MAX_LENGTH) return "not_understood";
  if (swapOperand(program, at, calculation, lower)) return "changed";
  if (SKIP.test(lower)) {
    program.replace(at, [], calculation.a);
    return "changed";
  }
  if (applyWish(program, at, calculation, wishIn(lower))) return "changed";
  if (REJECTION.test(lower) || DO_NOT.test(lower)) return "stopped";
  return AGAIN.test(lower) && !hasMissing(calculation) ? "changed" : "not_understood";
}

/** A comment without what it turns down. */
function wishIn(comment: string): string {
  return comment
    .replace(REJECTION, "")
    .replace(/^.*\bnot\b.*\bbut\b/, "")
    .replace(DO_NOT, "")
    .replace(/\b(?:instead of|rather than|in place of|not)\b.*$/, "");
}

/** Does what the wish says with the calculation. False, changing nothing, where it says nothing that can be done. */
function applyWish(program: Program, at: number, calculation: Calculation, wish: string): boolean {
  const draft = program.before(at, calculation.a);
  const from = hasMissing(calculation) ? undefined : calculation.a;
  const { added, bare, unclear } = readRequest(tokenize(wish), draft, from);
  const others = draft.calculations.slice(at);
  const result = draft.values.at(-1);
  if (unclear.length > 0 || others.some(hasMissing)) return false;
  if (added > 0 && result !== undefined) {
    program.replace(at, others, result);
    return true;
  }
  // An idle `that` is a value only where the comment says to take it.
  const values = /\b(?:use|try|take|put|with|by)\b/.test(wish)
    ? bare
    : bare.filter(({ kind }) => kind === "number");
  return values.length > 0 && putValues(program, at, calculation, values);
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
