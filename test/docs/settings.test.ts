import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Agent, Channel, Prefetch, Runtime, TwelvefoldConfig } from "../../src/index.ts";
import {
  createMemoryStore,
  createRuntime,
  defineAgent,
  finish,
  startThread,
  verifiedBy,
} from "../../src/index.ts";
import type { McpTools } from "../../src/protocols/index.ts";
import type { Observer } from "../../src/runtime/observers.ts";
import { scriptedSteps } from "../../src/testing/index.ts";
import { pagesOfDocs } from "./links.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "./run-snippets.ts";

/*
 * The snippets that set something up and print nothing. What they `declare` is global here; what they export is used.
 */

const root = join(import.meta.dirname, "..", "..");
const IMPORTS = {
  ...DOOR_IMPORTS,
  "./baml_client/index.ts": "test/prompts/baml_client/index.ts",
  "./baml_client/inlinedbaml.ts": "test/prompts/baml_client/inlinedbaml.ts",
  "./baml_client/type_builder.ts": "test/prompts/baml_client/type_builder.ts",
};

const agentNamed = (name: string) =>
  defineAgent(scriptedSteps<{ intent: "done" }>([{ intent: "done" }]), {
    name,
    steps: { done: finish(() => "done") },
  });
const SECRET = "a secret of at least thirty-two characters";
const observers: Observer[] = [];
const recalled: string[] = [];

/** An MCP server at the address of the page, with a tool that reads and one that writes. */
const remote = createMcpHandler(() => {
  const server = new McpServer({ name: "github", version: "1" });
  for (const [name, readOnlyHint] of [
    ["search", true],
    ["create_issue", false],
  ] as const) {
    const inputSchema = fromJsonSchema({ type: "object", properties: { text: { type: "string" } } });
    server.registerTool(name, { description: name, inputSchema, annotations: { readOnlyHint } }, () => ({
      content: [{ type: "text" as const, text: "ok" }],
    }));
  }
  return server;
});
const asked: (string | null)[] = [];

beforeAll(() => {
  const declared = {
    calculator: agentNamed("calculator"),
    support: agentNamed("support"),
    deploybot: { agents: [agentNamed("deploybot")] },
    stale: { name: "stale", schedule: "0 9 * * *", agent: "deploybot", check: async () => null },
    keys: [],
    store: createMemoryStore(),
    model: { clients: [{ name: "m", provider: "openai-generic", options: {} }], strategy: "fallback" },
    secret: SECRET,
    token: "of-the-service",
    serviceToken: "of-the-service",
    mailInput: () => ({ message: "hi", from: verifiedBy("email", "ann@example.com") }),
    memory: {
      recall: (customer: string, words: string) => {
        recalled.push(`${customer}: ${words}`);
        return [{ likes: "mail" }];
      },
    },
    runtime: { subscribe: (observer: Observer) => observers.push(observer) },
  };
  declareGlobals(declared);
  for (const [name, value] of Object.entries({
    SLACK_SIGNING_SECRET: "0123456789abcdef",
    SLACK_BOT_TOKEN: "xoxb-1",
    TEAMS_APP_ID: "app-of-the-bot",
    TEAMS_CLIENT_SECRET: "secret-of-the-bot",
    TEAMS_TENANT: "tenant-of-ours",
    DISCORD_PUBLIC_KEY: "00".repeat(32),
    DISCORD_APPLICATION_ID: "1234567890123",
    DISCORD_BOT_TOKEN: "token-of-the-bot",
    DISCORD_GUILD: "2234567890123",
    TELEGRAM_BOT_TOKEN: "1234:token-of-the-bot",
    TELEGRAM_SECRET_TOKEN: SECRET.replaceAll(" ", "_"),
    SMTP_URL: "smtps://user:password@mail.example",
    TWELVEFOLD_SECRET: SECRET,
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TWILIO_AUTH_TOKEN: "0123456789abcdef0123456789abcdef",
  }))
    vi.stubEnv(name, value);
  vi.stubGlobal("fetch", (input: string | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push(request.headers.get("authorization"));
    return remote.fetch(request);
  });
});
afterAll(async () => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  await remote.close();
});

it("every page whose code is TypeScript is read by a test that runs it", () => {
  const shown = pagesOfDocs(root).filter((page) => /^```ts$/m.test(readFileSync(join(root, page), "utf8")));
  const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|[\\/])(docs|book|readme|settings|oidc|recipes)\.test\.ts$/.test(name))
    .map((name) => readFileSync(join(root, "test", name), "utf8"))
    .join("\n");
  const named = (page: string) =>
    [basename(page), basename(page, ".md")].some(
      (name) => tests.includes(`${name}"`) || tests.includes(`/${name}`),
    );
  // All factors are read at once.
  expect(shown.filter((page) => !page.startsWith("docs/factors/") && !named(page))).toEqual([]);
});

