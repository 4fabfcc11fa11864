import { createRoute, z } from "@hono/zod-openapi";
import { UsageError } from "../../base/errors.ts";
import { excerptOf } from "../../base/search-words.ts";
import { principalKey } from "../../humans/principal.ts";
import { requireScope, requireScopeEachTime } from "../auth.ts";
import { linkTo } from "../base-path.ts";
import { apiApp, json, jsonBody, onceOf, problems, type RouteDeps, threadIdIn } from "../deps.ts";
import {
  acceptedSchema,
  launchSchema,
  statusKindSchema,
  threadPageSchema,
  threadSchema,
} from "../schemas.ts";
import { readShown, shownPage, shownRequestsBelow, UNINDEXED_COUNTED } from "../shown.ts";
import { acceptedView, summaryView, threadView } from "../views.ts";

const threadParams = z.object({ threadId: z.string().openapi({ example: "thr_4q8n0v1m2k3j5h6g7f8d" }) });

const list = createRoute({
  method: "get",
  path: "/threads",
  summary: "List threads, the latest change first",
  middleware: [requireScope("read")],
  request: {
    query: z.object({
      agent: z.string().optional(),
      status: z
        .union([statusKindSchema, z.array(statusKindSchema)])
        .optional()
        .openapi({ description: "One or several" }),
      pending: z.enum(["true"]).optional().openapi({ description: "Only threads that wait for a person" }),
      search: z
        .string()
        .max(200)
        .optional()
        .openapi({ description: "Words that the thread's events say, or the beginning of its id" }),
      limit: z.coerce.number().int().min(1).max(1000).optional(),
      cursor: z.string().max(1000).optional().openapi({ description: "`next` of the page before" }),
    }),
  },
  responses: {
    200: json(threadPageSchema, "A page"),
    ...problems(400, 401, 403, 422, 429),
  },
});

const launch = createRoute({
  method: "post",
  path: "/threads",
  summary: "Launch a thread. Answers at once; the work goes on.",
  middleware: [requireScope("launch")],
  request: { body: jsonBody(launchSchema) },
  responses: {
    201: json(
      z.object({ threadId: z.string(), created: z.boolean() }),
      "It is on disk and will be worked on",
    ),
    ...problems(400, 401, 403, 404, 413, 422, 429),
  },
});

const show = createRoute({
  method: "get",
  path: "/threads/{threadId}",
  summary: "Where a thread stands and what it waits for",
  middleware: [requireScope("read")],
  request: { params: threadParams },
  responses: { 200: json(threadSchema, "The thread"), ...problems(400, 401, 403, 404) },
});

const message = createRoute({
  method: "post",
  path: "/threads/{threadId}/messages",
  summary: "Send a message. A finished thread goes on; one that waits for a person keeps it.",
  middleware: [requireScope("launch")],
  request: { params: threadParams, body: jsonBody(z.object({ text: z.string().min(1).max(1_000_000) })) },
  responses: {
    202: json(acceptedSchema, "It is on disk and will be read"),
    ...problems(400, 401, 403, 404, 409, 413, 422, 429),
  },
});

const reasonBody = {
  content: { "application/json": { schema: z.object({ reason: z.string().max(10_000).optional() }) } },
};
const changed = {
  200: json(acceptedSchema, "Done"),
  ...problems(400, 401, 403, 404, 409, 422, 429),
};
const change = (verb: "pause" | "resume" | "cancel", summary: string) =>
  createRoute({
    method: "post",
    path: `/threads/{threadId}/${verb}`,
    summary,
    middleware: [requireScope("launch")],
    request: { params: threadParams, body: reasonBody },
    responses: changed,
  });

const fork = createRoute({
  method: "post",
  path: "/threads/{threadId}/fork",
  summary: "A new, paused thread with the events up to `seq`. The original stays as it is.",
  middleware: [requireScope("launch")],
  request: { params: threadParams, body: jsonBody(z.object({ seq: z.number().int().min(1) })) },
  responses: { 201: json(acceptedSchema, "The new thread"), ...problems(400, 401, 403, 404, 422, 429) },
});

const reveal = createRoute({
  method: "post",
  path: "/threads/{threadId}/reveal",
  summary: "The value behind a placeholder such as `[card:1]`. Who was shown it is recorded in the thread.",
  description: "Needs the scope `reveal`, which `admin` does not include. The answer is kept nowhere.",
  middleware: [requireScopeEachTime("reveal")],
  request: { params: threadParams, body: jsonBody(z.object({ placeholder: z.string().min(1).max(100) })) },
  responses: {
    200: json(z.object({ placeholder: z.string(), value: z.string() }), "What is hidden"),
    ...problems(400, 401, 403, 404, 409, 422, 429),
  },
});

