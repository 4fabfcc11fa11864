import { NotFoundError, SequenceConflictError, StorageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import { type SearchText, spaceOut } from "../base/search-words.ts";
import { contentOf, genesisDigest, linkDigest, type StoredEvent } from "../thread/chain.ts";
import { verifyChain } from "../thread/chain-verify.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { fold } from "../thread/fold.ts";
import { decodeEvent } from "../thread/stored-event.ts";
import { checkProjection, checkTime } from "./check.ts";
import { type EncodedEvent, encodeEvents } from "./encode.ts";
import { cannotErase, KEPT_CONTENT, standInsOf } from "./erasure.ts";
import { cursorOf, matches, newestFirst, type Position, pageLimit, pageStart } from "./page.ts";
import { createSearch, type Search, type ThreadSearch } from "./search.ts";
import type {
  AppendOptions,
  ListFilter,
  ThreadPage,
  ThreadProjection,
  ThreadStore,
  ThreadSummary,
} from "./store.ts";

interface Stored {
  /** Its place in the order of creation. */
  readonly key: number;
  readonly events: StoredEvent[];
  /** What it can be found by, in the order of events. */
  readonly texts: readonly SearchText[];
  /** Its events up to this one can be found. */
  readonly searchable: number;
  readonly summary: ThreadSummary;
  /**
   * Since when there has been something for a worker to do, in ms since the epoch; `null` if there is nothing to do.
   */
  readonly wantedSince: number | null;
}

interface Value {
  readonly value: string;
  readonly expiresAt: number | undefined;
  readonly about: ThreadId | undefined;
}

interface Memory {
  readonly threads: Map<ThreadId, Stored>;
  readonly leases: Map<ThreadId, { readonly owner: string; readonly until: number }>;
  readonly once: Map<string, { readonly threadId: ThreadId; readonly seq: number }>;
  readonly values: Map<string, Value>;
  created: number;
}

/**
 * Creates a store that exists only as long as the process: for tests, examples, and agents whose threads need not
 * outlive a call. It keeps the same text and the same hash chain as the other stores, so that it behaves as they do.
 *
 * @example
 * const runtime = createRuntime({ agents: [calculator], store: createMemoryStore() });
 */
export function createMemoryStore(): ThreadStore {
  let opened: Memory | undefined = {
    threads: new Map(),
    leases: new Map(),
    once: new Map(),
    values: new Map(),
    created: 0,
  };
  const memory = (): Memory => {
    if (opened === undefined) throw new StorageError("storage_failed", "the store is closed");
    return opened;
  };
  // Every method is async, so that an error rejects its promise, as in a store that has to wait.
  return {
    async append(threadId, expectedSeq, events, { projection, once, claim, texts }) {
      const encoded = encodeEvents(expectedSeq, events);
      checkProjection(projection);
      const before = once === undefined ? undefined : memory().once.get(once);
      if (before !== undefined) return { kind: "duplicate", ...before };
      if (claim !== undefined && !holds(memory(), threadId, claim)) return { kind: "not_claimed" };
      append(memory(), threadId, { expectedSeq, added: encoded, projection, texts });
      if (once !== undefined) memory().once.set(once, { threadId, seq: expectedSeq + encoded.length });
      return { kind: "appended" };
    },
    async read(threadId, after = 0) {
      return read(memory(), threadId, after);
    },
    async state(threadId) {
      return fold(read(memory(), threadId, 0));
    },
    async summary(threadId) {
      return memory().threads.get(threadId)?.summary;
    },
    async summaries(threadIds) {
      return threadIds.flatMap((threadId) => memory().threads.get(threadId)?.summary ?? []);
    },
    async list(filter = {}) {
      return list(memory(), filter);
    },
    async unindexed(agents, limit, countTo = Number.POSITIVE_INFINITY) {
      const found = [...memory().threads].flatMap(([threadId, { summary, searchable }]) =>
        searchable < summary.seq && agents.includes(summary.agent)
          ? [{ threadId, after: searchable, at: summary.updatedAt }]
          : [],
      );
      const threads = found.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, limit);
      const count = Math.min(found.length, countTo);
      return { threads: threads.map(({ threadId, after }) => ({ threadId, after })), count };
    },
    async index(threadId, { after, seq, texts, projection }) {
      checkProjection(projection);
      const { subject, requester, tokens } = projection;
      const thread = memory().threads.get(threadId);
      if (thread === undefined || thread.searchable !== after || thread.summary.seq !== seq) return false;
      memory().threads.set(threadId, {
        ...thread,
        summary: { ...thread.summary, subject, requester, tokens },
        searchable: seq,
        texts: [...thread.texts, ...keepTexts(texts)],
      });
      return true;
    },
    async verify(threadId, anchor) {
      const { events } = find(memory(), threadId);
      return verifyChain(threadId, events, { seq: events.length, digest: headOf(threadId, events) }, anchor);
    },
    async erase(threadId, expectedSeq, { replacements, record, projection, texts }) {
      const standIns = new Map(standInsOf(replacements, record).map((standIn) => [standIn.seq, standIn]));
      const encoded = encodeEvents(expectedSeq, [record]);
      checkProjection(projection);
      const thread = at(memory(), threadId, expectedSeq);
      const events = thread.events.map((event) => {
        const standIn = standIns.get(event.seq);
        if (standIn === undefined) return event;
        if (standIn.type !== event.type) throw cannotErase(threadId, standIn, event.type);
        return { ...event, text: standIn.text, salt: null, erased: contentOf(event) ?? null };
      });
      const left = thread.texts.filter(({ seq }) => !standIns.has(seq));
      for (const [key, { about }] of memory().values)
        if (about === threadId && key.startsWith(KEPT_CONTENT)) memory().values.delete(key);
      memory().threads.set(threadId, { ...thread, events, texts: left });
      append(memory(), threadId, { expectedSeq, added: encoded, projection, texts });
    },
    async delete(threadId, expectedSeq) {
      const { threads, once, leases, values } = memory();
      const thread = threads.get(threadId);
      if (thread === undefined) return false;
      const { seq } = thread.summary;
      if (expectedSeq !== undefined && seq !== expectedSeq) {
        throw new SequenceConflictError(threadId, expectedSeq, seq);
      }
      for (const [key, first] of once) if (first.threadId === threadId) once.delete(key);
      for (const [key, { about }] of values) if (about === threadId) values.delete(key);
      leases.delete(threadId);
      return threads.delete(threadId);
    },
    async claim(threadId, owner, now, until) {
      checkTime("until", until);
      const { threads, leases } = memory();
      if (!threads.has(threadId) || heldByAnother(memory(), threadId, owner, now)) return false;
      leases.set(threadId, { owner, until });
      return true;
    },
    async renew(owner, _now, until) {
      checkTime("until", until);
      const held = [...memory().leases].filter(([, lease]) => lease.owner === owner).map(([id]) => id);
      for (const threadId of held) memory().leases.set(threadId, { owner, until });
      return held;
    },
    async release(threadId, owner) {
      if (memory().leases.get(threadId)?.owner === owner) memory().leases.delete(threadId);
    },
    async due(now, limit, agents, { wantedBefore = Number.POSITIVE_INFINITY } = {}) {
      return due(memory(), { now, agents, wantedBefore }).slice(0, limit);
    },
    async getValue(key) {
      return memory().values.get(key)?.value;
    },
    async setValue(key, value, expected, { expiresAt, about } = {}) {
      if (expiresAt !== undefined) checkTime("expiresAt", expiresAt);
      if (memory().values.get(key)?.value !== expected) return false;
      memory().values.set(key, { value, expiresAt, about });
      return true;
    },
    async forgetValues(now) {
      const { values } = memory();
      const over = [...values].filter(([, { expiresAt }]) => expiresAt !== undefined && expiresAt <= now);
      for (const [key] of over) values.delete(key);
      return over.length;
    },
    async close() {
      opened = undefined;
    },
  };
}