it.each([
  ["a2h", ["calculator", "a2h"]],
  ["chat-pages", ["calculator"]],
  ["mcp", ["calculator"]],
  ["deploybot", ["deploybot"]],
])("the configuration on %s.md is valid", async (page, agents) => {
  // Only the first: what a page of React does is tested with a browser.
  const text = snippetsOf(`docs/${page}.md`, { ...IMPORTS, "@ai-sdk/react": "zod", ai: "zod" });
  const { default: config } = await use<{ default: TwelvefoldConfig }>(text[0]);
  expect(config.agents.map(({ name }) => name)).toEqual(agents);
});

it("each channel of channels.md can be made, and joins a runtime", async () => {
  const snippets = snippetsOf("docs/channels.md", IMPORTS);
  const names: string[] = [];
  for (const snippet of snippets.slice(0, -1)) {
    const [channel] = Object.values(await use<Record<string, Channel>>(snippet));
    if (channel === undefined) throw new Error(`${snippet.line}: nothing is exported`);
    const runtime = createRuntime({
      agents: [agentNamed("support")],
      store: createMemoryStore(),
      channels: [channel],
    });
    names.push(channel.name);
    await runtime.stop();
  }
  expect(names).toEqual(["slack", "teams", "discord", "telegram", "email", "sms"]);
});

it("the channel that channels.md writes by hand tells how a thread ended", async () => {
  const snippet = snippetsOf("docs/channels.md", IMPORTS).at(-1);
  const { pager } = await use<{ pager(page: (text: string) => Promise<void>): Channel }>(snippet);
  const pages: string[] = [];
  const channel = pager(async (text) => void pages.push(text));
  const runtime = createRuntime({
    agents: [agentNamed("support")],
    store: createMemoryStore(),
    channels: [channel],
  });
  const { threadId } = await runtime.launch({
    agent: "support",
    input: { message: "hi", from: verifiedBy("pager", "ada") },
    via: { channel: "pager", address: "ada" },
  });
  await runtime.settled(threadId);
  await vi.waitFor(() => expect(pages).toEqual([expect.stringContaining("done")]));
  await runtime.stop();
});

it("the tools of the server that mcp.md names join an agent", async () => {
  const [, all, own, some] = snippetsOf("docs/mcp.md", IMPORTS);
  const { maintainer } = await use<{ maintainer: Agent }>(all);
  const thread = startThread({ agent: maintainer.name }, 0);
  const client = {
    name: "m",
    provider: "openai-generic",
    options: { base_url: "http://127.0.0.1:1", model: "m" },
  };
  const { body } = await maintainer.nextStep.request(thread, {
    model: { clients: [client], strategy: "fallback" },
  });
  expect(JSON.stringify(body)).toMatch(/create_issue.*search/s);
  expect(new Set(asked)).toEqual(new Set(["Bearer of-the-service"]));
  for (const snippet of [own, some]) {
    const { github } = await use<{ github: McpTools }>(snippet);
    expect(github.tools.map(({ name }) => name)).toEqual(["create_issue", "search"]);
  }
});

it("support.md fetches a customer's preferences and answers by mail", async () => {
  const [first, second] = snippetsOf("docs/support.md", IMPORTS);
  const { preferences } = await use<{ preferences: Prefetch }>(first);
  const agent = defineAgent(scriptedSteps<{ intent: "done" }>([{ intent: "done" }]), {
    name: "shop",
    prefetch: { preferences },
    steps: { done: finish(() => "done") },
  });
  const store = createMemoryStore();
  const shop = createRuntime({ agents: [agent], store });
  const from = verifiedBy("email", "ann@example.com");
  const { threadId } = await shop.launch({ agent: "shop", input: { message: "where is A1?", from } });
  await shop.settled(threadId);
  await shop.stop();
  expect(recalled).toEqual(["ann@example.com: where is A1?"]);
  const { runtime } = await use<{ runtime: Runtime }>(second);
  expect([...runtime.agents.keys()]).toEqual(["support"]);
  await runtime.stop();
});

it("telemetry.md subscribes traces and metrics", async () => {
  await use(snippetsOf("docs/telemetry.md", IMPORTS)[0]);
  expect(observers).toHaveLength(2);
});
