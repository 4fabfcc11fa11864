import { FOLD_VERSION } from "../../thread/kept-state.ts";
import type { AppendOptions } from "../store.ts";
import type { Database, Query } from "./database.ts";
import { inGroups } from "./group.ts";
import { number } from "./row.ts";
import { textColumns } from "./search-texts.ts";
import { encodeText } from "./text.ts";
import { type Addition, bytes, columnsOf, eventColumns, type ThreadRow } from "./threads.ts";

/** One thread that gets further events. */
export interface Extension {
  readonly before: ThreadRow;
  readonly addition: Addition;
  /** See `AppendOptions`. */
  readonly claim: AppendOptions["claim"];
}

/**
 * Extends a thread together with others. `false`: nothing was changed, for any of the reasons that `extendThreads` has.
 * `"unclear"`: the statement failed or its answer was lost; whether the thread was extended has to be looked up.
 */
export type ExtendTogether = (extension: Extension) => Promise<boolean | "unclear">;

/** How often, in ms, a working thread's place in lists is updated while only its number of events changes. */
const LISTED_EVERY = 10_000;

/** What is known of each thread, as the arrays that the statement gets: name and type, in the order of `rowOf`. */
const ROW = [
  ["key", "bigint"],
  ["seq", "integer"],
  ["head", "bytea"],
  ["new_seq", "integer"],
  ["new_head", "bytea"],
  ["at", "bigint"],
  ["gap", "boolean"],
  ["owner", "text"],
  ["past", "bigint"],
  ["agent", "text"],
  ["status", "text"],
  ["title", "text"],
  ["wanted", "boolean"],
  ["wake_at", "bigint"],
  ["pending_request", "integer"],
  ["awaited_event", "text"],
  ["parent_id", "text"],
  ["subject", "text"],
  ["requester", "text"],
  ["tokens", "bigint"],
] as const;
const EVENT = ["bigint", "integer", "text", "integer", "text", "text", "bytea", "bytea"] as const;
const TEXT = ["bigint", "integer", "text", "text"] as const;
const KEPT = ["bigint", "integer", "bytea", "text", "bytea"] as const;

/** The parameters of `unnest`, from `$first` on. */
function arrays(first: number, types: readonly string[]): string {
  return types.map((type, index) => `$${first + index}::${type}[]`).join(", ");
}

const FIRST_EVENT = 1 + ROW.length;
const FIRST_TEXT = FIRST_EVENT + EVENT.length;
const FIRST_KEPT = FIRST_TEXT + TEXT.length;

/**
 * Extends any number of threads in one statement, of the same text for all, so that the server plans it once. A thread that
 * another transaction has locked is left out rather than waited for: the others must not wait with it.
 */
const EXTEND = `
WITH wanted AS (
  SELECT * FROM unnest(${arrays(
    1,
    ROW.map(([, type]) => type),
  )}) AS w (${ROW.map(([name]) => name).join(", ")})),
free AS (SELECT key FROM threads WHERE key = ANY($1::bigint[]) FOR NO KEY UPDATE SKIP LOCKED),
changed AS (
  UPDATE threads t SET seq = w.new_seq, head = w.new_head, updated_at = coalesce(w.at, t.updated_at),
    listed_at = CASE
      WHEN w.at IS NULL OR (abs(w.at - t.listed_at) < ${LISTED_EVERY}
        AND (t.agent, t.status, t.title, t.subject, t.requester, t.wanted_since IS NOT NULL, t.wake_at, t.pending_request,
          t.awaited_event, t.parent_id)
        IS NOT DISTINCT FROM (w.agent, w.status, w.title, w.subject, w.requester, w.wanted, w.wake_at, w.pending_request,
          w.awaited_event, w.parent_id))
      THEN t.listed_at ELSE w.at END,
    agent = w.agent, status = w.status, title = w.title,
    wanted_since = CASE WHEN w.wanted THEN coalesce(t.wanted_since, w.at, t.updated_at) END,
    wake_at = w.wake_at, pending_request = w.pending_request, awaited_event = w.awaited_event, parent_id = w.parent_id,
    subject = w.subject, requester = w.requester, tokens = w.tokens,
    searchable = CASE WHEN w.gap AND NOT t.unindexed THEN t.seq ELSE t.searchable END,
    unindexed = w.gap OR t.unindexed
  FROM wanted w
  WHERE t.key = w.key AND t.key = ANY(ARRAY(SELECT key FROM free)) AND t.seq = w.seq AND t.head = w.head
    AND (w.owner IS NULL
      OR EXISTS (SELECT 1 FROM leases l WHERE l.thread = w.key AND l.owner = w.owner AND l.until > w.past))
  RETURNING t.key, t.unindexed),
added AS (
  INSERT INTO events (thread, seq, type, v, at, data, salt, digest)
  SELECT e.* FROM unnest(${arrays(FIRST_EVENT, EVENT)}) AS e (thread, seq, type, v, at, data, salt, digest)
  WHERE e.thread IN (SELECT key FROM changed)),
said AS (
  INSERT INTO search_texts (thread, seq, text, words)
  SELECT s.thread, s.seq, s.text, array_to_tsvector(string_to_array(s.words, ' '))
  FROM unnest(${arrays(FIRST_TEXT, TEXT)}) AS s (thread, seq, text, words)
  WHERE s.thread IN (SELECT key FROM changed WHERE NOT unindexed)),
kept AS (
  INSERT INTO thread_states (thread, seq, fold, head, state, digest)
  SELECT k.thread, k.seq, ${FOLD_VERSION}, k.head, k.state, k.digest
  FROM unnest(${arrays(FIRST_KEPT, KEPT)}) AS k (thread, seq, head, state, digest)
  WHERE k.thread IN (SELECT key FROM changed)
  ON CONFLICT (thread) DO UPDATE SET seq = excluded.seq, fold = excluded.fold, head = excluded.head,
    state = excluded.state, digest = excluded.digest)
SELECT key FROM changed`;

