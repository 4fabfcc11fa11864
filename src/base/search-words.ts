/** What somebody searches for: a word, or several that stand together, such as `A-1020` or `"late delivery"`. */
export interface SearchWord {
  /** As it was typed, without quotes. */
  readonly text: string;
  /** Its letters and digits, folded: lower case, without accents. */
  readonly tokens: readonly string[];
  /** The last token may be the beginning of a longer one. */
  readonly open: boolean;
}

/** A text that can be found: what the event with this number says. */
export interface SearchText {
  readonly seq: number;
  readonly text: string;
}

const MAX_WORDS = 12;
const MAX_TOKENS = 12;
/** From this length on, a word also finds longer ones that begin with it. */
const OPEN_FROM = 3;

// Scripts that put no spaces between words: each character counts as a word.
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const BETWEEN = new RegExp(`(?<=[${UNSPACED}])(?=[\\p{L}\\p{N}])|(?<=[\\p{L}\\p{N}])(?=[${UNSPACED}])`, "gu");
const MAY_BE_UNSPACED = /[\u0e00-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\ud840-\udfff]/;
const ASCII = /^[\0-\x7f]*$/;

/** The words of a search, each of which must be found somewhere in a thread. At most 12; what stands in quotes is one. */
export function searchWords(query: string): readonly SearchWord[] {
  const words: SearchWord[] = [];
  for (const [whole, quoted] of query.slice(0, 1_000).matchAll(/"([^"]*)"|[^\s"]+/g)) {
    const text = quoted ?? whole;
    const tokens = tokensOf(text).slice(0, MAX_TOKENS);
    if (tokens.length === 0) continue;
    words.push({ text, tokens, open: quoted === undefined && tokens.join("").length >= OPEN_FROM });
    if (words.length === MAX_WORDS) break;
  }
  return words;
}

/** The words of a text as they are compared. */
export function tokensOf(text: string): readonly string[] {
  return foldText(spaceOut(text))
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== "");
}

/** Puts an invisible space between words that are written without any. */
export function spaceOut(text: string): string {
  if (ASCII.test(text)) return text;
  const whole = text.normalize("NFC");
  return MAY_BE_UNSPACED.test(whole) ? whole.replace(BETWEEN, "\u200b") : whole;
}

/** The text without what `spaceOut` has put in. */
export function closeUp(text: string): string {
  return text.replaceAll("\u200b", "");
}

function foldText(text: string): string {
  return ASCII.test(text)
    ? text.toLowerCase()
    : text
        .toLowerCase()
        .normalize("NFD")
        .replace(/[\u0300-\u036f]/g, "");
}

/** Matches a word in a folded text. */
export function wordPattern({ tokens, open }: SearchWord, flags = "u"): RegExp {
  const end = open ? "" : "(?![\\p{L}\\p{N}])";
  return new RegExp(`(?<![\\p{L}\\p{N}])${tokens.join("[^\\p{L}\\p{N}]+")}${end}`, flags);
}

/** What `findWords` looks for: made once for a search. */
export type WordMatcher = (text: string) => number;

/** Tells which of the words a text holds: bit `n` stands for `words[n]`. The text must come from `spaceOut`. */
export function wordMatcher(words: readonly SearchWord[]): WordMatcher {
  const patterns = words.map((word) => wordPattern(word));
  return (text) => {
    const folded = foldText(text);
    let found = 0;
    patterns.forEach((pattern, index) => {
      if (pattern.test(folded)) found |= 1 << index;
    });
    return found;
  };
}

/** A piece of a text; `hit`: it is what was searched for. */
export interface MarkedPart {
  readonly text: string;
  readonly hit: boolean;
}

/** The text in parts, with the words of a search marked. All parts together are the text. */
export function markWords(text: string, query: string): readonly MarkedPart[] {
  const spans = spansOf(text, searchWords(query));
  const parts: MarkedPart[] = [];
  let end = 0;
  for (const [from, to] of spans) {
    if (to <= end) continue;
    const start = Math.max(from, end);
    if (start > end) parts.push({ text: text.slice(end, start), hit: false });
    parts.push({ text: text.slice(start, to), hit: true });
    end = to;
  }
  if (end < text.length) parts.push({ text: text.slice(end), hit: false });
  return parts;
}

/** A line of at most about `length` characters around the first word found. */
export function excerptOf(text: string, query: string, length = 160): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= length) return line;
  const first = spansOf(line, searchWords(query))[0]?.[0] ?? 0;
  const from = Math.max(0, Math.min(first - Math.floor(length / 4), line.length - length));
  const start = from === 0 ? 0 : line.indexOf(" ", from - 1) + 1 || from;
  const cut = line.slice(Math.min(start, first), Math.min(start, first) + length).toWellFormed();
  return `${start === 0 ? "" : "…"}${cut}${start + length < line.length ? "…" : ""}`;
}

/** Where the words stand in a text, in order. */
function spansOf(text: string, words: readonly SearchWord[]): readonly (readonly [number, number])[] {
  const { folded, origin } = foldWithOrigin(text);
  return words
    .flatMap((word) =>
      [...folded.matchAll(wordPattern(word, "gu"))].map(
        ({ index, 0: found }) => [origin[index] ?? 0, origin[index + found.length] ?? text.length] as const,
      ),
    )
    .sort((a, b) => a[0] - b[0] || b[1] - a[1]);
}

/** The folded text, and for each place in it the place in the text. */
function foldWithOrigin(text: string): { readonly folded: string; readonly origin: readonly number[] } {
  let folded = "";
  const origin: number[] = [];
  let place = 0;
  let unspaced = false;
  const isUnspaced = new RegExp(`[${UNSPACED}]`, "u");
  for (const character of text) {
    const now = isUnspaced.test(character);
    const piece = (now || unspaced ? "\u200b" : "") + foldText(character);
    unspaced = now;
    for (let index = 0; index < piece.length; index += 1) origin.push(place);
    folded += piece;
    place += character.length;
  }
  return { folded, origin };
}
