import { changedSince } from "../agent/changed-since.ts";
import { shownThread } from "../agent/shown-thread.ts";
import type { Clock } from "../base/clock.ts";
import type { ThreadId } from "../base/ids.ts";
import { keepLatest } from "../base/keep-latest.ts";
import { principalKey } from "../humans/principal.ts";
import { mayDecide } from "../humans/request.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { findShown } from "../server/shown.ts";
import type { ThreadSummary } from "../store/store.ts";
import type { Principal } from "../thread/events.ts";
import { byUrgency, type RequestView, requestView } from "./views/request-view.ts";

const MAX_CACHED = 2_000;
/** How many requests are sorted together: an urgent one that has waited long comes before all newer ones among these. */
const SORTED = 200;
const PAGE = 50;

/** How long, in ms, a person's number may be older than what has happened elsewhere. */
const COUNT_MS = 1_000;

/** Which requests: all, or those that `viewer` may approve or answer now. */
export interface RequestFilter {
  readonly agent: string;
  readonly search: string;
  readonly cursor: string;
  readonly viewer: Principal | null;
}

export interface RequestPageOf {
  readonly requests: readonly RequestView[];
  /** Where a search has found its words, by thread. */
  readonly found: ReadonlyMap<ThreadId, string>;
  /** How many of those sorted together are left out because they wait for somebody else. */
  readonly others: number;
  readonly next: string | null;
}

/**
 * Lists pending requests. What a request says never changes while its thread has the same last event, so views are
 * kept by thread and sequence number, and an open inbox that asks again and again costs one query.
 */
export function createRequestList(runtime: Runtime, clock: Clock) {
  const counts = new Map<string, { readonly at: number; readonly count: Promise<number> }>();
  runtime.subscribe(({ kind }) => kind === "events" && counts.clear(), { partials: false });
  const views = new Map<string, RequestView | null>();
  const viewOf = async (threadId: Parameters<Runtime["get"]>[0], seq: number) => {
    const key = `${threadId}@${seq}`;
    const known = views.get(key);
    if (known !== undefined) return known;
    const thread = await runtime.get(threadId).catch(() => undefined);
    if (thread === undefined) return null;
    const agent = runtime.agents.get(thread.state.agent);
    const changed = agent === undefined ? null : changedSince(thread, agent);
    const view = requestView(shownThread(thread, agent), agent, changed);
    views.set(`${threadId}@${thread.state.seq}`, view);
    keepLatest(views, MAX_CACHED);
    return view;
  };
  return {
    /** A page of requests, the most urgent first. Throws `UsageError` for a cursor that no page gave. */
    async page(filter: RequestFilter): Promise<RequestPageOf> {
      const [cursor = "", from = "0"] = filter.cursor.split("~");
      const found = await runtime.list({
        pending: true,
        limit: SORTED,
        agent: filter.agent || undefined,
        search: filter.search || undefined,
        cursor: cursor || undefined,
      });
      const { threads, hits } = await findShown(found, runtime, filter.search);
      const { viewer } = filter;
      const views = await Promise.all(threads.map(({ threadId, seq }) => viewOf(threadId, seq)));
      const sorted = views
        .filter((view) => view !== null)
        .filter((view) => viewer === null || mayDecide(view, viewer, runtime.people))
        .sort(byUrgency);
      const start = /^\d{1,4}$/.test(from) ? Number(from) : 0;
      const end = start + PAGE;
      return {
        requests: sorted.slice(start, end),
        found: new Map(hits.map(({ threadId, text }) => [threadId, text])),
        others: threads.length - sorted.length,
        next: end < sorted.length ? `${cursor}~${end}` : found.next,
      };
    },
    /** Those of these threads that ask something that this person may approve or answer now. */
    async waitingFor(
      viewer: Principal,
      threads: readonly ThreadSummary[],
    ): Promise<readonly ThreadSummary[]> {
      const found = await Promise.all(threads.map(({ threadId, seq }) => viewOf(threadId, seq)));
      return threads.filter((_, index) => {
        const view = found[index] ?? null;
        return view !== null && mayDecide(view, viewer, runtime.people);
      });
    },
    /**
     * How many of the latest 200 requests wait for this person: those that they may approve or answer now. Every page shows
     * it, so it is counted once a second at most, and anew after anything that happens in this process.
     */
    count(viewer: Principal): Promise<number> {
      const key = principalKey(viewer);
      const known = counts.get(key);
      if (known !== undefined && Math.abs(clock.now() - known.at) < COUNT_MS) return known.count;
      if (counts.size >= MAX_CACHED) counts.clear();
      const count = runtime
        .list({ pending: true, limit: SORTED })
        .then(({ threads }) => this.waitingFor(viewer, threads))
        .then(({ length }) => length);
      counts.set(key, { at: clock.now(), count });
      count.catch(() => counts.delete(key));
      return count;
    },
  };
}

export type RequestList = ReturnType<typeof createRequestList>;