/**
 * Extends threads that are in the state `before`. Returns the keys of those that were extended. A thread is left out, and
 * nothing of it changed, if another writer was first or holds it locked, or if `claim` names an owner who does not hold it.
 */
export async function extendThreads(
  query: Query,
  extensions: readonly Extension[],
): Promise<ReadonlySet<number>> {
  const events = extensions.map(({ before, addition: { events, digests } }) => {
    return [events.map(() => before.key), ...eventColumns(events, digests)];
  });
  const texts = extensions.map(({ before, addition: { texts = [] } }) => {
    return [texts.map(() => before.key), ...textColumns(texts)];
  });
  const kept = extensions.flatMap(({ before, addition: { kept } }) =>
    kept === undefined ? [] : [[before.key, kept.seq, bytes(kept.head), kept.text, bytes(kept.digest)]],
  );
  const { rows } = await query(
    EXTEND,
    [
      ...transpose(extensions.map(rowOf), ROW.length),
      ...joinColumns(events, EVENT.length),
      ...joinColumns(texts, TEXT.length),
      ...transpose(kept, KEPT.length),
    ],
    "extend",
  );
  return new Set(rows.map((row) => number(row, "key")));
}

/** What one statement carries at most, in characters of events; a thread counts as 10,000 at least. */
const MOST_CHARACTERS = 1_000_000;

export function extendInGroups(database: Pick<Database, "attempt">): ExtendTogether {
  const extend = async (group: readonly Extension[]): Promise<readonly (boolean | "unclear")[]> => {
    const attempt = await database.attempt((query) => extendThreads(query, group)).catch(() => undefined);
    return group.map(({ before }) => (attempt?.kind === "done" ? attempt.value.has(before.key) : "unclear"));
  };
  const weight = ({ addition: { events } }: Extension) =>
    10_000 + events.reduce((sum, { text }) => sum + text.length, 0);
  return inGroups(extend, { most: MOST_CHARACTERS, weight });
}

/** Extends one thread; see `extendThreads`. */
export async function extendThread(query: Query, extension: Extension): Promise<boolean> {
  return (await extendThreads(query, [extension])).size === 1;
}

function rowOf({ before, addition, claim }: Extension): readonly unknown[] {
  const { events, digests, projection, texts } = addition;
  return [
    before.key,
    before.seq,
    bytes(before.head),
    before.seq + events.length,
    bytes(digests.at(-1) ?? before.head),
    events.at(-1)?.time ?? null,
    events.length > 0 && texts === undefined,
    claim === undefined ? null : encodeText(claim.owner),
    claim === undefined ? null : Math.floor(claim.past),
    ...columnsOf(projection),
  ];
}

/** Rows as columns, of which there are `width`. */
function transpose(rows: readonly (readonly unknown[])[], width: number): readonly unknown[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column]));
}

/** The same columns of several tables, one below the other. */
function joinColumns(
  tables: readonly (readonly (readonly unknown[])[])[],
  width: number,
): readonly (readonly unknown[])[] {
  return Array.from({ length: width }, (_, column) => tables.flatMap((table) => table[column] ?? []));
}
