import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { randomThreadId, requestIdOf } from "../../src/base/ids.ts";
import { inboxRoutes, serverInbox } from "../../src/inbox/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer, type ServerOptions } from "../../src/server/app.ts";
import { requestLink } from "../../src/server/links.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { ada } from "../inbox/inbox-server.ts";
import { officeAgent } from "../inbox/office-agent.ts";
import { afterwards, keyFor, serve } from "./serve.ts";
import { walkThrough } from "./walk-through.ts";

/** The whole server, with an agent that asks before it pays. */
function office(options: Partial<ServerOptions> = {}) {
  const pay = { intent: "pay", amount: 40, to: "ACME", memo: "invoice 7" } as const;
  const { agent } = officeAgent([pay, { intent: "done", message: "Paid." }]);
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const { key, configured } = keyFor("ada");
  const { app, streams } = createServer({
    runtime,
    auth: { kind: "keys", keys: [configured] },
    ...serverInbox({ runtime, clock: systemClock }),
    ...options,
  });
  afterwards(async () => {
    streams.close();
    await runtime.stop();
  });
  return { app, key, agent: "office", runtime };
}

const withoutPrefix = (base: string) => (request: Request) => {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(base.length) || "/";
  return new Request(url, request);
};

/** Each way of mounting an app in another one, or in a server that is not made with Hono. */
const MOUNTS: readonly (readonly [string, (app: Hono, base: string) => Pick<Hono, "request">])[] = [
  ["by `route` under its path", (app, base) => new Hono().route(base, app)],
  ["by `route` at the root", (app) => new Hono().get("/own", (c) => c.text("own")).route("/", app)],
  ["by `mount`, which takes the prefix off", (app, base) => new Hono().mount(base, app.fetch)],
  ["by passing requests on", (app, base) => new Hono().all(`${base}/*`, (c) => app.fetch(c.req.raw))],
  ["as a fetch handler of its own", (app) => app],
  [
    "behind a proxy that takes the prefix off",
    (app, base) => new Hono().all("*", (c) => app.fetch(withoutPrefix(base)(c.req.raw))),
  ],
];

