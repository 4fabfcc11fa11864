import { type Context, Hono } from "hono";
import { ConflictError, NotFoundError, TwelvefoldError, UsageError } from "../../base/errors.ts";
import { parseRequestId, requestIdOf } from "../../base/ids.ts";
import type { Thread } from "../../thread/thread.ts";
import { responseOf } from "../decide.ts";
import { ClosedRequestPage } from "../pages/closed-request.tsx";
import { InboxPage } from "../pages/inbox.tsx";
import { RequestPage } from "../pages/request.tsx";
import { aboutThread } from "../views/about.ts";
import { evidenceOf } from "../views/evidence.ts";
import { type RequestHistory, requestHistory } from "../views/request-history.ts";
import { decidersOf, requestView } from "../views/request-view.ts";
import { fullTime } from "../views/time.ts";
import { accessOf, formOf, frameOf, type Pages, pathsOf, show, showProblem, viewerOf } from "./page.tsx";

/** The inbox, a request's card, and the decisions that are posted from it. */
export function requestRoutes(pages: Pages): Hono {
  const { deps, requests } = pages;
  return new Hono()
    .get("/inbox", async (c) => {
      const whose = c.req.query("whose") === "all" ? "all" : "mine";
      const filter = { q: textQuery(c, "q"), agent: textQuery(c, "agent"), whose } as const;
      const cursor = textQuery(c, "cursor");
      const viewer = viewerOf(pages, c);
      const page = await requests.page({ ...filter, cursor, viewer: whose === "mine" ? viewer : null });
      const { people } = deps.runtime;
      const frame = await frameOf(pages, c);
      const agents = [...deps.runtime.agents.keys()];
      return show(
        pages,
        c,
        <InboxPage {...page} {...{ frame, agents, filter, cursor, viewer, people }} now={deps.clock.now()} />,
      );
    })
    .get("/inbox/requests/:id", async (c) => {
      const { thread, seq } = await readRequest(pages, c.req.param("id"));
      return showRequest(pages, c, { thread, seq }, {});
    })
    .post("/inbox/requests/:id", async (c) => {
      const { thread, seq } = await readRequest(pages, c.req.param("id"));
      if (!accessOf(pages, c).respond) {
        const text = "This session may look, but not respond to requests.";
        return showProblem(pages, c, { status: 403, title: "You may not do this", text });
      }
      const typed = await formOf(c);
      const { request } = thread.state;
      if (request?.seq !== seq) return showRequest(pages, c, { thread, seq }, { rejected: true });
      const requestId = requestIdOf(thread.id, seq);
      try {
        if (request.type === "approval" && typed["digest"] !== request.digest) throw cardChanged(requestId);
        await deps.runtime.respond(requestId, responseOf(request, typed), viewerOf(pages, c));
      } catch (error) {
        if (error instanceof ConflictError) {
          const now = await deps.runtime.get(thread.id);
          return showRequest(pages, c, { thread: now, seq }, { rejected: true });
        }
        if (error instanceof UsageError && error.code === "invalid_argument") {
          return showRequest(pages, c, { thread, seq }, { problem: error.message, typed });
        }
        if (TwelvefoldError.isInstance(error) && error.code === "forbidden") {
          const text = `${error.message}. Nothing was changed.`;
          const link = { href: pathsOf(pages, c).request(requestId), label: "Back to the request" };
          return showProblem(pages, c, { status: 403, title: "You may not decide on this", text, link });
        }
        throw error;
      }
      return c.redirect(`${pathsOf(pages, c).request(requestId)}?done=1`, 303);
    });
}

function cardChanged(requestId: string): ConflictError {
  return new ConflictError(
    "conflict",
    `the card of ${requestId} that was shown is not the one that is asked now`,
  );
}

function textQuery(c: Context, name: string): string {
  return (c.req.query(name) ?? "").slice(0, 500);
}

/** The thread that a request id names. Throws `NotFoundError`. */
async function readRequest({ deps }: Pages, id: string): Promise<{ thread: Thread; seq: number }> {
  const parsed = parseRequestId(id);
  if (parsed === undefined) throw new NotFoundError(`there is no request ${id.slice(0, 100)}`);
  return { thread: await deps.runtime.get(parsed.threadId), seq: parsed.seq };
}

interface ShowOptions {
  /** Whether a posted decision was refused because the request has changed since. */
  readonly rejected?: boolean;
  readonly problem?: string;
  readonly typed?: Readonly<Record<string, string>>;
}

/** The card if it can still be decided, or else its outcome. */
async function showRequest(
  pages: Pages,
  c: Context,
  { thread, seq }: { readonly thread: Thread; readonly seq: number },
  options: ShowOptions,
) {
  const { deps } = pages;
  const now = deps.clock.now();
  const history = requestHistory(thread, seq);
  if (history === null) throw new NotFoundError(`there is no request ${requestIdOf(thread.id, seq)}`);
  const frame = await frameOf(pages, c);
  const agent = deps.runtime.agents.get(thread.state.agent);
  const view = requestView(thread, agent);
  const timeUp = view?.expiresAt != null && history.state === "pending" && Date.parse(view.expiresAt) <= now;
  if (view === null || history.state !== "pending" || timeUp || options.rejected === true) {
    const shown: RequestHistory = timeUp
      ? {
          ...history,
          state: "expired",
          moments: [
            ...history.moments,
            { at: view.expiresAt, text: `Its time was up at ${fullTime(view.expiresAt)}.` },
          ],
        }
      : history;
    const page = (
      <ClosedRequestPage
        frame={frame}
        id={requestIdOf(thread.id, seq)}
        thread={thread}
        history={history.state === "pending" && !timeUp ? { ...shown, pendingInstead: seq } : shown}
        now={now}
        rejected={options.rejected ?? false}
        done={c.req.query("done") === "1" && history.state === "answered"}
      />
    );
    const gone = shown.state === "expired";
    return show(pages, c, page, gone ? 410 : options.rejected === true ? 409 : 200);
  }
  const { people } = deps.runtime;
  const page = (
    <RequestPage
      frame={frame}
      view={view}
      about={aboutThread(thread, agent)}
      evidence={evidenceOf(thread, agent)}
      deciders={decidersOf(view, viewerOf(pages, c), people)}
      people={people}
      now={now}
      editing={c.req.query("edit") === "1" || options.typed?.["decision"] === "approve_edited"}
      mayRespond={accessOf(pages, c).respond}
      problem={options.problem}
      typed={options.typed}
    />
  );
  return show(pages, c, page, options.problem === undefined ? 200 : 422);
}
