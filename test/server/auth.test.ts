import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { findKey, newApiKey } from "../../src/server/api-key.ts";
import type { Caller } from "../../src/server/callers.ts";
import type { ServerEnv } from "../../src/server/env.ts";
import { requestLink } from "../../src/server/links.ts";
import { safePath } from "../../src/server/routes/login.ts";
import { csrfFor, csrfToken, issueLoginToken } from "../../src/server/session.ts";
import { startServer } from "../../src/server/start.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { afterwards, keyFor, serve } from "./serve.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

const TOKEN = "the-token-of-this-run-that-nobody-guesses";
const LOCAL = { kind: "local", principal: { id: "me" }, token: TOKEN } as const;

function cookieOf(response: Response): string {
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

function csrfOf(cookie: string): string {
  return csrfFor(cookie.slice(cookie.indexOf("=") + 1));
}

describe("who may use the server", () => {
  it("every address but the health check asks for credentials", { tags: "S7" }, async () => {
    const { call } = serve();
    for (const path of [
      "/threads",
      "/requests",
      "/threads/thr_x",
      "/docs",
      "/openapi.json",
      "/",
      "/nowhere",
    ]) {
      const refused = await call(path, { as: "" });
      expect([path, refused.status]).toEqual([path, 401]);
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    }
    for (const path of [
      "/threads",
      "/requests/thr_x.1/response",
      "/threads/thr_x/cancel",
      "/events",
      "/logout",
    ]) {
      expect((await call(path, { as: "", body: {} })).status).toBe(401);
    }
    expect((await call("/threads", { as: "tf_wrong" })).status).toBe(401);
    expect((await call("/healthz", { as: "" })).body).toEqual({ status: "ok" });
  });

  it("a key does what its scopes say, and admin everything", { tags: "S7" }, async () => {
    const { call, keys, launch } = serve({ script: [{ intent: "ask", message: "which?" }] });
    const { threadId } = await launch();
    expect((await call(`/threads/${threadId}`, { as: keys.reader })).status).toBe(200);
    const post = [
      ["/threads", { agent: "example", message: "x" }],
      [`/threads/${threadId}/messages`, { text: "x" }],
      [`/threads/${threadId}/cancel`, {}],
      [`/threads/${threadId}/fork`, { seq: 1 }],
      [`/threads/${threadId}/events`, { name: "x" }],
      ["/events", { name: "x" }],
      [`/requests/${threadId}.5/response`, { decision: { kind: "answered", text: "x" } }],
    ] as const;
    for (const [path, body] of post) {
      const refused = await call(path, { as: keys.reader, body });
      expect([path, refused.status, refused.body.detail]).toEqual([
        path,
        403,
        expect.stringMatching(/needs the scope .*; yours: read$/),
      ]);
    }
    expect((await call(`/threads/${threadId}/pause`, { as: keys.root, body: {} })).status).toBe(200);
  });

  it("keys are kept as digests and compared whole", { tags: "S7" }, () => {
    const { key, digest } = newApiKey();
    const configured = { id: "k", digest, scopes: [], principal: { id: "ada" } };
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digest).not.toContain(key);
    expect(findKey([configured], key)).toBe(configured);
    expect(findKey([configured], digest)).toBeUndefined();
    expect(findKey([configured], `${key}x`)).toBeUndefined();
    expect(findKey([configured], "")).toBeUndefined();
  });

  it("refuses to listen where others can reach it without credentials", { tags: "S7" }, async () => {
    const { runtime } = serve();
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com"]) {
      await expect(startServer({ runtime, host, port: 0 })).rejects.toThrow(UsageError);
      const empty = startServer({ runtime, host, port: 0, auth: { kind: "keys", keys: [] } });
      await expect(empty).rejects.toThrow("without credentials");
    }
    const behindProxy = startServer({ runtime, port: 0, publicUrl: "https://agents.example.com" });
    await expect(behindProxy).rejects.toThrow("without credentials");
    const local = await startServer({ runtime, port: 0, publicUrl: "http://localhost:3120" });
    afterwards(() => local.close());
    expect(local.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${local.url}/threads`)).status).toBe(401);
    const headers = { authorization: `Bearer ${local.token}` };
    expect((await fetch(`${local.url}/threads`, { headers })).status).toBe(200);
    const taken = startServer({ runtime, port: Number(new URL(local.url).port) });
    await expect(taken).rejects.toThrow(/cannot listen on .*another program listens there already.*--port/);
    const wrong = { authorization: "Bearer somebody-elses" };
    expect(await (await fetch(`${local.url}/threads`, { headers: wrong })).text()).toContain(
      "are not valid here",
    );
    const untyped = await fetch(`${local.url}/threads`, { headers, method: "POST", body: "{}" });
    expect([untyped.status, await untyped.text()]).toEqual([
      415,
      expect.stringContaining("`content-type: application/json`"),
    ]);
  });

  it("without keys a request needs the token of this run, whoever sends it", { tags: "S7" }, async () => {
    const { app } = serve({ server: { auth: LOCAL } });
    const send = (headers: Record<string, string>) => app.request("http://localhost/threads", { headers });
    const host = "localhost:3120";
    expect((await send({ host })).status).toBe(401);
    expect((await send({ host, authorization: `Bearer ${TOKEN}x` })).status).toBe(401);
    expect((await send({ host, authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    const launch = await app.request("http://localhost/threads", {
      method: "POST",
      headers: { host, "content-type": "application/json" },
      body: JSON.stringify({ agent: "example", message: "x" }),
    });
    expect(launch.status).toBe(401);
  });

  it("without keys, other host names and proxies are refused, whatever they know", {
    tags: "S7",
  }, async () => {
    const { app } = serve({ server: { auth: LOCAL } });
    const authorization = `Bearer ${TOKEN}`;
    const send = (headers: Record<string, string>) =>
      app.request("http://localhost/threads", { headers: { authorization, ...headers } });
    expect((await send({ host: "evil.example:3120" })).status).toBe(403);
    for (const header of [
      "x-forwarded-for",
      "x-forwarded-proto",
      "x-forwarded-host",
      "X-Forwarded-Port",
      "forwarded",
      "via",
      "x-real-ip",
      "cf-connecting-ip",
      "true-client-ip",
    ]) {
      expect((await send({ host: "localhost:3120", [header]: "192.0.2.7" })).status, header).toBe(403);
    }
  });

  it("the address with the token of this run signs in as often as needed, until the process ends", {
    tags: "S7",
  }, async () => {
    const store = createMemoryStore();
    const { app } = serve({ store, server: { auth: LOCAL } });
    const page = await app.request(`/login?token=${TOKEN}`, { headers: { host: "localhost" } });
    expect(await page.text()).toContain("until the server stops");
    const signIn = () =>
      app.request("/login", { method: "POST", headers: FORM, body: new URLSearchParams({ token: TOKEN }) });
    for (const cookie of [cookieOf(await signIn()), cookieOf(await signIn())]) {
      expect((await app.request("/threads", { headers: { cookie } })).status).toBe(200);
      const next = serve({ store, server: { auth: { ...LOCAL, token: `${TOKEN}-of-the-next-run` } } });
      expect((await next.app.request("/threads", { headers: { cookie } })).status).toBe(401);
    }
  });

  it("a session is worth nothing to another site, nor to a form without its token", {
    tags: "S7",
  }, async () => {
    const { app } = serve({ server: { auth: LOCAL } });
    const signedIn = await app.request("/login", {
      method: "POST",
      headers: FORM,
      body: new URLSearchParams({ token: TOKEN }),
    });
    const cookie = cookieOf(signedIn);
    const launch = JSON.stringify({ agent: "example", message: "x" });
    const host = "localhost:3120";
    const own = { cookie, host, "content-type": "application/json", "x-csrf-token": csrfOf(cookie) };
    const send = async (headers: Record<string, string>) =>
      (await app.request("http://localhost/threads", { method: "POST", headers, body: launch })).status;
    expect(await send({ ...own, origin: "https://evil.example" })).toBe(403);
    expect(await send({ ...own, origin: "null" })).toBe(403);
    expect(await send({ ...own, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await send({ ...own, "sec-fetch-site": "same-site" })).toBe(403);
    expect(await send({ ...own, "x-csrf-token": "" })).toBe(403);
    expect(await send({ cookie, host, ...FORM })).toBe(403);
    expect(await send({ ...own, "sec-fetch-site": "same-origin", origin: "http://localhost:3120" })).toBe(
      201,
    );
  });

  it("a server with a misspelt or senseless option does not start", { tags: "S7" }, async () => {
    const { runtime } = serve();
    const { configured } = keyFor("ada");
    const start = (options: object) => startServer(Object.assign({ runtime, port: 0 }, options));
    const wrong: readonly [object, string][] = [
      [{ apiKeys: [configured] }, 'unknown option "apiKeys"'],
      [{ keys: "x" }, 'unknown option "keys"'],
      [{ auth: { kind: "keys", keys: "x" } }, "auth.keys"],
      [{ auth: { kind: "keys", keys: [{ ...configured, digest: "tf_not-a-digest" }] } }, "SHA-256"],
      [{ auth: { kind: "keys", keys: [configured, configured] } }, "auth.keys: two have the id"],
      [{ auth: { kind: "keys", keys: [{ ...configured, scopes: ["write"] }] } }, "auth.keys.0.scopes"],
      [{ auth: { ...LOCAL, token: "short" } }, "auth.token: needs at least 32"],
      [{ secret: "short" }, "32 random characters"],
      [{ publicUrl: "agents.example.com" }, "must be an address"],
      [{ port: 70_000 }, "port"],
      [{ pollMs: 0 }, "pollMs"],
      [{ limits: { requestsPerSecond: Number.POSITIVE_INFINITY } }, "limits.requestsPerSecond"],
      [{ cron: [{ name: "daily", schedule: "not a time", agent: "example" }] }, "is not a schedule"],
      [{ cron: [{ name: "daily", schedule: "0 9 * * *", agent: "nobody" }] }, 'there is no agent "nobody"'],
      [{ webhooks: [{ name: "orders" }] }, "webhooks.0"],
    ];
    for (const [options, said] of wrong) {
      await expect(start(options), JSON.stringify(options)).rejects.toThrow(said);
      await expect(start(options)).rejects.toThrow(UsageError);
    }
  });

  it("takes no large body from somebody who is not known yet", { tags: ["S7", "F6.10"] }, async () => {
    const { app } = serve();
    const headers = { "content-type": "application/json", accept: "application/json" };
    const body = JSON.stringify({ key: "x".repeat(20_000) });
    expect((await app.request("/login", { method: "POST", headers, body })).status).toBe(413);
  });

  it("a form that is none is the sender's mistake", { tags: "F6.10" }, async () => {
    const { app } = serve();
    const headers = { "content-type": "multipart/form-data; boundary=x", accept: "application/json" };
    const refused = await app.request("/login", { method: "POST", headers, body: "no such thing" });
    expect(refused.status).toBe(400);
  });

  it("says so when another framework has read the body first", { tags: "F6.10" }, async () => {
    const problems: unknown[] = [];
    const { app, keys } = serve({
      server: { log: { info() {}, warn() {}, error: ({ err }) => problems.push(err) } },
    });
    const listener = getRequestListener(app.fetch);
    const server = createServer((request, response) => {
      // What express.json() does.
      request.resume().on("end", () => void listener(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterwards(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const response = await fetch(`http://127.0.0.1:${port}/threads`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.ada}`, "content-type": "application/json" },
      body: JSON.stringify({ agent: "example", message: "x" }),
    });
    expect(response.status).toBe(500);
    expect(String(problems[0])).toContain("mount Twelvefold before body parsers");
  });

  it("nothing secret is logged", { tags: "S7" }, async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }));
    const { call, keys, launch } = serve({
      script: [{ intent: "done", message: "classified" }],
      server: { log: { info: write, warn: write, error: write } },
    });
    await launch("my password is hunter2");
    await call("/jobs/thr_secret.3.token", { as: "", body: { result: "classified" } });
    await call("/login?token=onetime", { as: "" }).catch(() => {});
    const log = lines.join("\n");
    expect(lines.length).toBeGreaterThan(2);
    expect(log).toContain('"route":"/jobs/:token"');
    expect(log).toContain('"principal":"web:ada"');
    for (const secret of [keys.ada, "hunter2", "classified", "thr_secret", "onetime"])
      expect(log).not.toContain(secret);
  });

  it("too many requests are refused with the time to wait", { tags: ["S7", "F6.10"] }, async () => {
    const clock = fakeClock();
    const { call, keys } = serve({ server: { clock, limits: { requestsPerSecond: 1, burst: 3 } } });
    for (let n = 0; n < 3; n++) expect((await call("/threads")).status).toBe(200);
    const refused = await call("/threads");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await call("/threads", { as: keys.bob })).status).toBe(200);
    await clock.advance(1000);
    expect((await call("/threads")).status).toBe(200);
  });
});