describe("the server mounted under a path", { tags: ["E12"] }, () => {
  it.each(MOUNTS)("%s works from the sign-in to the decision", async (_, mount) => {
    const base = "/tools/agents";
    const { app, ...rest } = office({ basePath: base });
    const host = mount(new Hono().route("/", app), base);
    await walkThrough({ base, send: async (path, init) => host.request(path, init), ...rest });
  });

  it("needs no path where it has none", async () => {
    const { app, ...rest } = office();
    await walkThrough({ base: "", send: async (path, init) => app.request(path, init), ...rest });
  });

  it("takes its path from the public address, and keeps links in messages and cookies to it", async () => {
    const publicUrl = "https://example.com/agents/";
    const secret = "s".repeat(40);
    const { app, key } = office({ publicUrl, secret });
    const body = new URLSearchParams({ key });
    const signedIn = await app.request("/agents/login", { method: "POST", body });
    expect(signedIn.headers.get("location")).toBe("/agents/");
    // A cookie that no other host may set is for the whole host; its name keeps two servers apart.
    expect(signedIn.headers.get("set-cookie")).toMatch(/^__Host-tf_session\.agents=.*; Path=\/;.*Secure/);
    const principal = { channel: "email", id: "bob@example.com" };
    const requestId = requestIdOf(randomThreadId(), 1);
    const link = requestLink({ secret, publicUrl, requestId, principal, expiresAt: Date.now() + 60_000 });
    expect(link).toMatch(/^https:\/\/example\.com\/agents\/open\//);
  });

  it("opens a card from a link in a message, and goes nowhere else", async () => {
    const secret = "s".repeat(40);
    const { app, runtime } = office({ basePath: "/agents", secret });
    const { threadId } = await runtime.launch({
      agent: "office",
      input: { message: "Invoice 7", from: ada },
    });
    const { request } = (await runtime.settled(threadId)).state;
    if (request === null) throw new Error("nobody is asked");
    const requestId = requestIdOf(threadId, request.seq);
    const principal = { channel: "email", id: "bob@example.com" };
    const publicUrl = "http://localhost/agents";
    const link = requestLink({ secret, publicUrl, requestId, principal, expiresAt: Date.now() + 60_000 });
    const opened = await app.request(link);
    expect(opened.headers.get("location")).toBe(`/agents/inbox/requests/${requestId}`);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const get = (path: string) => app.request(path, { headers: { cookie, accept: "text/html" } });
    expect((await get(`/agents/inbox/requests/${requestId}`)).status).toBe(200);
    for (const path of ["/agents/inbox", `/agents/inbox/threads/${threadId}`, "/agents/threads", "/inbox"])
      expect((await get(path)).status, path).toBe(403);
  });

  it("says what is wrong where middleware around it has read the body", async () => {
    const faults: unknown[] = [];
    const log = { info() {}, warn() {}, error: ({ err }: Record<string, unknown>) => void faults.push(err) };
    const { app, keys } = serve({ server: { basePath: "/agents", log } });
    const host = new Hono();
    host.use(async (c, next) => {
      await c.req.json();
      await next();
    });
    host.route("/agents", app);
    const answer = await host.request("/agents/threads", {
      method: "POST",
      headers: { authorization: `Bearer ${keys.ada}`, "content-type": "application/json" },
      body: JSON.stringify({ agent: "example", message: "go" }),
    });
    expect(answer.status).toBe(500);
    expect(String(faults)).toContain("mount Twelvefold before body parsers");
  });

  it("says which path to name if it was mounted without one", async () => {
    const served = serve();
    const host = new Hono().route("/agents", served.app);
    const headers = { authorization: `Bearer ${served.keys.ada}` };
    expect(await (await host.request("/agents/threads", { headers })).json()).toMatchObject({
      detail:
        'there is nothing at GET /agents/threads; if it is mounted under /agents, say so: basePath: "/agents"',
    });
  });

  it.each([
    ["agents", "must be a path such as /agents"],
    ["/a/../b", "must be a path such as /agents"],
    ["/a//b", "must be a path such as /agents"],
    ['/"><script>', "must be a path such as /agents"],
    ["/threads", "begins like one of the server's own paths, /threads"],
    ["/inbox/mine", "begins like one of the server's own paths, /inbox"],
  ])("refuses %s as a path", (basePath, problem) => {
    expect(() => serve({ server: { basePath } })).toThrow(`basePath: ${problem}`);
  });

  it("refuses a public address with another path", () => {
    const server = { basePath: "/agents", publicUrl: "https://example.com/bots" };
    expect(() => serve({ server })).toThrow(
      "the path of publicUrl, /bots, has another path than the base path, /agents",
    );
    expect(() => serve({ server: { publicUrl: "https://example.com/inbox" } })).toThrow("begins like one");
  });
});

describe("the inbox alone, mounted under a path", { tags: ["E12"] }, () => {
  it("keeps its links and redirects to it", async () => {
    const { runtime } = office();
    const app = new Hono().route(
      "/agents",
      inboxRoutes({
        ...{ runtime, clock: systemClock },
        principal: () => ada,
        csrfToken: () => "token",
        checkCsrf: (_, token) => token === "token",
        basePath: () => "/agents",
      }),
    );
    const page = await (await app.request("/agents/inbox/agents/office")).text();
    const links = [...page.matchAll(/\b(?:href|src|action)="(\/[^"]*)/g)].map(([, link]) => link);
    expect(links.filter((link) => link?.startsWith("/agents/inbox") !== true)).toEqual([]);
    const body = new URLSearchParams({ csrf: "token", message: "Invoice 7" });
    const launched = await app.request("/agents/inbox/agents/office/launch", { method: "POST", body });
    expect(launched.headers.get("location")).toMatch(/^\/agents\/inbox\/threads\/thr_/);
  });
});

describe("two copies of Hono", { tags: ["E2"] }, () => {
  const folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.twelvefold-hono-"));
  const copy = (name: string) =>
    cpSync(join(import.meta.dirname, "../../node_modules", name), join(folder, "node_modules", name), {
      recursive: true,
    });

  it("do not disturb each other where one mounts the other, and are refused where they would mix", async () => {
    copy("hono");
    copy("@hono/zod-openapi");
    const load = (path: string) => import(pathToFileURL(join(folder, "node_modules", path)).href);
    const { Hono: Other } = await load("hono/dist/index.js");
    const { app, ...rest } = office({ basePath: "/agents" });
    const host = new Other().route("/agents", app);
    await walkThrough({ base: "/agents", send: async (path, init) => host.request(path, init), ...rest });
    const { requireOneHono } = await import("../../src/server/app.ts");
    const { OpenAPIHono } = await load("@hono/zod-openapi/dist/index.mjs");
    expect(() => requireOneHono(new OpenAPIHono())).toThrow(
      /there are two copies of Hono.*npm ls hono.*npm dedupe/,
    );
    rmSync(folder, { recursive: true });
  });
});
