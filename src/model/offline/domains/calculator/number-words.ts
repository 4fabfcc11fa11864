const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const UNITS: ReadonlyMap<string, number> = new Map(SMALL.split(" ").map((word, value) => [word, value]));
const TENS: ReadonlyMap<string, number> = new Map(
  "twenty thirty forty fifty sixty seventy eighty ninety".split(" ").map((word, at) => [word, (at + 2) * 10]),
);
const SCALES: ReadonlyMap<string, number> = new Map([
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
]);

/** A number that begins a text. */
export interface SpokenNumber {
  readonly value: number;
  /** Characters it takes up. */
  readonly length: number;
  /** The two numbers it may also be: `one hundred and twenty` is 120, or 100 and 20. */
  readonly split?: readonly [number, number];
}

/** The number at `position` of a lower-case text, in digits (`1,000`, `2.5 million`) or words, without a sign. */
export function readNumber(text: string, position: number): SpokenNumber | undefined {
  return readNumeral(text, position) ?? readSpoken(text, position);
}

// Not `12abc`, which is no number; but `3x4` and `3k`.
const NUMERAL =
  /((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(?:(?!\w)|(?=x\s*-?[\d(])|(?=k\b))(k\b|\s+(?:hundred|thousand|million|billion)\b)?/y;

function readNumeral(text: string, position: number): SpokenNumber | undefined {
  NUMERAL.lastIndex = position;
  const [whole, digits, scale] = NUMERAL.exec(text) ?? [];
  if (whole === undefined || digits === undefined) return undefined;
  const word = scale?.trim() ?? "";
  const factor = word === "k" ? 1e3 : word === "hundred" ? 100 : (SCALES.get(word) ?? 1);
  return { value: Number(digits.replaceAll(",", "")) * factor, length: whole.length };
}

interface Word {
  readonly word: string;
  /** Where it ends, relative to the start of the number. */
  readonly end: number;
}

function readSpoken(text: string, position: number): SpokenNumber | undefined {
  const words = wordsAt(text, position);
  const whole = readWhole(words);
  if (whole === undefined) {
    return words[0]?.word === "point" ? withDecimals(words, { value: 0, used: 0 }) : undefined;
  }
  return withDecimals(words, whole);
}

function wordsAt(text: string, position: number): Word[] {
  const words: Word[] = [];
  const pattern = /(?:[a-z]+)(?![\w])/y;
  const gap = /[ \t]+|-(?=[a-z])/y;
  for (let at = position; words.length < 30; ) {
    pattern.lastIndex = at;
    const word = pattern.exec(text)?.[0];
    if (word === undefined) break;
    words.push({ word, end: pattern.lastIndex - position });
    gap.lastIndex = pattern.lastIndex;
    if (!gap.test(text)) break;
    at = gap.lastIndex;
  }
  return words;
}

interface Whole {
  readonly value: number;
  /** How many words it takes. */
  readonly used: number;
  readonly split?: readonly [number, number];
}

/** `two hundred and five thousand and one`: groups below a thousand, each with its scale. */
function readWhole(words: readonly Word[]): Whole | undefined {
  let total = 0;
  let group: number | undefined;
  /** The smallest scale so far: the next one must be smaller. */
  let ceiling = Number.POSITIVE_INFINITY;
  /** Below what a number must be to join the group: 100 after `hundred`, 10 after `twenty`, 0 after `seven`. */
  let room = 1000;
  let split: readonly [number, number] | undefined;
  let used = 0;
  while (used < words.length) {
    const word = words[used]?.word ?? "";
    const next = words[used + 1]?.word ?? "";
    const small = UNITS.get(word) ?? TENS.get(word);
    const scale = SCALES.get(word);
    if (small !== undefined && small < room && (small > 0 || group === undefined)) {
      group = (group ?? 0) + small;
      room = TENS.has(word) ? 10 : 0;
    } else if (word === "hundred" && (group ?? 1) < 20) {
      group = (group ?? 1) * 100;
      room = 100;
    } else if (scale !== undefined && scale < ceiling && (group !== undefined || used === 0)) {
      total += (group ?? 1) * scale;
      group = undefined;
      ceiling = scale;
      room = 1000;
    } else if (word === "dozen" && used <= 1) {
      return { value: (group ?? 1) * 12, used: used + 1 };
    } else if ((word === "a" || word === "an") && used === 0 && isMagnitude(next)) {
      used += 1;
      continue;
    } else if (word === "and" && used > 0 && joins(words, used)) {
      const before = total + (group ?? 0);
      const rest = readWhole(words.slice(used + 1));
      if (rest === undefined || rest.value >= (group === undefined ? ceiling : 100)) break;
      split ??= rest.split === undefined ? [before, rest.value] : undefined;
    } else {
      break;
    }
    used += 1;
  }
  const value = total + (group ?? 0);
  const nothing = used === 0 || (used === 1 && /^an?$/.test(words[0]?.word ?? ""));
  if (nothing) return undefined;
  return split === undefined ? { value, used } : { value, used, split };
}

function isMagnitude(word: string): boolean {
  return word === "hundred" || word === "dozen" || SCALES.has(word);
}

/** True where the `and` at this place may continue the number: after a hundred or a scale, before a small number. */
function joins(words: readonly Word[], at: number): boolean {
  const before = words[at - 1]?.word ?? "";
  const after = words[at + 1]?.word ?? "";
  return (before === "hundred" || SCALES.has(before)) && (UNITS.has(after) || TENS.has(after));
}

/** Adds `point two five`, `point twenty five`, `and a half`, `and a quarter`. */
function withDecimals(words: readonly Word[], whole: Whole): SpokenNumber | undefined {
  const spoken = (used: number) => words.slice(whole.used, whole.used + used).map(({ word }) => word);
  const tail = spoken(3).join(" ");
  const fraction = tail === "and a half" ? 0.5 : tail === "and a quarter" ? 0.25 : undefined;
  if (fraction !== undefined) return end(words, whole.value + fraction, whole.used + 3);
  if (spoken(1)[0] !== "point") {
    const plain = end(words, whole.value, whole.used);
    return plain !== undefined && whole.split !== undefined ? { ...plain, split: whole.split } : plain;
  }
  let digits = "";
  let used = whole.used + 1;
  for (; used < words.length; used += 1) {
    const word = words[used]?.word ?? "";
    const small = word === "oh" ? 0 : (UNITS.get(word) ?? TENS.get(word));
    if (small === undefined) break;
    const afterTens = TENS.has(words[used - 1]?.word ?? "") && small > 0 && small < 10;
    digits = afterTens ? digits.slice(0, -1) + small : digits + small;
  }
  if (digits === "") return whole.used === 0 ? undefined : end(words, whole.value, whole.used);
  return end(words, Number(`${whole.value}.${digits}`), used);
}

function end(words: readonly Word[], value: number, used: number): SpokenNumber | undefined {
  const length = words[used - 1]?.end;
  return length === undefined ? undefined : { value, length };
}