function read(memory: Memory, threadId: ThreadId, after: number): readonly ThreadEvent[] {
  const { events } = find(memory, threadId);
  return events
    .slice(after)
    .map((event) => decodeEvent(threadId, { ...event, erased: event.erased !== null }));
}

function find({ threads }: Memory, threadId: ThreadId): Stored {
  const thread = threads.get(threadId);
  if (thread === undefined) throw noThread(threadId);
  return thread;
}

function at(memory: Memory, threadId: ThreadId, expectedSeq: number): Stored {
  const thread = find(memory, threadId);
  const { seq } = thread.summary;
  if (seq !== expectedSeq) throw new SequenceConflictError(threadId, expectedSeq, seq);
  return thread;
}

function append(
  memory: Memory,
  threadId: ThreadId,
  {
    expectedSeq,
    added,
    projection,
    texts,
  }: {
    readonly expectedSeq: number;
    readonly added: readonly EncodedEvent[];
    readonly projection: ThreadProjection;
    readonly texts: readonly SearchText[] | undefined;
  },
): void {
  const thread = expectedSeq === 0 ? undefined : at(memory, threadId, expectedSeq);
  const existing = memory.threads.get(threadId);
  if (thread === undefined && existing !== undefined) {
    throw new SequenceConflictError(threadId, 0, existing.summary.seq);
  }
  const events = thread?.events ?? [];
  let previous = headOf(threadId, events);
  for (const { seq, type, v, at, text, saltHex, content } of added) {
    previous = linkDigest(previous, seq, { type, v, at }, content);
    events.push({ seq, type, v, at, text, salt: saltHex, erased: null, digest: previous });
  }
  const indexed = thread?.searchable ?? 0;
  const isWhole = indexed === expectedSeq && (added.length === 0 || texts !== undefined);
  const updatedAt = added.at(-1)?.at ?? thread?.summary.updatedAt ?? "";
  memory.threads.set(threadId, {
    key: thread?.key ?? ++memory.created,
    events,
    texts: [...(thread?.texts ?? []), ...(isWhole ? keepTexts(texts ?? []) : [])],
    searchable: isWhole ? events.length : indexed,
    summary: {
      ...projection,
      threadId,
      seq: events.length,
      createdAt: thread?.summary.createdAt ?? added[0]?.at ?? updatedAt,
      updatedAt,
    },
    wantedSince: projection.wantsAdvance ? (thread?.wantedSince ?? Date.parse(updatedAt)) : null,
  });
}

