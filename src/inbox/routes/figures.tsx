import { Hono } from "hono";
import { FiguresPage } from "../pages/figures.tsx";
import { sumOf, type ThreadFigures } from "../views/figures.ts";
import { frameOf, type Pages, show } from "./page.tsx";

/** Threads that are counted at most: the latest ones. */
const LIMIT = 500;

/** `GET /inbox/figures`: what the latest threads took. */
export function figuresRoutes(pages: Pages): Hono {
  const { runtime, clock } = pages.deps;
  return new Hono().get("/inbox/figures", async (c) => {
    const agent = (c.req.query("agent") ?? "").slice(0, 200);
    const { threads, next } = await runtime.list({ limit: LIMIT, agent: agent || undefined });
    const found: ThreadFigures[] = [];
    // One after another: a page of figures must not hold up those who work.
    for (const { threadId, seq } of threads) {
      const figures = await pages.figures.of(threadId, seq);
      if (figures !== undefined) found.push(figures);
    }
    const now = clock.now();
    const byAgent = [...Map.groupBy(found, (one) => one.agent)]
      .map(([name, all]) => [name, sumOf(all, now)] as const)
      .sort(([one], [other]) => one.localeCompare(other));
    const page = (
      <FiguresPage
        frame={await frameOf(pages, c)}
        byAgent={byAgent}
        all={sumOf(found, now)}
        agent={agent}
        agents={[...runtime.agents.keys()]}
        limit={LIMIT}
        isAll={next === null}
      />
    );
    return show(pages, c, page);
  });
}
