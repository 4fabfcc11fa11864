import { closeUp, type SearchText, type SearchWord, searchWords, wordMatcher } from "../base/search-words.ts";

/** How many texts a search looks at for one page, once it goes through threads in the order of lists. */
export const LOOKED_AT_PER_PAGE = 6_000;

/** A search, ready to be asked about threads. */
export interface Search {
  readonly words: readonly SearchWord[];
  /** True if nothing is searched for: every thread fits. */
  readonly empty: boolean;
  /** Which words a stored text holds: bit `n` stands for `words[n]`. */
  match(text: string): number;
  /** Decides about one thread, text by text, the latest first. */
  begin(threadId: string): ThreadSearch;
}

export interface ThreadSearch {
  /** Takes in a further text, as it is stored. Returns false once no further text can matter. */
  look(text: SearchText): boolean;
  /** True if all words were found so far. */
  readonly found: boolean;
  /** The text with most of the words, the latest of these; `undefined` if only the id holds any. */
  readonly hit: SearchText | undefined;
}

export function createSearch(query: string): Search {
  const words = searchWords(query);
  const all = 2 ** words.length - 1;
  const match = wordMatcher(words);
  const begin = (threadId: string): ThreadSearch => {
    let found = words.reduce((bits, word, index) => (isIdOf(word, threadId) ? bits | (1 << index) : bits), 0);
    let best = 0;
    let hit: SearchText | undefined;
    return {
      look({ seq, text }) {
        const here = match(text);
        found |= here;
        const count = bitsIn(here);
        if (count > best) {
          best = count;
          hit = { seq, text: closeUp(text) };
        }
        return found !== all;
      },
      get found() {
        return found === all;
      },
      get hit() {
        return hit;
      },
    };
  };
  // Signs alone, such as "?", are no words: nothing is found by them.
  return { words, empty: query.trim() === "", match, begin };
}

/** The beginning of a thread's id that the word may be; also for the id of one of its requests. */
export function idPrefixOf({ text }: SearchWord): string | undefined {
  return /^([A-Za-z0-9_-]{4,64})(?:\.\d{1,10})?$/.exec(text)?.[1];
}

function isIdOf(word: SearchWord, threadId: string): boolean {
  const prefix = idPrefixOf(word);
  return prefix !== undefined && threadId.toLowerCase().startsWith(prefix.toLowerCase());
}

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count += 1;
  return count;
}
