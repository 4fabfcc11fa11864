import { createRoute, z } from "@hono/zod-openapi";
import { exportHtml, exportJson, exportMarkdown } from "../../present/export.ts";
import { threadGraph, toMermaid } from "../../present/graph.ts";
import { toSvg } from "../../present/graph-svg.ts";
import type { Thread } from "../../thread/thread.ts";
import { requireScope } from "../auth.ts";
import { apiApp, problems, type RouteDeps, threadIdIn } from "../deps.ts";
import { readShown } from "../shown.ts";

const text = z.string();

const exported = createRoute({
  method: "get",
  path: "/threads/{threadId}/export",
  summary: "The whole thread as a file",
  middleware: [requireScope("read")],
  request: {
    params: z.object({ threadId: z.string() }),
    query: z.object({ as: z.enum(["markdown", "json", "html"]) }),
  },
  responses: {
    200: {
      description: "The file",
      content: {
        "text/markdown": { schema: text },
        "application/json": { schema: z.unknown() },
        "text/html": { schema: text },
      },
    },
    ...problems(400, 401, 403, 404, 422),
  },
});

const graph = createRoute({
  method: "get",
  path: "/threads/{threadId}/graph",
  summary: "The path that the thread has taken, as Mermaid text or as a drawing",
  middleware: [requireScope("read")],
  request: {
    params: z.object({ threadId: z.string() }),
    query: z.object({ as: z.enum(["mermaid", "svg"]).optional() }),
  },
  responses: {
    200: {
      description: "The graph; Mermaid text unless `as` says otherwise",
      content: { "text/plain": { schema: text }, "image/svg+xml": { schema: text } },
    },
    ...problems(400, 401, 403, 404, 422),
  },
});

const FILES: {
  readonly [K in "markdown" | "json" | "html"]: readonly [string, string, (thread: Thread) => string];
} = {
  markdown: ["text/markdown", "md", exportMarkdown],
  json: ["application/json", "json", exportJson],
  html: ["text/html", "html", exportHtml],
};

/** A thread as a file or a drawing. */
export function exportRoutes({ runtime }: RouteDeps) {
  return apiApp()
    .openapi(exported, async (c) => {
      const thread = await readShown(runtime, threadIdIn(c.req.valid("param").threadId));
      const [type, extension, write] = FILES[c.req.valid("query").as];
      // As a download: a page that holds what models and tools said is not shown as one of this server's own.
      return new Response(write(thread), {
        headers: {
          "content-type": `${type}; charset=utf-8`,
          "content-disposition": `attachment; filename="${thread.id}.${extension}"`,
        },
      });
    })
    .openapi(graph, async (c) => {
      const drawn = threadGraph(await readShown(runtime, threadIdIn(c.req.valid("param").threadId)));
      const [type, body] =
        c.req.valid("query").as === "svg"
          ? ["image/svg+xml", toSvg(drawn)]
          : ["text/plain", toMermaid(drawn)];
      return new Response(body, { headers: { "content-type": `${type}; charset=utf-8` } });
    });
}
