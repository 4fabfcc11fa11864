import type { Runtime } from "../runtime/runtime.ts";
import { byUrgency, type RequestView, requestView } from "./views/request-view.ts";

const MAX_CACHED = 2_000;
/** How many requests are sorted together: an urgent one that has waited long comes before all newer ones among these. */
const SORTED = 200;
const PAGE = 50;

export interface RequestPageOf {
  readonly requests: readonly RequestView[];
  readonly next: string | null;
}

/**
 * Lists pending requests. What a request says never changes while its thread has the same last event, so views are
 * kept by thread and sequence number, and an open inbox that asks again and again costs one query.
 */
export function createRequestList(runtime: Runtime) {
  const views = new Map<string, RequestView | null>();
  const viewOf = async (threadId: Parameters<Runtime["get"]>[0], seq: number) => {
    const key = `${threadId}@${seq}`;
    const known = views.get(key);
    if (known !== undefined) return known;
    const thread = await runtime.get(threadId).catch(() => undefined);
    if (thread === undefined) return null;
    const view = requestView(thread, runtime.agents.get(thread.state.agent));
    views.set(`${threadId}@${thread.state.seq}`, view);
    const oldest = views.keys().next().value;
    if (views.size > MAX_CACHED && oldest !== undefined) views.delete(oldest);
    return view;
  };
  return {
    /** A page of requests, the most urgent first. Throws `UsageError` for a cursor that no page gave. */
    async page(filter: { agent: string; q: string; cursor: string }): Promise<RequestPageOf> {
      const [cursor = "", from = "0"] = filter.cursor.split("~");
      const { threads, next } = await runtime.list({
        pending: true,
        limit: SORTED,
        agent: filter.agent || undefined,
        search: filter.q || undefined,
        cursor: cursor || undefined,
      });
      const found = await Promise.all(threads.map(({ threadId, seq }) => viewOf(threadId, seq)));
      const sorted = found.filter((view) => view !== null).sort(byUrgency);
      const start = /^\d{1,4}$/.test(from) ? Number(from) : 0;
      const end = start + PAGE;
      return {
        requests: sorted.slice(start, end),
        next: end < sorted.length ? `${cursor}~${end}` : next,
      };
    },
    /** How many requests wait, counted up to 100. */
    async count(): Promise<number> {
      const { threads } = await runtime.list({ pending: true, limit: 100 });
      return threads.length;
    },
  };
}

export type RequestList = ReturnType<typeof createRequestList>;
