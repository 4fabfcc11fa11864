/*
 * Writes src/client/operations.ts, the types of the HTTP client, from the server's own OpenAPI description:
 * `npx tsx scripts/generate-client.ts`. A test says when it is out of date.
 */
import { writeFileSync } from "node:fs";
import { z } from "zod";

type Schema = Readonly<Record<string, unknown>>;
const record = z.record(z.string(), z.unknown());
const json = z.object({ content: record.optional() }).loose();
const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().optional(),
  schema: record,
});
const operation = z
  .object({
    summary: z.string().optional(),
    parameters: z.array(parameter).optional(),
    requestBody: json.extend({ required: z.boolean().optional() }).optional(),
    responses: z.record(z.string(), json),
  })
  .loose();
const document = z
  .object({
    paths: z.record(z.string(), record),
    components: z.object({ schemas: z.record(z.string(), record) }).loose(),
  })
  .loose();

/** Schemas that are types of the package itself, which says more about them than the description. */
const SHARED: Readonly<Record<string, string>> = { ThreadEvent: "../thread/events.ts" };

/** The text of the file for an OpenAPI 3.1 document. */
export function clientTypes(openapi: unknown): string {
  const { paths, components } = document.parse(openapi);
  const shared = Object.entries(SHARED).map(
    ([name, from]) => `import type { ${name} } from "${from}";\n\nexport type { ${name} };\n`,
  );
  const named = Object.entries(components.schemas)
    .filter(([name]) => !Object.hasOwn(SHARED, name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `export type ${name} = ${typeOf(schema)};\n`);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, value]) => {
      const parsed = operation.safeParse(value);
      return parsed.success ? [describe(`${method.toUpperCase()} ${path}`, parsed.data)] : [];
    }),
  );
  return [
    "// Written by scripts/generate-client.ts from the server's OpenAPI description. Do not edit.\n",
    ...shared,
    ...named,
    "/** What each operation takes and answers. */",
    "export interface Operations {",
    ...operations,
    "}\n",
  ].join("\n");
}

function describe(
  name: string,
  { summary, parameters = [], requestBody, responses }: z.infer<typeof operation>,
) {
  const fields = (place: "path" | "query") => {
    const of = parameters
      .filter((one) => one.in === place)
      .map((one) => `readonly ${key(one.name)}${one.required ? "" : "?"}: ${typeOf(one.schema)};`);
    return of.length === 0 ? "Record<never, never>" : `{ ${of.join(" ")} }`;
  };
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1];
  const lines = [
    ...(summary === undefined ? [] : [`  /** ${summary.replaceAll("*/", "* /")} */`]),
    `  readonly ${JSON.stringify(name)}: {`,
    `    readonly path: ${fields("path")};`,
    `    readonly query: ${fields("query")};`,
    `    readonly body: ${bodyOf(requestBody)};`,
    `    readonly answer: ${contentOf(success?.content)};`,
    "  };",
  ];
  return lines.join("\n");
}

function bodyOf(body: { content?: Schema | undefined; required?: boolean | undefined } | undefined): string {
  if (body === undefined) return "undefined";
  return body.required === true ? contentOf(body.content) : `${contentOf(body.content)} | undefined`;
}

/** JSON as its type; anything else is text. */
function contentOf(content: Schema | undefined): string {
  if (content === undefined) return "undefined";
  if (Object.keys(content).some((type) => !type.includes("json"))) return "string";
  const media = z.object({ schema: record }).loose().safeParse(content["application/json"]);
  return media.success ? typeOf(media.data.schema) : "unknown";
}

function typeOf(schema: Schema): string {
  const { $ref, enum: values, const: only, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === "string") return $ref.slice($ref.lastIndexOf("/") + 1);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (only !== undefined) return JSON.stringify(only);
  for (const [list, separator] of [
    [anyOf, " | "],
    [oneOf, " | "],
    [allOf, " & "],
  ] as const) {
    if (Array.isArray(list)) return `(${list.map((one) => typeOf(record.parse(one))).join(separator)})`;
  }
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one })).join(" | ");
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly ${wrapped(typeOf(record.parse(schema["items"] ?? {})))}[]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function wrapped(type: string): string {
  return /[ |&]/.test(type) ? `(${type})` : type;
}

function objectType(schema: Schema): string {
  const required = z.array(z.string()).parse(schema["required"] ?? []);
  const properties = record.parse(schema["properties"] ?? {});
  const fields = Object.entries(properties).map(
    ([name, value]) =>
      `readonly ${key(name)}${required.includes(name) ? "" : "?"}: ${typeOf(record.parse(value))};`,
  );
  const others = record.safeParse(schema["additionalProperties"]);
  if (others.success && fields.length === 0) return `{ readonly [key: string]: ${typeOf(others.data)} }`;
  return `{ ${fields.join(" ")} }`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

if (import.meta.main) {
  const { createServerApp } = await import("../src/server/app.ts");
  const { createRuntime } = await import("../src/runtime/runtime.ts");
  const { createMemoryStore } = await import("../src/store/memory.ts");
  const token = crypto.randomUUID();
  const app = createServerApp({
    runtime: createRuntime({ agents: [], store: createMemoryStore() }),
    auth: { kind: "local", principal: { id: "generator" }, token },
  });
  const headers = { authorization: `Bearer ${token}` };
  const response = await app.request("http://localhost/openapi.json", { headers });
  writeFileSync(new URL("../src/client/operations.ts", import.meta.url), clientTypes(await response.json()));
}
