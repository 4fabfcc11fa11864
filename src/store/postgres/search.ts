import type { SearchText, SearchWord } from "../../base/search-words.ts";
import { newestFirst, type Position } from "../page.ts";
import { idPrefixOf, LOOKED_AT_PER_PAGE, type Search } from "../search.ts";
import type { SearchHit } from "../store.ts";
import type { Query } from "./database.ts";
import { number, type Row, text, threadId } from "./row.ts";
import { lexeme } from "./search-texts.ts";
import { encodeText } from "./text.ts";

/** A word that stands in more texts than this is common: threads are gone through in order instead. */
const COMMON = 2_000;
const THREADS_AT_ONCE = 50;

export interface Found {
  readonly page: readonly Row[];
  readonly hits: readonly SearchHit[];
  /** Where to go on, if there may be more. */
  readonly next: Row | undefined;
}

/** What a search goes through. */
export interface Searched {
  readonly limit: number;
  /** Whether a thread with this row is wanted, and in the page. */
  readonly wants: (row: Row) => boolean;
  /** Wanted threads after a row, or from where the page begins, the latest first. */
  readonly after: (row: Row | undefined, count: number) => Promise<readonly Row[]>;
}

/**
 * A page of what is found. Words that many threads say are found by looking at the latest of them; if these do not fill the page,
 * by the rarest word, or, if all are common, by going on in order.
 */
export async function searchPage(query: Query, search: Search, searched: Searched): Promise<Found> {
  const latest = await searched.after(undefined, THREADS_AT_ONCE);
  const first: Looking = { page: [], hits: [], looked: 0, last: undefined };
  if (await look(query, search, { batch: latest, limit: searched.limit, looking: first })) {
    return { page: first.page, hits: first.hits, next: first.last };
  }
  if (latest.length < THREADS_AT_ONCE) return { page: first.page, hits: first.hits, next: undefined };
  const known = await rarest(query, search);
  if (known === undefined) {
    return goOn(query, search, searched, {
      looking: first,
      next: (last) => searched.after(last, THREADS_AT_ONCE),
    });
  }
  const candidates = await readCandidates(query, known, searched);
  let from = 0;
  const next = async () => {
    from += THREADS_AT_ONCE;
    return candidates.slice(from - THREADS_AT_ONCE, from);
  };
  return goOn(query, search, searched, {
    looking: { page: [], hits: [], looked: 0, last: undefined },
    next,
    known,
  });
}

/** How far a search has come. */
interface Looking {
  readonly page: Row[];
  readonly hits: SearchHit[];
  looked: number;
  last: Row | undefined;
}

/** Looks at threads that `next` gives, until the page is full, there are no more, or too many were looked at. */
async function goOn(
  query: Query,
  search: Search,
  { limit }: Searched,
  way: {
    readonly looking: Looking;
    readonly next: (last: Row | undefined) => Promise<readonly Row[]>;
    readonly known?: Candidates;
  },
): Promise<Found> {
  const { looking, next, known } = way;
  const { page, hits } = looking;
  while (looking.looked < LOOKED_AT_PER_PAGE) {
    const batch = await next(looking.last);
    if (await look(query, search, { batch, limit, looking, known }))
      return { page, hits, next: looking.last };
    if (batch.length < THREADS_AT_ONCE) return { page, hits, next: undefined };
  }
  return { page, hits, next: looking.last };
}

/** Looks at some threads; true if the page is full. */
async function look(
  query: Query,
  search: Search,
  {
    batch,
    limit,
    looking,
    known,
  }: {
    readonly batch: readonly Row[];
    readonly limit: number;
    readonly looking: Looking;
    readonly known?: Candidates | undefined;
  },
): Promise<boolean> {
  const results = await lookAt(query, search, batch, known);
  for (const [index, row] of batch.entries()) {
    const result = results[index];
    looking.last = row;
    looking.looked += result?.looked ?? 1;
    if (result?.search.found !== true) continue;
    looking.page.push(row);
    const { hit } = result.search;
    if (hit !== undefined) looking.hits.push({ threadId: threadId(row, "id"), ...hit });
    if (looking.page.length === limit) return true;
  }
  return false;
}