describe("browser sessions", () => {
  async function signIn(options: Parameters<typeof serve>[0] = {}) {
    const served = serve(options);
    const response = await served.app.request("/login", {
      method: "POST",
      headers: FORM,
      body: new URLSearchParams({ key: served.keys.ada }).toString(),
    });
    return { ...served, response, cookie: cookieOf(response) };
  }

  it("a key opens a session whose cookie scripts and other sites cannot use", { tags: "S7" }, async () => {
    const { response, cookie, app, store } = await signIn();
    expect([response.status, response.headers.get("location")]).toEqual([303, "/"]);
    const set = response.headers.get("set-cookie") ?? "";
    expect(set).toContain("HttpOnly");
    expect(set).toContain("SameSite=Lax");
    expect(set).not.toContain("Secure");
    expect((await app.request("/threads", { headers: { cookie } })).status).toBe(200);
    const token = cookie.slice(cookie.indexOf("=") + 1);
    expect(await store.getValue(`session:${token}`)).toBeUndefined();
    const https = await signIn({ server: { publicUrl: "https://agents.example.com" } });
    expect(https.response.headers.get("set-cookie")).toMatch(/^__Host-tf_session=.*Secure/);
  });

  it("a wrong key opens none", { tags: "S7" }, async () => {
    const { app } = serve();
    const refused = await app.request("/login", { method: "POST", headers: FORM, body: "key=tf_no" });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("set-cookie")).toBeNull();
  });

  it("another site cannot sign a person in", { tags: "S7" }, async () => {
    const { app, keys } = serve();
    const foreign = await app.request("/login", {
      method: "POST",
      headers: { ...FORM, origin: "https://evil.example" },
      body: new URLSearchParams({ key: keys.ada }).toString(),
    });
    expect([foreign.status, foreign.headers.get("set-cookie")]).toEqual([403, null]);
  });

  it("a body of absurd depth is refused before it is read", { tags: ["S1", "F6.10"] }, async () => {
    const { app, keys, runtime } = serve();
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const response = await app.request("/threads", {
      method: "POST",
      headers: { authorization: `Bearer ${keys.ada}`, "content-type": "application/json" },
      body: `{"agent":"example","event":{"name":"deep","payload":${deep}}}`,
    });
    expect(response.status).toBe(413);
    expect(await response.text()).toContain("nested at most 200 levels deep");
    expect((await runtime.list()).threads).toEqual([]);
  });

  it("what changes anything needs the form token, from this site", { tags: "S7" }, async () => {
    const { app, cookie } = await signIn();
    const csrf = csrfOf(cookie);
    const launch = JSON.stringify({ agent: "example", message: "x" });
    const post = (headers: Record<string, string>) =>
      app.request("/threads", {
        method: "POST",
        headers: { cookie, "content-type": "application/json", ...headers },
        body: launch,
      });
    expect((await post({})).status).toBe(403);
    expect((await post({ "x-csrf-token": `${csrf.slice(0, -1)}x` })).status).toBe(403);
    expect((await post({ "x-csrf-token": csrf, origin: "https://evil.example" })).status).toBe(403);
    expect((await post({ "x-csrf-token": csrf })).status).toBe(201);
    const logout = await app.request("/logout", {
      method: "POST",
      headers: { cookie, ...FORM },
      body: `csrf=${csrf}`,
    });
    expect(logout.status).toBe(303);
    expect((await app.request("/threads", { headers: { cookie } })).status).toBe(401);
  });

  it("a one-time token opens one session, and not by being looked at", { tags: "S7" }, async () => {
    const clock = fakeClock();
    const { app, store } = serve({ server: { clock } });
    const grant = { principal: { id: "ada" }, scopes: ["read"] } as const;
    const token = await issueLoginToken(store, clock, grant);
    const page = await app.request(`/login?token=${token}`);
    expect([page.status, page.headers.get("set-cookie")]).toEqual([200, null]);
    const take = () => app.request("/login", { method: "POST", headers: FORM, body: `token=${token}` });
    const both = await Promise.all([take(), take()]);
    expect(both.map(({ status }) => status).sort()).toEqual([303, 401]);
    const late = await issueLoginToken(store, clock, grant);
    await clock.advance(11 * 60_000);
    expect(
      (await app.request("/login", { method: "POST", headers: FORM, body: `token=${late}` })).status,
    ).toBe(401);
  });

  it("a session ends after twelve hours, and with the key that opened it", { tags: "S7" }, async () => {
    const clock = fakeClock();
    const { app, cookie, store } = await signIn({ server: { clock } });
    await clock.advance(11 * 3_600_000);
    expect((await app.request("/threads", { headers: { cookie } })).status).toBe(200);
    await clock.advance(2 * 3_600_000);
    expect((await app.request("/threads", { headers: { cookie } })).status).toBe(401);
    const other = await signIn({ store });
    const without = serve({ store, server: { auth: { kind: "keys", keys: [keyFor("bob").configured] } } });
    expect((await without.app.request("/threads", { headers: { cookie: other.cookie } })).status).toBe(401);
  });

  it("pages run no inline script and cannot be framed", { tags: "S7" }, async () => {
    const { app } = serve();
    const page = await app.request("/login");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await page.text()).not.toMatch(/<script|style=/);
    const hostile = await app.request(`/login?token=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(await hostile.text()).not.toContain("<script>");
  });

  it("signing in leads to a page of this server only", { tags: "S7" }, () => {
    for (const bad of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "evil",
      "/a\r\nb",
      undefined,
    ]) {
      expect(safePath(bad)).toBe("/");
    }
    expect(safePath("/inbox/requests/thr_x.3?a=b")).toBe("/inbox/requests/thr_x.3?a=b");
  });
});

describe("the product's own sign-in", () => {
  const sessions = new Map<string, Caller>([
    ["s-ada", { principal: { id: "ada", name: "Ada" }, scopes: ["launch", "read"] }],
    ["s-bob", { principal: { id: "bob" }, scopes: ["read"] }],
  ]);
  const own = (cookies: ReadonlyMap<string, Caller> = sessions) =>
    ({
      kind: "own",
      signInUrl: "https://product.example/sign-in",
      authenticate: (request: Request) =>
        cookies.get(/\bproduct=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? "") ??
        cookies.get(/^Bearer (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? ""),
    }) as const;
  const body = JSON.stringify({ agent: "example", message: "x" });
  const json = { "content-type": "application/json" };

  it("says who is on API and streams, with the scopes it gives", { tags: "S10" }, async () => {
    const { app, runtime } = serve({ server: { auth: own() } });
    expect((await app.request("/threads")).status).toBe(401);
    expect((await app.request("/threads", { headers: { cookie: "product=s-nobody" } })).status).toBe(401);
    expect((await app.request("/threads", { headers: { cookie: "product=s-bob" } })).status).toBe(200);
    const bearer = (token: string) =>
      app.request("/threads", {
        method: "POST",
        body,
        headers: { ...json, authorization: `Bearer ${token}` },
      });
    expect((await bearer("s-bob")).status).toBe(403);
    const launched = await bearer("s-ada");
    expect(launched.status).toBe(201);
    const [summary] = (await runtime.list()).threads;
    const events = summary === undefined ? [] : (await runtime.get(summary.threadId)).events;
    expect(events.find(({ type }) => type === "message_received")?.data).toMatchObject({
      from: { channel: "web", id: "ada", name: "Ada" },
    });
  });

  it("a cookie alone changes nothing: forms and scripts need the token of this caller's pages", {
    tags: ["S10", "S7"],
  }, async () => {
    const tokens = new Map<string, string>();
    const inbox = new Hono<ServerEnv>().get("/inbox/token", (c) => {
      tokens.set(c.get("principal").id, csrfToken(c));
      return c.text("");
    });
    const { app } = serve({ server: { auth: own(), inbox } });
    for (const cookie of ["product=s-ada", "product=s-bob"])
      await app.request("/inbox/token", { headers: { cookie } });
    const send = async (token: string | undefined, more: Record<string, string> = {}) => {
      const headers = {
        ...json,
        cookie: "product=s-ada",
        ...(token === undefined ? {} : { "x-csrf-token": token }),
      };
      return (await app.request("/threads", { method: "POST", body, headers: { ...headers, ...more } }))
        .status;
    };
    expect(await send(undefined)).toBe(403);
    expect(await send(tokens.get("bob"))).toBe(403);
    expect(await send(tokens.get("ada"), { origin: "https://evil.example" })).toBe(403);
    expect(await send(tokens.get("ada"))).toBe(201);
  });

  it("leads a browser that is not signed in to its own page", { tags: "S10" }, async () => {
    const { app } = serve({ server: { auth: own(), inbox: new Hono<ServerEnv>() } });
    const sent = await app.request("/inbox", { headers: { accept: "text/html" } });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "https://product.example/sign-in"]);
  });

  it("takes nothing but a person and known scopes from it", { tags: ["S10", "S7"] }, async () => {
    for (const claimed of [
      true,
      {},
      { principal: { id: "" }, scopes: [] },
      { principal: { id: "a" }, scopes: ["all"] },
    ]) {
      const authenticate = () => JSON.parse(JSON.stringify(claimed));
      const { app } = serve({ server: { auth: { kind: "own", authenticate } } });
      expect((await app.request("/threads")).status, JSON.stringify(claimed)).toBe(500);
    }
  });
});

describe("links to requests", () => {
  const secret = "a-secret-of-more-than-32-characters-really";

  it("a signed link opens one request for one person and decides nothing", { tags: "F7.10" }, async () => {
    const { app, launch, runtime } = serve({
      script: [
        { intent: "divide", a: 1, b: 2 },
        { intent: "done", message: "ok" },
      ],
      server: { secret },
    });
    const { threadId, thread } = await launch();
    const { request } = thread.state;
    if (request?.type !== "approval") throw new Error("no approval");
    const requestId = requestIdOf(threadId, request.seq);
    const principal = { channel: "email", id: "bob@example.com" };
    const options = {
      secret,
      publicUrl: "http://localhost",
      requestId,
      principal,
      expiresAt: Date.now() + 60_000,
    };
    const link = requestLink(options);
    const opened = await app.request(link);
    expect([opened.status, opened.headers.get("location")]).toEqual([303, `/inbox/requests/${requestId}`]);
    expect((await runtime.get(threadId)).state.seq).toBe(thread.state.seq);
    const cookie = cookieOf(opened);
    expect((await app.request("/threads", { headers: { cookie } })).status).toBe(403);
    expect((await app.request(`/threads/${threadId}`, { headers: { cookie } })).status).toBe(403);
    expect((await app.request(`/requests/${requestId}`, { headers: { cookie } })).status).toBe(200);
    const inboxElsewhere = await app.request(`/inbox/threads/${threadId}`, { headers: { cookie } });
    expect(inboxElsewhere.status).toBe(403);
    const respond = (headers: Record<string, string>) =>
      app.request(`/requests/${requestId}/response`, {
        method: "POST",
        headers: { cookie, "content-type": "application/json", ...headers },
        body: JSON.stringify({ decision: { kind: "approved" }, digest: request.digest }),
      });
    expect((await respond({})).status).toBe(403);
    expect((await respond({ "x-csrf-token": csrfOf(cookie) })).status).toBe(202);
    const responded = (await runtime.settled(threadId)).events.find(({ type }) => type === "human_responded");
    expect(responded?.data).toMatchObject({ by: verifiedBy("email", "bob@example.com") });
  });

  it("what a link has opened ends with it", { tags: "F7.10" }, async () => {
    const clock = fakeClock();
    const { app, launch } = serve({
      script: [{ intent: "ask", message: "which?" }],
      runtime: { clock },
      server: { secret, clock },
    });
    const { threadId, thread } = await launch();
    const requestId = requestIdOf(threadId, thread.state.request?.seq ?? 0);
    const principal = { channel: "email", id: "bob@example.com" };
    const expiresAt = clock.now() + 60_000;
    const link = requestLink({ secret, publicUrl: "http://localhost", requestId, principal, expiresAt });
    const cookie = cookieOf(await app.request(link));
    const read = async () => (await app.request(`/requests/${requestId}`, { headers: { cookie } })).status;
    expect(await read()).toBe(200);
    await clock.advance(60_001);
    expect(await read()).toBe(401);
  });

  it("a cookie that is worth nothing any more does not stand in the way of a link", {
    tags: "F7.10",
  }, async () => {
    const store = createMemoryStore();
    const gone = keyFor("gone");
    const before = serve({ store, server: { auth: { kind: "keys", keys: [gone.configured] } } });
    const form = new URLSearchParams({ key: gone.key });
    const stale = cookieOf(await before.app.request("/login", { method: "POST", headers: FORM, body: form }));
    const { app, launch } = serve({
      store,
      script: [{ intent: "ask", message: "which?" }],
      server: { secret },
    });
    const { threadId, thread } = await launch();
    const requestId = requestIdOf(threadId, thread.state.request?.seq ?? 0);
    const principal = { channel: "email", id: "bob@example.com" };
    const expiresAt = Date.now() + 60_000;
    const link = requestLink({ secret, publicUrl: "http://localhost", requestId, principal, expiresAt });
    const cookie = cookieOf(await app.request(link, { headers: { cookie: stale } }));
    expect((await app.request(`/requests/${requestId}`, { headers: { cookie } })).status).toBe(200);
  });

  it("a link that was changed or has expired opens nothing", { tags: "F7.10" }, async () => {
    const { app, launch } = serve({ script: [{ intent: "ask", message: "which?" }], server: { secret } });
    const { threadId, thread } = await launch();
    const requestId = requestIdOf(threadId, thread.state.request?.seq ?? 0);
    const principal = { channel: "email", id: "bob@example.com" };
    const options = {
      secret,
      publicUrl: "http://localhost",
      requestId,
      principal,
      expiresAt: Date.now() + 60_000,
    };
    const forged = requestLink({ ...options, secret: `${secret}x` });
    expect((await app.request(forged)).status).toBe(404);
    expect((await app.request(requestLink(options).replace("/open/", "/open/e"))).status).toBe(404);
    expect((await app.request(requestLink({ ...options, expiresAt: Date.now() - 1 }))).status).toBe(410);
  });
});
