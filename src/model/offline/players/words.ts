/** What people write, read for the players: by its form, not by its meaning. */

/** The parts of a text that ask for something: without those in which `refused` is found. */
export function withoutRefused(words: string, refused: RegExp): string {
  const clauses = words.split(/[,;!?\n](?!\d)|\.(?=\s|$)|\s(?=but\s+(?:not|do|never)\b)/i);
  return clauses.filter((clause) => !refused.test(clause)).join("\n");
}

const TAG = /\b(?:v|(?:version|release|tag)\s+v?)\d+(?:\.\d+)*(?:-[\w.]*\w)?|\b\d+(?:\.\d+)+(?:-[\w.]*\w)?/gi;

/** The tags that are named, as `v1.2.0`, `1.2.0` or `version 1.2.0`: all in the first form, in small letters. */
export function tagsIn(words: string): readonly string[] {
  return (words.match(TAG) ?? []).map((name) => `v${name.replace(/^\D+/, "")}`.toLowerCase());
}

const NUMBER = String.raw`(\d(?:[\d.,'\u00a0]| (?=\d{3}))*\d|\d)`;
const AMOUNT = new RegExp(String.raw`(?:€|\beur(?:os?)?\b)\s*${NUMBER}|${NUMBER}\s*(?:€|eur(?:os?)?\b)`, "i");
/** Other ways to name an amount, which are asked about. */
const UNCLEAR =
  /\d\s*%|\bpercent\b|\bhalf\b|[$£]\s*\d|\d\s*(?:dollars?|pounds?|cents?)\b|\brefund (?:me )?\d/i;

/** The first amount in euros; `undefined` if none is named, `NaN` for one that is not clear. */
export function amountIn(words: string): number | undefined {
  const [, before, after] = AMOUNT.exec(words) ?? [];
  const found = before ?? after;
  if (found === undefined) return UNCLEAR.test(words) ? Number.NaN : undefined;
  return readNumber(found);
}

/** Thousands apart by points, commas, blanks or apostrophes, and at most two decimals after a point or a comma. */
const THOUSANDS = /^(\d{1,3}(?:([.,' \u00a0])\d{3}(?:\2\d{3})*))(?:[.,](\d{1,2}))?$/;
const PLAIN = /^(\d+)(?:[.,](\d{1,2}))?$/;

/** A number as people write it in Europe or elsewhere: `1.200,50`, `1,200.50`, `1200.5`. `NaN` for anything else. */
function readNumber(text: string): number {
  const grouped = THOUSANDS.exec(text);
  const plain = grouped ?? PLAIN.exec(text);
  const whole = plain?.[1]?.replace(/\D/g, "") ?? "none";
  return Number(`${whole}.${(grouped === null ? plain?.[2] : plain?.[3]) ?? 0}`);
}