const leaveOut = createRoute({
  method: "post",
  path: "/threads/{threadId}/leave-out",
  summary: "From here on, the model does not read these events. The log keeps them.",
  description:
    "With one event of a step go the others of this step, and with a summary all that it stands for. Whoever does this counts as " +
    "a requester of the thread.",
  middleware: [requireScope("launch")],
  request: {
    params: threadParams,
    body: jsonBody(
      z.object({
        seqs: z.array(z.number().int().min(2)).min(1).max(10_000),
        reason: z.string().max(10_000).optional().openapi({ description: "Why; it is recorded" }),
      }),
    ),
  },
  responses: changed,
});

/** Characters of a text by which a thread was found. */
const HIT_LENGTH = 300;

/** Launch, list, look at, write to, pause, resume, cancel, fork, leave out. */
export function threadRoutes({ runtime }: RouteDeps) {
  return apiApp()
    .openapi(list, async (c) => {
      const { status, pending, agent, search, limit, cursor } = c.req.valid("query");
      const found = await runtime.list({
        agent,
        status: status === undefined || Array.isArray(status) ? status : [status],
        pending: pending === undefined ? undefined : true,
        search,
        limit,
        cursor,
      });
      const { unreadable, next, ...page } = await shownPage(found, runtime, search);
      const hits = page.hits.map((hit) => ({ ...hit, text: excerptOf(hit.text, search ?? "", HIT_LENGTH) }));
      const unindexed = search === undefined ? 0 : await runtime.unindexed(UNINDEXED_COUNTED);
      const threads = page.threads.map(summaryView);
      return c.json({ threads, hits, unindexed, unreadable: [...unreadable], next }, 200);
    })
    .openapi(launch, async (c) => {
      const { agent, message: text, event } = c.req.valid("json");
      const from = c.get("principal");
      const once = onceOf(c);
      const { threadId, created } = await runtime.launch({
        agent,
        input: inputOf(text, event, from),
        once,
      });
      return c.json({ threadId, created }, 201, { location: linkTo(c, `/threads/${threadId}`) });
    })
    .openapi(show, async (c) => {
      const thread = await readShown(runtime, threadIdIn(c.req.valid("param").threadId));
      const below = await shownRequestsBelow(runtime, thread);
      return c.json(threadView({ thread, below }, c.get("principal"), runtime.people), 200);
    })
    .openapi(message, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const { text } = c.req.valid("json");
      const thread = await runtime.message(threadId, text, c.get("principal"), onceOf(c));
      return c.json(acceptedView(thread), 202);
    })
    .openapi(change("pause", "Pause a working thread, before its next step or tool"), async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const thread = await runtime.pause(threadId, c.get("principal"), c.req.valid("json").reason);
      return c.json(acceptedView(thread), 200);
    })
    .openapi(change("resume", "Let a paused thread go on"), async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      return c.json(acceptedView(await runtime.resume(threadId, c.get("principal"))), 200);
    })
    .openapi(
      change("cancel", "Stop a thread for good, also while a model call or a tool runs"),
      async (c) => {
        const threadId = threadIdIn(c.req.valid("param").threadId);
        const thread = await runtime.cancel(threadId, c.get("principal"), c.req.valid("json").reason);
        return c.json(acceptedView(thread), 200);
      },
    )
    .openapi(reveal, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const { placeholder } = c.req.valid("json");
      const secret = await runtime.reveal(threadId, placeholder, c.get("principal"));
      const value = typeof secret === "string" ? secret : JSON.stringify(secret);
      c.header("cache-control", "no-store");
      return c.json({ placeholder, value }, 200);
    })
    .openapi(leaveOut, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const what = c.req.valid("json");
      const thread = await runtime.leaveOut(threadId, what, c.get("principal"), onceOf(c));
      return c.json(acceptedView(thread), 200);
    })
    .openapi(fork, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const thread = await runtime.fork(threadId, c.req.valid("json").seq, c.get("principal"), onceOf(c));
      return c.json(acceptedView(thread), 201, { location: linkTo(c, `/threads/${thread.id}`) });
    });
}

type LaunchInput = Parameters<RouteDeps["runtime"]["launch"]>[0]["input"];
type Caller = Extract<LaunchInput, { message: string }>["from"];

function inputOf(
  message: string | undefined,
  event: z.infer<typeof launchSchema>["event"],
  from: Caller,
): LaunchInput {
  if (message !== undefined) return { message, from };
  if (event === undefined) throw new UsageError("invalid_argument", "give either a message or an event");
  return {
    event: { name: event.name, source: principalKey(from), payload: event.payload ?? null },
    from,
  };
}
