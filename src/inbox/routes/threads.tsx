import { type Context, Hono } from "hono";
import { hiddenIn, shownThread } from "../../agent/shown-thread.ts";
import { ForbiddenError, NotFoundError, UsageError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import { readShown, shownRequestsBelow } from "../../server/shown.ts";
import { InlineTimeline } from "../components/timeline.tsx";
import { RevealedPage } from "../pages/revealed.tsx";
import { StepPage } from "../pages/step.tsx";
import { ThreadPage } from "../pages/thread.tsx";
import { groupsOf, jumpsOf, NO_FILTER, SHOWN, type TimelineFilter } from "../views/groups.ts";
import { timelineOf } from "../views/timeline.ts";
import {
  accessOf,
  baseOf,
  formOf,
  frameOf,
  onceOf,
  type Pages,
  pathsOf,
  renderPart,
  show,
  viewerOf,
} from "./page.tsx";
import { stepView } from "./step-view.ts";
import { threadList } from "./thread-list.tsx";

/** Entries of a timeline that are shown at first: the latest ones. */
const MAX_SHOWN = 200;

/** The list of threads, one thread, what the model saw, and what a person can do to a thread. */
export function threadRoutes(pages: Pages): Hono {
  const { deps } = pages;
  const { runtime, clock } = deps;
  return new Hono()
    .get("/inbox/threads", (c) => threadList(pages, c))
    .get("/inbox/threads/:id", async (c) => {
      const whole = await runtime.get(threadIdIn(c));
      const agent = runtime.agents.get(whole.state.agent);
      const thread = shownThread(whole, agent);
      const items = timelineOf(thread.events);
      const filter = timelineFilterIn(c);
      const groups = groupsOf(items, filter);
      const earlier = c.req.query("all") === "1" ? 0 : Math.max(0, groups.length - MAX_SHOWN);
      return show(
        pages,
        c,
        <ThreadPage
          frame={await frameOf(pages, c)}
          thread={thread}
          groups={groups.slice(earlier)}
          jumps={jumpsOf(items)}
          filter={filter}
          earlier={earlier}
          now={clock.now()}
          below={await shownRequestsBelow(runtime, thread)}
          mayLaunch={accessOf(pages, c).launch}
          hidden={accessOf(pages, c).reveal === true ? hiddenIn(whole, agent) : []}
          exports={deps.exportLinks?.(thread.id, c) ?? []}
        />,
      );
    })
    .get("/inbox/threads/:id/inline", async (c) => {
      const thread = await readShown(runtime, threadIdIn(c));
      const groups = groupsOf(timelineOf(thread.events), NO_FILTER).slice(-MAX_SHOWN);
      return c.html(renderPart(baseOf(pages, c), <InlineTimeline thread={thread} groups={groups} />));
    })
    .get("/inbox/threads/:id/steps/:seq", async (c) => {
      const thread = await runtime.get(threadIdIn(c));
      const step = await stepView(deps, thread, Number(c.req.param("seq")));
      return show(
        pages,
        c,
        <StepPage
          frame={await frameOf(pages, c)}
          thread={shownThread(thread, runtime.agents.get(thread.state.agent))}
          step={step}
        />,
      );
    })
    .post("/inbox/threads/:id/reveal", async (c) => {
      const threadId = threadIdIn(c);
      if (accessOf(pages, c).reveal !== true)
        throw new ForbiddenError("this session may not see what is hidden: that needs the scope reveal");
      const { placeholder = "" } = await formOf(c);
      const value = await runtime.reveal(threadId, placeholder, viewerOf(pages, c));
      const frame = await frameOf(pages, c);
      return show(pages, c, <RevealedPage {...{ frame, threadId, placeholder, value }} />);
    })
    .post("/inbox/threads/:id/message", async (c) => {
      const threadId = threadIdIn(c);
      const form = await actingForm(pages, c);
      const text = (form["text"] ?? "").replaceAll("\r\n", "\n");
      await runtime.message(threadId, text, viewerOf(pages, c), onceOf(pages, c, form, text));
      return c.redirect(pathsOf(pages, c).thread(threadId), 303);
    })
    .post("/inbox/threads/:id/fork", async (c) => {
      const threadId = threadIdIn(c);
      const fork = await runtime.fork(threadId, await seqIn(pages, c), viewerOf(pages, c));
      return c.redirect(pathsOf(pages, c).thread(fork.id), 303);
    })
    .post("/inbox/threads/:id/leave-out", async (c) => {
      const threadId = threadIdIn(c);
      const seqs = [await seqIn(pages, c)];
      await runtime.leaveOut(threadId, { seqs }, viewerOf(pages, c));
      return c.redirect(pathsOf(pages, c).thread(threadId), 303);
    })
    .post("/inbox/threads/:id/:action{pause|resume|cancel}", async (c) => {
      const threadId = threadIdIn(c);
      await actingForm(pages, c);
      const by = viewerOf(pages, c);
      const action = c.req.param("action");
      if (action === "pause") await runtime.pause(threadId, by);
      else if (action === "resume") await runtime.resume(threadId, by);
      else await runtime.cancel(threadId, by);
      return c.redirect(pathsOf(pages, c).thread(threadId), 303);
    });
}

/** What is looked for within a thread, as the address says. */
export function timelineFilterIn(c: Context): TimelineFilter {
  const wanted = c.req.query("show");
  const search = (c.req.query("search") ?? "").slice(0, 200).trim();
  return { search, show: SHOWN.find((show) => show === wanted) ?? "all" };
}

export function threadIdIn(c: Context): ThreadId {
  const text = c.req.param("id") ?? "";
  const threadId = parseThreadId(text);
  if (threadId === undefined) throw new NotFoundError(`there is no thread ${text.slice(0, 100)}`);
  return threadId;
}

/** The event that the form is about. */
async function seqIn(pages: Pages, c: Context): Promise<number> {
  const { seq = "" } = await actingForm(pages, c);
  if (!/^[1-9][0-9]{0,9}$/.test(seq)) throw new UsageError("invalid_argument", "which event?");
  return Number(seq);
}

/** Reads the form of a person who may act on threads. Throws `ForbiddenError` for anybody else. */
export async function actingForm(pages: Pages, c: Context) {
  if (!accessOf(pages, c).launch)
    throw new ForbiddenError("this session may look, but not start or change threads");
  return formOf(c);
}
