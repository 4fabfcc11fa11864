import type { SearchText, SearchWord } from "../../base/search-words.ts";
import { newestFirst, type Position } from "../page.ts";
import { idPrefixOf, LOOKED_AT_PER_PAGE, type Search, type ThreadSearch } from "../search.ts";
import type { SearchHit } from "../store.ts";
import type { SqlRow, Statements } from "./port.ts";
import { number, text, threadId } from "./row.ts";
import { type Waiting, waitingThreads } from "./search-texts.ts";
import { EVENTS_PER_THREAD } from "./threads.ts";

/** A word that stands in more texts than this is common: threads are gone through in order instead. */
const COMMON = 2_000;
const TEXTS_AT_ONCE = 200;

/** A row and its place in the order of lists. */
export interface Placed extends Position {
  readonly row: SqlRow;
}

export interface Found {
  readonly page: readonly Placed[];
  readonly hits: readonly SearchHit[];
  /** Where to go on, if there may be more. */
  readonly next: Placed | undefined;
}

/** What a search goes through. */
export interface Searched {
  readonly limit: number;
  /** Whether a thread with this row is wanted, and in the page. */
  readonly wants: (placed: Placed) => boolean;
  /** All wanted threads, from where the page begins, the latest first. */
  readonly inOrder: () => Iterable<Placed>;
}

/** How many texts of the latest threads are looked at before the index is asked: what is common is found among them. */
const LOOKED_AT_FIRST = 400;

/**
 * A page of what is found. If the latest threads do not fill it, the rarest word gives the threads that may fit; if all words
 * are common, the threads are gone through in order, as far as `LOOKED_AT_PER_PAGE` allows.
 */
export function searchPage(sql: Statements, search: Search, searched: Searched): Found {
  const { limit, wants, inOrder } = searched;
  const first = lookThrough(sql, search, { threads: inOrder(), limit, budget: LOOKED_AT_FIRST });
  if (first.page.length === limit || first.next === undefined) return first;
  const rare = rarest(sql, search);
  const threads = rare === undefined ? inOrder() : placesOf(sql, rare.keys()).filter(wants).sort(newestFirst);
  return lookThrough(sql, search, { threads, limit, budget: LOOKED_AT_PER_PAGE, known: rare });
}

function lookThrough(
  sql: Statements,
  search: Search,
  {
    threads,
    limit,
    budget,
    known,
  }: {
    readonly threads: Iterable<Placed>;
    readonly limit: number;
    readonly budget: number;
    readonly known?: Candidates | undefined;
  },
): Found {
  const page: Placed[] = [];
  const hits: SearchHit[] = [];
  let looked = 0;
  for (const thread of threads) {
    const result = search.begin(text(thread.row, "id"));
    looked += 1 + lookAt(sql, thread.key, result, known?.get(thread.key) ?? []);
    if (result.found) {
      page.push(thread);
      if (result.hit !== undefined) hits.push({ threadId: threadId(thread.row, "id"), ...result.hit });
    }
    if (page.length === limit || looked >= budget) return { page, hits, next: thread };
  }
  return { page, hits, next: undefined };
}

/** Threads by their keys, each with the texts that hold the word; none if the thread's id is what was searched for. */
type Candidates = ReadonlyMap<number, readonly SearchText[]>;

/** The threads that hold the rarest word; `undefined` if all words are common. */
function rarest(sql: Statements, search: Search): Candidates | undefined {
  const waiting = waitingThreads(sql)
    .flatMap((thread) => saidIn(sql, thread))
    .map((row) => ({ row, bits: search.match(text(row, "said")) }))
    .filter(({ bits }) => bits > 0);
  let found: Candidates | undefined;
  search.words.forEach((word, index) => {
    const rows = lookUpTexts(sql, word);
    if (rows === undefined) return;
    const fresh = waiting.filter(({ bits }) => (bits & (1 << index)) > 0).map(({ row }) => row);
    const threads = byThread([...fresh, ...rows]);
    const ids = threadsWithId(sql, word);
    if (ids === undefined) return;
    for (const key of ids) if (!threads.has(key)) threads.set(key, []);
    if (found === undefined || threads.size < found.size) found = threads;
  });
  return found;
}

