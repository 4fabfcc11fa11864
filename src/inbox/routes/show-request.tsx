import type { Context } from "hono";
import { changedSince } from "../../agent/changed-since.ts";
import { hiddenIn, hidesContent } from "../../agent/shown-thread.ts";
import { NotFoundError } from "../../base/errors.ts";
import { type RequestId, requestIdOf } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Thread } from "../../thread/thread.ts";
import { ClosedRequestPage } from "../pages/closed-request.tsx";
import { RequestPage } from "../pages/request.tsx";
import { aboutThread } from "../views/about.ts";
import { evidenceOf } from "../views/evidence.ts";
import { outcomeOf } from "../views/outcome.ts";
import { type RequestHistory, requestHistory } from "../views/request-history.ts";
import { decidersOf, type RequestView, requestView } from "../views/request-view.ts";
import { fullTime } from "../views/time.ts";
import { accessOf, frameOf, type Pages, show, viewerOf } from "./page.tsx";
import { declaredFields, hasPreview } from "./preview-edit.ts";

export interface ShowOptions {
  /** Whether a posted decision was refused because the request has changed since. */
  readonly rejected?: boolean;
  readonly problem?: string;
  /** What the edit that was typed would change. */
  readonly preview?: Json;
  readonly typed?: Readonly<Record<string, string>>;
}

interface Shown {
  /** As people read it. */
  readonly thread: Thread;
  readonly seq: number;
}

/** The card if it can still be decided, or else its outcome. */
export async function showRequest(pages: Pages, c: Context, { thread, seq }: Shown, options: ShowOptions) {
  const { deps } = pages;
  const now = deps.clock.now();
  const history = requestHistory(thread, seq);
  if (history === null) throw new NotFoundError(`there is no request ${requestIdOf(thread.id, seq)}`);
  const view = await viewOf(deps.runtime, thread);
  const timeUp = view?.expiresAt != null && history.state === "pending" && Date.parse(view.expiresAt) <= now;
  if (view === null || history.state !== "pending" || timeUp || options.rejected === true) {
    const expiredAt = timeUp ? view.expiresAt : null;
    return showClosed(pages, c, { thread, seq, history, expiredAt, rejected: options.rejected ?? false });
  }
  return showCard(pages, c, { thread, view }, options);
}

async function viewOf({ agents, get }: Runtime, thread: Thread): Promise<RequestView | null> {
  const agent = agents.get(thread.state.agent);
  if (agent === undefined || thread.state.request === null) return requestView(thread, agent);
  const whole = hidesContent(agent) ? await get(thread.id) : thread;
  return requestView(thread, agent, changedSince(whole, agent));
}

interface Closed extends Shown {
  readonly history: RequestHistory;
  /** When its time was up, if nothing has recorded that yet. */
  readonly expiredAt: string | null;
  readonly rejected: boolean;
}

async function showClosed(pages: Pages, c: Context, { thread, seq, history, expiredAt, rejected }: Closed) {
  const shown: RequestHistory =
    expiredAt === null
      ? history
      : {
          ...history,
          state: "expired",
          moments: [
            ...history.moments,
            { at: expiredAt, text: `Its time was up at ${fullTime(expiredAt)}.` },
          ],
        };
  const id = requestIdOf(thread.id, seq);
  const done = c.req.query("done") === "1" && history.state === "answered";
  const page = (
    <ClosedRequestPage
      frame={await frameOf(pages, c)}
      id={id}
      thread={thread}
      history={history.state === "pending" && expiredAt === null ? { ...shown, pendingInstead: seq } : shown}
      outcome={outcomeOf(thread, history.asked)}
      next={await nextAfter(pages, c, id)}
      now={pages.deps.clock.now()}
      rejected={rejected}
      done={done}
    />
  );
  return show(pages, c, page, shown.state === "expired" ? 410 : rejected ? 409 : 200);
}

/** The request that this person could go on with; `null` if nothing else waits for them. */
async function nextAfter({ deps, requests }: Pages, c: Context, id: RequestId): Promise<RequestView | null> {
  const access = deps.access?.(c);
  const viewer = deps.principal(c);
  if (viewer === undefined || access?.onlyRequest === true || access?.respond === false) return null;
  const page = await requests.page({ agent: "", search: "", cursor: "", viewer });
  return page.requests.find((request) => request.id !== id) ?? null;
}

async function showCard(
  pages: Pages,
  c: Context,
  { thread, view }: { readonly thread: Thread; readonly view: RequestView },
  options: ShowOptions,
) {
  const { runtime, clock } = pages.deps;
  const agent = runtime.agents.get(thread.state.agent);
  const typed = options.typed?.["decision"];
  const page = (
    <RequestPage
      frame={await frameOf(pages, c)}
      view={view}
      about={aboutThread(thread, agent)}
      evidence={evidenceOf(thread, agent)}
      deciders={decidersOf(view, viewerOf(pages, c), runtime.people)}
      people={runtime.people}
      next={c.req.query("done") === "1" ? await nextAfter(pages, c, view.id) : null}
      declared={declaredFields(runtime, thread)}
      hasPreview={view.card !== null && hasPreview(runtime, thread.state.agent, view.card.intent)}
      hidden={accessOf(pages, c).reveal === true ? hiddenIn(await runtime.get(thread.id), agent) : []}
      now={clock.now()}
      editing={c.req.query("edit") === "1" || typed === "approve_edited" || typed === "preview_edited"}
      preview={options.preview}
      mayRespond={accessOf(pages, c).respond}
      problem={options.problem}
      typed={options.typed}
    />
  );
  return show(pages, c, page, options.problem === undefined ? 200 : 422);
}
