import type { OpenAPIHono } from "@hono/zod-openapi";
import { html } from "hono/html";
import { z } from "zod";
import type { ServerEnv } from "./env.ts";

const document = {
  openapi: "3.1.0",
  info: {
    title: "Twelvefold",
    version: "0.1.0",
    description:
      "Launch, watch, pause, resume and answer agent threads. Every POST takes an `Idempotency-Key`. Errors are problem documents (RFC 9457).",
  },
  security: [{ key: [] }],
};

const operation = z.object({
  summary: z.string().optional(),
  description: z.string().optional(),
  responses: z.record(z.string(), z.object({ description: z.string().optional() }).loose()).optional(),
});

/** `/openapi.json`, made from the schemas that check the requests, and `/docs`, the same to read. */
export function documentation(app: OpenAPIHono<ServerEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  app.get("/openapi.json", (c) => c.json(app.getOpenAPI31Document(document)));
  app.get("/docs", (c) => {
    const { paths = {} } = app.getOpenAPI31Document(document);
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, value]) => {
        const parsed = operation.safeParse(value);
        return parsed.success ? [{ path, method: method.toUpperCase(), ...parsed.data }] : [];
      }),
    );
    return c.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>HTTP API · Twelvefold</title>
        </head>
        <body>
          <main>
            <h1>HTTP API</h1>
            <p>The whole description, for programs: <a href="/openapi.json">openapi.json</a>.</p>
            ${operations.map(
              ({ path, method, summary, description, responses = {} }) =>
                html`<section>
                  <h2><code>${method} ${path}</code></h2>
                  <p>${summary ?? ""}</p>
                  ${description === undefined ? "" : html`<p>${description}</p>`}
                  <ul>
                    ${Object.entries(responses).map(
                      ([status, response]) =>
                        html`<li><code>${status}</code> ${response.description ?? ""}</li>`,
                    )}
                  </ul>
                </section>`,
            )}
          </main>
        </body>
      </html>`);
  });
}
