import { Hono } from "hono";
import type { ThreadId } from "../../base/ids.ts";
import { FiguresPage } from "../pages/figures.tsx";
import { figuresOf, sumOf, type ThreadFigures } from "../views/figures.ts";
import { frameOf, type Pages, show } from "./page.tsx";

/** Threads that are counted at most: the latest ones. */
const LIMIT = 500;
const MAX_KEPT = 5_000;

/** `GET /inbox/figures`: what the latest threads took. Each thread is read once for each of its changes. */
export function figuresRoutes(pages: Pages): Hono {
  const { runtime } = pages.deps;
  const kept = new Map<ThreadId, { readonly seq: number; readonly figures: ThreadFigures }>();
  const figuresFor = async (threadId: ThreadId, seq: number): Promise<ThreadFigures | undefined> => {
    const known = kept.get(threadId);
    if (known?.seq === seq) return known.figures;
    const thread = await runtime.get(threadId).catch(() => undefined);
    if (thread === undefined) return undefined;
    const figures = figuresOf(thread, runtime.agents.get(thread.state.agent));
    kept.delete(threadId);
    kept.set(threadId, { seq: thread.state.seq, figures });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return figures;
  };
  return new Hono().get("/inbox/figures", async (c) => {
    const agent = (c.req.query("agent") ?? "").slice(0, 200);
    const { threads, next } = await runtime.list({ limit: LIMIT, agent: agent || undefined });
    const found: ThreadFigures[] = [];
    // One after another: a page of figures must not hold up those who work.
    for (const { threadId, seq } of threads) {
      const figures = await figuresFor(threadId, seq);
      if (figures !== undefined) found.push(figures);
    }
    const byAgent = [...Map.groupBy(found, (one) => one.agent)]
      .map(([name, all]) => [name, sumOf(all)] as const)
      .sort(([one], [other]) => one.localeCompare(other));
    const page = (
      <FiguresPage
        frame={await frameOf(pages, c)}
        byAgent={byAgent}
        all={sumOf(found)}
        agent={agent}
        agents={[...runtime.agents.keys()]}
        limit={LIMIT}
        isAll={next === null}
      />
    );
    return show(pages, c, page);
  });
}