function keepTexts(texts: readonly SearchText[]): readonly SearchText[] {
  return texts.map(({ seq, text }) => ({ seq, text: spaceOut(text) }));
}

function headOf(threadId: ThreadId, events: readonly StoredEvent[]): string {
  return events.at(-1)?.digest ?? genesisDigest(threadId);
}

function list({ threads }: Memory, filter: ListFilter): ThreadPage {
  const limit = pageLimit(filter);
  const start = pageStart(filter);
  const wanted = [...threads.values()]
    .map((thread) => ({ ...thread, time: Date.parse(thread.summary.updatedAt) }))
    .filter((thread) => matches(thread.summary, filter) && isAfter(thread, start))
    .sort(newestFirst);
  const search = createSearch(filter.search ?? "");
  const found = search.empty ? wanted : wanted.filter((thread) => findIn(thread, search).found);
  const page = search.words.length === 0 && !search.empty ? [] : found.slice(0, limit);
  const last = page.at(-1);
  return {
    threads: page.map(({ summary }) => summary),
    hits: search.empty
      ? []
      : page.flatMap((thread) => {
          const { hit } = findIn(thread, search);
          return hit === undefined ? [] : [{ threadId: thread.summary.threadId, ...hit }];
        }),
    unreadable: [],
    next: last !== undefined && found.length > limit ? cursorOf(last) : null,
  };
}

function findIn({ summary, texts }: Stored, search: Search): ThreadSearch {
  const result = search.begin(summary.threadId);
  for (const text of texts.toReversed()) if (!result.look(text)) break;
  return result;
}

function isAfter(position: Position, start: Position | undefined): boolean {
  return start === undefined || newestFirst(start, position) < 0;
}

function due(
  memory: Memory,
  { now, agents, wantedBefore }: { now: number; agents: readonly string[] | undefined; wantedBefore: number },
): ThreadId[] {
  const waiting: { readonly threadId: ThreadId; readonly since: number }[] = [];
  for (const [threadId, { summary, wantedSince }] of memory.threads) {
    if (agents !== undefined && !agents.includes(summary.agent)) continue;
    if (heldByAnother(memory, threadId, undefined, now)) continue;
    const woken = summary.wakeAt !== null && summary.wakeAt <= now ? summary.wakeAt : null;
    const abandoned = memory.leases.get(threadId)?.until;
    const wanted = wantedSince !== null && wantedSince <= wantedBefore ? wantedSince : null;
    const since = Math.min(...[wanted, woken, abandoned].map((at) => at ?? Number.POSITIVE_INFINITY));
    if (since !== Number.POSITIVE_INFINITY) waiting.push({ threadId, since });
  }
  return waiting.sort((a, b) => a.since - b.since).map(({ threadId }) => threadId);
}

/** In ms. A longer claim was made before the clock was set back. */
const LONGEST_CLAIM = 3_600_000;

function heldByAnother(memory: Memory, threadId: ThreadId, owner: string | undefined, now: number): boolean {
  const lease = memory.leases.get(threadId);
  return (
    lease !== undefined && lease.owner !== owner && lease.until > now && lease.until <= now + LONGEST_CLAIM
  );
}

function holds(
  { leases }: Memory,
  threadId: ThreadId,
  { owner, past }: NonNullable<AppendOptions["claim"]>,
): boolean {
  const lease = leases.get(threadId);
  return lease !== undefined && lease.owner === owner && lease.until > past;
}

function noThread(threadId: ThreadId): NotFoundError {
  return new NotFoundError(`there is no thread ${threadId}`, { threadId });
}