/** Threads by their keys, each with the texts that hold the word; none if the thread's id is what was searched for. */
type Candidates = ReadonlyMap<number, readonly SearchText[]>;

async function readCandidates(query: Query, rare: Candidates, { wants }: Searched): Promise<readonly Row[]> {
  const { rows } = await query("SELECT * FROM threads WHERE key = ANY($1::bigint[])", [[...rare.keys()]]);
  return rows.filter(wants).sort((a, b) => newestFirst(positionIn(a), positionIn(b)));
}

/**
 * The threads with the rarest of the words. The beginning of a word comes last, and only if the others are common: the index goes
 * through all that begins like it.
 */
async function rarest(query: Query, search: Search): Promise<Candidates | undefined> {
  let found: Candidates | undefined;
  for (const word of [...search.words].sort((a, b) => Number(a.open) - Number(b.open))) {
    if (word.open && found !== undefined) continue;
    const threads = await threadsWith(query, word);
    if (threads !== undefined && (found === undefined || threads.size < found.size)) found = threads;
  }
  return found;
}

async function threadsWith(query: Query, word: SearchWord): Promise<Candidates | undefined> {
  const wanted = tsquery(word);
  // Counted first: of a common word nothing is to be read.
  const counted = await query(
    "SELECT count(*) AS n FROM (SELECT 1 FROM search_texts WHERE words @@ $1::tsquery LIMIT $2) AS found",
    [wanted, COMMON + 1],
  );
  if (number(counted.rows[0] ?? {}, "n") > COMMON) return undefined;
  const { rows } = await query(
    "SELECT thread, seq, text FROM search_texts WHERE words @@ $1::tsquery LIMIT $2",
    [wanted, COMMON + 1],
  );
  const prefix = idPrefixOf(word);
  const named =
    prefix === undefined
      ? []
      : (
          await query(
            "SELECT key FROM threads WHERE (id >= $1 AND id < $1 || '~') OR (id >= $2 AND id < $2 || '~') LIMIT $3",
            [prefix, prefix.toLowerCase(), COMMON + 1],
          )
        ).rows;
  if (rows.length > COMMON || named.length > COMMON) return undefined;
  const threads = new Map<number, SearchText[]>();
  for (const row of named) threads.set(number(row, "key"), []);
  for (const row of rows) {
    const key = number(row, "thread");
    const texts = threads.get(key) ?? [];
    texts.push(textIn(row));
    threads.set(key, texts);
  }
  for (const texts of threads.values()) texts.sort((a, b) => b.seq - a.seq);
  return threads;
}

/** Tokens are letters and digits, so that quotes around them are enough. */
function tsquery({ tokens, open }: SearchWord): string {
  const last = tokens.length - 1;
  return tokens
    .map((token, index) => `'${encodeText(lexeme(token))}'${open && index === last ? ":*" : ""}`)
    .join(" & ");
}

async function lookAt(query: Query, search: Search, batch: readonly Row[], known: Candidates | undefined) {
  const results = batch.map((row) => ({ row, looked: 1, search: search.begin(text(row, "id")) }));
  for (const result of results) {
    for (const one of known?.get(number(result.row, "key")) ?? []) result.search.look(one);
  }
  const open = new Map(
    results
      .filter((result) => !result.search.found)
      .map((result) => [number(result.row, "key"), result] as const),
  );
  if (open.size === 0) return results;
  const { rows } = await query(
    "SELECT thread, seq, text FROM search_texts WHERE thread = ANY($1::bigint[])",
    [[...open.keys()]],
  );
  for (const row of rows.toSorted((a, b) => number(b, "seq") - number(a, "seq"))) {
    const result = open.get(number(row, "thread"));
    if (result === undefined) continue;
    result.looked += 1;
    result.search.look(textIn(row));
  }
  return results;
}

function textIn(row: Row): SearchText {
  return { seq: number(row, "seq"), text: text(row, "text") };
}

export function positionIn(row: Row): Position {
  return { time: Number(row["listed_at"]), key: number(row, "key") };
}
