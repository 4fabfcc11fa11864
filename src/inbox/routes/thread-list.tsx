import type { Context } from "hono";
import type { ThreadId } from "../../base/ids.ts";
import { shownPage, UNINDEXED_COUNTED } from "../../server/shown.ts";
import type { ThreadSummary } from "../../store/store.ts";
import { STATUS_KINDS } from "../../thread/state.ts";
import { type ThreadsFilter, ThreadsPage } from "../pages/threads.tsx";
import { knownZone, startOfDay } from "../views/time.ts";
import { frameOf, type Pages, show, viewerOf } from "./page.tsx";

const PAGE = 50;
/** How many waiting threads are looked through for those that wait for one person. */
const WAITING = 200;

/** The list of threads, filtered and searched. */
export async function threadList(pages: Pages, c: Context): Promise<Response> {
  const { runtime, clock } = pages.deps;
  const filter = filterOf(c);
  const cursor = textOf(c, "cursor");
  const now = clock.now();
  const forMe = filter.waiting === "me";
  const found = await runtime.list({
    limit: forMe ? WAITING : PAGE,
    pending: forMe ? true : undefined,
    search: filter.search || undefined,
    agent: filter.agent || undefined,
    status: filter.status === "" ? undefined : [filter.status],
    cursor: cursor || undefined,
  });
  const mine = forMe ? await pages.requests.waitingFor(viewerOf(pages, c), found.threads) : found.threads;
  // The list goes from the latest change on: the rest is older still.
  const today = filter.since === "" ? undefined : startOfDay(now, knownZone(filter.zone));
  const recent = today === undefined ? mine : mine.filter(({ updatedAt }) => Date.parse(updatedAt) >= today);
  const shown = await shownPage({ ...found, threads: recent }, runtime, filter.search);
  const page = { ...shown, next: recent.length < mine.length ? null : found.next };
  const unindexed = filter.search === "" ? 0 : await runtime.unindexed(UNINDEXED_COUNTED);
  const costs = await costsOf(pages, shown.threads);
  const frame = await frameOf(pages, c);
  const agents = [...runtime.agents.keys()];
  return show(
    pages,
    c,
    <ThreadsPage {...page} {...{ frame, agents, filter, cursor, unindexed, costs, now }} />,
  );
}

/** What the threads of agents with prices have cost; `null` if no agent has any. */
async function costsOf(
  { deps, figures }: Pages,
  threads: readonly ThreadSummary[],
): Promise<ReadonlyMap<ThreadId, number> | null> {
  const { agents } = deps.runtime;
  const hasPrices = (agent: string) => agents.get(agent)?.budget.money !== undefined;
  if (![...agents.keys()].some(hasPrices)) return null;
  const costs = new Map<ThreadId, number>();
  for (const { threadId, seq, agent } of threads) {
    const cost = hasPrices(agent) ? (await figures.of(threadId, seq))?.cost : undefined;
    if (cost !== undefined && cost !== null) costs.set(threadId, cost);
  }
  return costs;
}

function filterOf(c: Context): ThreadsFilter {
  const status = textOf(c, "status");
  return {
    search: textOf(c, "search"),
    agent: textOf(c, "agent"),
    status: STATUS_KINDS.find((kind) => kind === status) ?? "",
    waiting: textOf(c, "waiting") === "me" ? "me" : "",
    ...(textOf(c, "since") === "today"
      ? { since: "today", zone: knownZone(textOf(c, "zone") || "UTC") }
      : { since: "", zone: "" }),
  };
}

function textOf(c: Context, name: string): string {
  return (c.req.query(name) ?? "").slice(0, 500);
}
