import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { serverInbox } from "../../src/inbox/server-inbox.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { requestLink } from "../../src/server/links.ts";
import { startServer } from "../../src/server/start.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { keyFor } from "../server/serve.ts";
import { ada, settled } from "./inbox-server.ts";
import { type OfficeStep, officeAgent } from "./office-agent.ts";

const PAY: OfficeStep = { intent: "pay", amount: 40, to: "ACME", memo: "invoice 7" };
const SECRET = "s".repeat(40);
const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

/** The inbox in the real server, with a request that waits. */
async function served() {
  const office = officeAgent([PAY, { intent: "done", message: "Paid." }]);
  const runtime = createRuntime({ agents: [office.agent], store: createMemoryStore() });
  runtimes.push(runtime);
  const keys = {
    ada: keyFor("ada"),
    reader: keyFor("reader", ["read"]),
    answerer: keyFor("answerer", ["respond"]),
  };
  const { app } = createServer({
    runtime,
    auth: { kind: "keys", keys: Object.values(keys).map(({ configured }) => configured) },
    secret: SECRET,
    ...serverInbox({ runtime, clock: systemClock }),
  });
  const { threadId } = await runtime.launch({ agent: "office", input: { message: "Invoice 7", from: ada } });
  const { state } = await settled(runtime, threadId);
  const { request } = state;
  if (request?.type !== "approval") throw new Error("no approval is asked");
  const requestId = requestIdOf(threadId, request.seq);
  const cookieOf = (response: Response) => (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const signIn = async (key: string) =>
    cookieOf(await app.request("/login", { method: "POST", body: new URLSearchParams({ key }) }));
  const get = (path: string, cookie: string) =>
    app.request(path, { headers: { cookie, accept: "text/html", host: "localhost" } });
  const post = (path: string, cookie: string, fields: Record<string, string>) =>
    app.request(path, {
      method: "POST",
      headers: { cookie, host: "localhost" },
      body: new URLSearchParams(fields),
    });
  const tokenIn = (page: string) => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  return {
    ...office,
    app,
    runtime,
    keys,
    threadId,
    requestId,
    digest: request.digest,
    cookieOf,
    signIn,
    get,
    post,
    tokenIn,
  };
}

describe("the inbox in the server", () => {
  it("a person signs in, approves with the form's token, and signs out", { tags: "F11.1" }, async () => {
    const { app, keys, requestId, threadId, digest, paid, runtime, signIn, get, post, tokenIn } =
      await served();
    const outside = await app.request("/inbox", { headers: { accept: "text/html" } });
    expect(outside.headers.get("location")).toBe("/login?next=%2Finbox");
    const cookie = await signIn(keys.ada.key);
    const page = await get(`/inbox/requests/${requestId}`, cookie);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const csrf = tokenIn(await page.text());
    const path = `/inbox/requests/${requestId}`;
    expect((await post(path, cookie, { decision: "approve", digest })).status).toBe(403);
    expect((await post(path, cookie, { decision: "approve", digest, csrf: `${csrf}x` })).status).toBe(403);
    expect(paid).toEqual([]);
    expect((await post(path, cookie, { decision: "approve", digest, csrf })).status).toBe(303);
    await settled(runtime, threadId);
    expect(paid).toHaveLength(1);
    expect((await post("/logout", cookie, { csrf })).status).toBe(303);
    expect((await get("/inbox", cookie)).status).toBe(303);
  });

  it("a session sees and does only what its scopes allow", { tags: "F11.1" }, async () => {
    const { keys, requestId, threadId, digest, paid, signIn, get, post, tokenIn } = await served();
    const path = `/inbox/requests/${requestId}`;
    const reader = await signIn(keys.reader.key);
    const page = await (await get(path, reader)).text();
    expect(page).toContain("this session cannot respond");
    const csrf = tokenIn(page);
    expect((await post(path, reader, { decision: "approve", digest, csrf })).status).toBe(403);
    expect((await post(`/inbox/threads/${threadId}/cancel`, reader, { csrf })).status).toBe(403);
    expect((await post("/inbox/agents/office/launch", reader, { csrf, message: "go" })).status).toBe(403);
    const answerer = await signIn(keys.answerer.key);
    const list = await get("/inbox", answerer);
    expect(list.status).toBe(200);
    expect(await list.text()).not.toMatch(/href="\/inbox\/(threads|agents)/);
    expect((await get(path, answerer)).status).toBe(200);
    expect((await get(`/inbox/threads/${threadId}`, answerer)).status).toBe(403);
    expect((await get(`/inbox/threads/${threadId}/stream`, answerer)).status).toBe(403);
    expect(paid).toEqual([]);
  });

  it("closing the server ends the streams of open pages at once", { tags: "F6.8" }, async () => {
    const { runtime, threadId } = await served();
    const server = await startServer({ runtime, port: 0, ...serverInbox({ runtime, clock: systemClock }) });
    const response = await fetch(`${server.url}/inbox/threads/${threadId}/stream?after=0`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    // The time after which connections are cut off never comes: it ends because the streams have ended.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    await server.close().finally(() => vi.useRealTimers());
    await reader?.read().catch(() => {});
  });

  it("a link from a mail opens one card, and decides only when its button is pressed", {
    tags: "F11.1",
  }, async () => {
    const { app, requestId, threadId, digest, paid, runtime, cookieOf, get, post, tokenIn } = await served();
    const link = requestLink({
      secret: SECRET,
      publicUrl: "http://localhost",
      requestId,
      principal: { channel: "email", id: "carol" },
      expiresAt: Date.now() + 60_000,
    });
    const opened = await app.request(link);
    const card = await (await get(`/inbox/requests/${requestId}`, cookieOf(opened))).text();
    // Every link of the page leads somewhere that this session may go.
    const places = [...card.matchAll(/<a [^>]*href="([^"#]+)"/g)].map(([, href]) => href ?? "");
    expect(places.filter((href) => !href.includes(requestId))).toEqual([]);
    expect(opened.headers.get("location")).toBe(`/inbox/requests/${requestId}`);
    expect(paid).toEqual([]);
    const cookie = cookieOf(opened);
    expect((await get("/inbox/threads", cookie)).status).toBe(403);
    expect((await app.request("/inbox/assets/inbox.css")).status).toBe(200);
    const path = `/inbox/requests/${requestId}`;
    const csrf = tokenIn(await (await get(path, cookie)).text());
    expect((await post(path, cookie, { decision: "approve", digest, csrf })).status).toBe(303);
    const done = await (await get(`${path}?done=1`, cookie)).text();
    expect(done).toContain("Thank you. It is recorded.");
    await settled(runtime, threadId);
    expect(paid).toHaveLength(1);
  });
});
