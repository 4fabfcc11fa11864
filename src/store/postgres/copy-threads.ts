import { StorageError } from "../../base/errors.ts";
import { parseThreadId } from "../../base/ids.ts";
import type { SqlRow, Statements } from "../sqlite/port.ts";
import { number, text, textOrNull } from "../sqlite/row.ts";
import { EVENTS_PER_THREAD } from "../sqlite/threads.ts";
import type { Query } from "./database.ts";
import { verifyThread } from "./events.ts";
import { encodeText } from "./text.ts";

/** What one statement carries at most, unless one thread has more. */
const EVENTS_AT_ONCE = 2_000;

/**
 * Copies threads of a file, given by their rows, byte for byte, and verifies each in the target. Throws `StorageError` for one
 * that does not verify.
 */
export async function copyThreads(query: Query, sql: Statements, threads: readonly SqlRow[]): Promise<void> {
  for (const group of inGroups(threads)) await copyGroup(query, sql, group);
}

/** Threads with so few events together that one statement takes them all; a long thread is alone. */
function inGroups(threads: readonly SqlRow[]): readonly (readonly SqlRow[])[] {
  const groups: SqlRow[][] = [];
  let events = Number.POSITIVE_INFINITY;
  for (const thread of threads) {
    events += number(thread, "seq");
    if (events > EVENTS_AT_ONCE) {
      groups.push([]);
      events = number(thread, "seq");
    }
    groups.at(-1)?.push(thread);
  }
  return groups;
}

/** Columns of a thread that are copied as they are: texts, which are encoded, and numbers, each with its type. */
const TEXTS = ["agent", "status", "title", "awaited_event", "parent_id", "subject", "requester"] as const;
const NUMBERS = [
  ["created_at", "bigint"],
  ["updated_at", "bigint"],
  ["listed_at", "bigint"],
  ["wanted_since", "bigint"],
  ["wake_at", "bigint"],
  ["pending_request", "integer"],
  ["tokens", "bigint"],
] as const;
const THREAD_TYPES = [
  "text",
  "integer",
  "bytea",
  ...TEXTS.map(() => "text"),
  ...NUMBERS.map(([, type]) => type),
];
const COPY_THREADS = `
INSERT INTO threads (id, seq, head, ${[...TEXTS, ...NUMBERS.map(([name]) => name)].join(", ")})
SELECT * FROM unnest(${THREAD_TYPES.map((type, index) => `$${index + 1}::${type}[]`).join(", ")}) RETURNING id, key`;

const COPY_EVENTS = `
INSERT INTO events (thread, seq, type, v, at, data, salt, digest, erased)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::bytea[], $8::bytea[],
  $9::bytea[])`;

const COPY_ONCE =
  "INSERT INTO once (key, thread, seq) SELECT * FROM unnest($1::text[], $2::text[], $3::integer[])";

async function copyGroup(query: Query, sql: Statements, threads: readonly SqlRow[]): Promise<void> {
  const keys = await copyRows(query, threads);
  const events = threads.flatMap((thread) => {
    const first = number(thread, "key") * EVENTS_PER_THREAD;
    const rows = sql("SELECT * FROM events WHERE id > ? AND id < ? ORDER BY id");
    return rows.all(first, first + EVENTS_PER_THREAD).map((event) => ({
      ...event,
      thread: keys.get(text(thread, "id")),
      seq: number(event, "id") - first,
    }));
  });
  const column = (name: string) =>
    events.map((event: Readonly<Record<string, unknown>>) => event[name] ?? null);
  const plain = ["thread", "seq", "type", "v", "at", "data"].map(column);
  const binary = ["salt", "digest", "erased"].map((name) => column(name).map(toBuffer));
  await query(COPY_EVENTS, [...plain, ...binary], "copy events");
  const once = threads.flatMap((thread) =>
    sql("SELECT key, seq FROM once WHERE thread = ?")
      .all(number(thread, "key"))
      .map((row) => [encodeText(text(row, "key")), text(thread, "id"), number(row, "seq")]),
  );
  if (once.length > 0)
    await query(
      COPY_ONCE,
      [0, 1, 2].map((at) => once.map((row) => row[at])),
      "copy once",
    );
  for (const thread of threads) await requireWhole(query, text(thread, "id"));
}

/** Copies the rows of threads; returns the keys that they have in the target, by id. */
async function copyRows(query: Query, threads: readonly SqlRow[]): Promise<ReadonlyMap<string, unknown>> {
  const texts = TEXTS.map((name) =>
    threads.map((row) => {
      const value = textOrNull(row, name);
      return value === null ? null : encodeText(value);
    }),
  );
  const numbers = NUMBERS.map(([name]) =>
    threads.map((row) => (row[name] === null ? null : number(row, name))),
  );
  const { rows } = await query(
    COPY_THREADS,
    [
      threads.map((row) => text(row, "id")),
      threads.map((row) => number(row, "seq")),
      threads.map((row) => toBuffer(row["head"])),
      ...texts,
      ...numbers,
    ],
    "copy threads",
  );
  return new Map(rows.map((row) => [String(row["id"]), row["key"]]));
}

async function requireWhole(query: Query, name: string): Promise<void> {
  const id = parseThreadId(name);
  if (id === undefined)
    throw new StorageError("storage_corrupt", `the source has a thread without an id: ${name}`);
  const { ok, problem } = await verifyThread(query, id, undefined, "verify");
  if (ok) return;
  const message = `thread ${id} does not verify, in the source either: ${problem?.message}`;
  throw new StorageError("storage_corrupt", message, { details: { threadId: id } });
}

function toBuffer(value: unknown): Buffer | null {
  return value instanceof Uint8Array ? Buffer.from(value) : null;
}
