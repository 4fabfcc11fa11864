import { type Context, Hono } from "hono";
import { ConflictError, NotFoundError, TwelvefoldError, UsageError } from "../../base/errors.ts";
import { parseRequestId, requestIdOf } from "../../base/ids.ts";
import { pendingRequest } from "../../humans/request.ts";
import { whyNotInWords } from "../../present/why-not.ts";
import { readShown } from "../../server/shown.ts";
import { editedStepOf } from "../../steps/edit-form.ts";
import { responseOf } from "../../steps/form-decision.ts";
import type { Thread } from "../../thread/thread.ts";
import { InboxPage } from "../pages/inbox.tsx";
import { accessOf, formOf, frameOf, type Pages, pathsOf, show, showProblem, viewerOf } from "./page.tsx";
import { declaredFields, previewEdit } from "./preview-edit.ts";
import { showRequest } from "./show-request.tsx";

/** The inbox, a request's card, and the decisions that are posted from it. */
export function requestRoutes(pages: Pages): Hono {
  const { deps, requests } = pages;
  return new Hono()
    .get("/inbox", async (c) => {
      const whose = c.req.query("whose") === "all" ? "all" : "mine";
      const filter = { search: textQuery(c, "search"), agent: textQuery(c, "agent"), whose } as const;
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
      const fields = { declared: declaredFields(deps.runtime, thread) };
      try {
        if (request.type === "approval" && typed["digest"] !== request.digest) throw cardChanged(requestId);
        if (request.type === "approval" && typed["decision"] === "preview_edited") {
          const edited = editedStepOf(request.card, typed, fields);
          const preview = await previewEdit(deps.runtime, requestId, { edited, by: viewerOf(pages, c) });
          return showRequest(pages, c, { thread, seq }, { preview, typed });
        }
        await deps.runtime.respond(requestId, responseOf(request, typed, fields), viewerOf(pages, c));
      } catch (error) {
        if (error instanceof ConflictError) {
          const now = await readShown(deps.runtime, thread.id);
          return showRequest(pages, c, { thread: now, seq }, { rejected: true });
        }
        if (error instanceof UsageError && error.code === "invalid_argument") {
          return showRequest(pages, c, { thread, seq }, { problem: error.message, typed });
        }
        if (TwelvefoldError.isInstance(error) && error.code === "forbidden") {
          const text = `${objectionOf(pages, c, thread) ?? `${error.message}.`} Nothing was changed.`;
          const link = { href: pathsOf(pages, c).request(requestId), label: "Back to the request" };
          return showProblem(pages, c, { status: 403, title: "You may not decide on this", text, link });
        }
        throw error;
      }
      return c.redirect(`${pathsOf(pages, c).request(requestId)}?done=1`, 303);
    });
}

/** Why who looks may not approve or answer, in words for them; `null` if they may. */
function objectionOf(pages: Pages, c: Context, thread: Thread): string | null {
  const request = pendingRequest(thread);
  const { people } = pages.deps.runtime;
  return request === null ? null : whyNotInWords({ request, viewer: viewerOf(pages, c), people });
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

/** The thread that a request id names, as people read it. Throws `NotFoundError`. */
async function readRequest({ deps }: Pages, id: string): Promise<{ thread: Thread; seq: number }> {
  const parsed = parseRequestId(id);
  if (parsed === undefined) throw new NotFoundError(`there is no request ${id.slice(0, 100)}`);
  const { threadId, seq } = parsed;
  const thread = await readShown(deps.runtime, threadId);
  const { request, parent } = thread.state;
  if (parent === null || request?.seq !== seq) return { thread, seq };
  try {
    // It is closed if nothing more comes of it, since a thread above is over.
    await deps.runtime.request(requestIdOf(threadId, seq));
    return { thread, seq };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return { thread: await readShown(deps.runtime, threadId), seq };
  }
}
