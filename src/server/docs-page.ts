import type { OpenAPIHono } from "@hono/zod-openapi";
import { html } from "hono/html";
import { z } from "zod";
import { linkTo } from "./base-path.ts";
import type { ServerEnv } from "./env.ts";
import { page } from "./page.ts";

const DOCUMENT = {
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
  security: z.array(z.unknown()).optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().optional(),
        description: z.string().optional(),
      }),
    )
    .optional(),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().optional() }).loose()).optional(),
});

/** `/openapi.json`, made from the schemas that check the requests, and `/docs`, the same for people. */
export function documentation(app: OpenAPIHono<ServerEnv>, basePath: string): void {
  const document = { ...DOCUMENT, servers: [{ url: basePath === "" ? "/" : basePath }] };
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  app.get("/openapi.json", (c) => c.json(app.getOpenAPI31Document(document)));
  app.get("/docs", (c) => {
    const { paths = {}, components } = app.getOpenAPI31Document(document);
    const schemas: Readonly<Record<string, unknown>> = components?.schemas ?? {};
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, value]) => {
        const parsed = operation.safeParse(value);
        return parsed.success
          ? [
              {
                name: `${method.toUpperCase()} ${path}`,
                path,
                order: orderOf(path, parsed.data),
                ...parsed.data,
              },
            ]
          : [];
      }),
    );
    const sections = operations
      .toSorted((a, b) => a.order - b.order || a.path.localeCompare(b.path))
      .map((one) => operationSection(one.name, one, schemas));
    const body = html`<h1>HTTP API</h1>
      <p>The whole description, for programs: <a href="${linkTo(c, "/openapi.json")}">openapi.json</a>. <a href="${linkTo(c, "/")}">Inbox</a></p>
      ${sections}`;
    return c.html(page(c, { title: "HTTP API", body, layout: "wide" }));
  });
}

/** Sorts threads first, then requests to people; operations for callers without a key come last. */
function orderOf(path: string, { security }: z.infer<typeof operation>): number {
  if (security?.length === 0) return 3;
  return path.startsWith("/threads") ? 0 : path.startsWith("/requests") ? 1 : 2;
}

function operationSection(
  name: string,
  { summary, description, parameters = [], requestBody, responses = {} }: z.infer<typeof operation>,
  schemas: Readonly<Record<string, unknown>>,
) {
  const body = requestBody?.content["application/json"]?.schema;
  return html`<section>
    <h2>${name}</h2>
    <p>${summary ?? ""}</p>
    ${description === undefined ? "" : html`<p class="soft">${description}</p>`}
    ${list(
      parameters.map((parameter) => [
        parameter.name,
        [parameter.in, parameter.required === true ? "needed" : "", parameter.description ?? ""]
          .filter((part) => part !== "")
          .join(", "),
      ]),
    )}
    ${
      body === undefined
        ? ""
        : html`<details>
          <summary>Body</summary>
          <pre tabindex="0">${JSON.stringify(resolveReference(body, schemas), null, 2)}</pre>
        </details>`
    }
    ${list(
      Object.entries(responses)
        .filter(([status]) => status.startsWith("2"))
        .map(([status, response]) => [status, response.description ?? ""]),
    )}
    <p class="soft">
      Refusals:
      ${Object.keys(responses)
        .filter((status) => !status.startsWith("2"))
        .join(", ")}
    </p>
  </section>`;
}

function list(entries: readonly (readonly [string, string])[]) {
  if (entries.length === 0) return "";
  return html`<dl>
    ${entries.map(
      ([name, text]) =>
        html`<dt>${name}</dt>
          <dd>${text}</dd>`,
    )}
  </dl>`;
}

/** A schema with its references replaced by what they refer to. None of ours refers to itself. */
function resolveReference(schema: unknown, schemas: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(schema)) return schema.map((one) => resolveReference(one, schemas));
  if (typeof schema !== "object" || schema === null) return schema;
  const reference = "$ref" in schema ? String(schema.$ref).split("/").at(-1) : undefined;
  if (reference !== undefined) return resolveReference(schemas[reference], schemas);
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolveReference(value, schemas)]),
  );
}