function byThread(rows: readonly SqlRow[]): Map<number, SearchText[]> {
  const threads = new Map<number, SearchText[]>();
  for (const row of rows) {
    const id = number(row, "id");
    const key = Math.floor(id / EVENTS_PER_THREAD);
    const texts = threads.get(key) ?? [];
    texts.push({ seq: id - key * EVENTS_PER_THREAD, text: text(row, "said") });
    threads.set(key, texts);
  }
  for (const texts of threads.values()) texts.sort((a, b) => b.seq - a.seq);
  return threads;
}

/** Texts in the index that hold the word's tokens; `undefined` if there are too many, or the index cannot tell. */
function lookUpTexts(sql: Statements, { tokens, open }: SearchWord): readonly SqlRow[] | undefined {
  const exact = tokens.map((token) => `"${token}"`).join(" AND ");
  // A beginning is looked up only if the word itself is rare: all that begins with it is gathered first.
  for (const query of open ? [exact, `${exact} *`] : [exact]) {
    const rows = matches(sql, query);
    if (rows === undefined || query !== exact || !open) return rows;
  }
  return undefined;
}

function matches(sql: Statements, query: string): readonly SqlRow[] | undefined {
  try {
    const ids = sql("SELECT rowid AS id FROM search_words WHERE search_words MATCH ? LIMIT ?").all(
      query,
      COMMON + 1,
    );
    if (ids.length > COMMON) return undefined;
    return ids.flatMap((row) => {
      const found = sql("SELECT id, said FROM events WHERE id = ? AND said IS NOT NULL").get(
        number(row, "id"),
      );
      return found === undefined ? [] : [found];
    });
  } catch (error) {
    // It divides some rare scripts into words in another way, and takes only single ones.
    if (error instanceof Error && error.message.includes("fts5")) return undefined;
    throw error;
  }
}

function threadsWithId(sql: Statements, word: SearchWord): readonly number[] | undefined {
  const prefix = idPrefixOf(word);
  if (prefix === undefined) return [];
  const keys = [...new Set([prefix, prefix.toLowerCase()])].flatMap((start) =>
    sql("SELECT key FROM threads WHERE id >= ? AND id < ? LIMIT ?").all(start, `${start}~`, COMMON + 1),
  );
  return keys.length > COMMON ? undefined : keys.map((row) => number(row, "key"));
}

/** Shows a thread's texts to the search until it has seen enough. Returns how many it has looked at. */
function lookAt(sql: Statements, key: number, search: ThreadSearch, known: readonly SearchText[]): number {
  const first = key * EVENTS_PER_THREAD;
  let looked = 0;
  for (const one of known) {
    looked += 1;
    if (!search.look(one)) return looked;
  }
  for (let end = first + EVENTS_PER_THREAD; ; ) {
    const rows = sql(
      `SELECT id, said FROM events WHERE id > ? AND id < ? AND said IS NOT NULL ORDER BY id DESC LIMIT ${TEXTS_AT_ONCE}`,
    ).all(first, end);
    for (const row of rows) {
      looked += 1;
      end = number(row, "id");
      if (!search.look({ seq: end - first, text: text(row, "said") })) return looked;
    }
    if (rows.length < TEXTS_AT_ONCE) return looked;
  }
}

/** The texts of a thread's events after `after`, up to `upTo`. */
function saidIn(sql: Statements, { key, after, upTo }: Waiting): readonly SqlRow[] {
  const first = key * EVENTS_PER_THREAD;
  return sql("SELECT id, said FROM events WHERE id > ? AND id <= ? AND said IS NOT NULL").all(
    first + after,
    first + upTo,
  );
}

function placesOf(sql: Statements, keys: Iterable<number>): Placed[] {
  return [...keys].flatMap((key) => {
    const row = sql("SELECT * FROM threads WHERE key = ?").get(key);
    return row === undefined ? [] : [{ row, time: Number(row["listed_at"]), key }];
  });
}
