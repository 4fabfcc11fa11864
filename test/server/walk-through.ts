import { expect } from "vitest";
import { z } from "zod";

export interface Mounted {
  /** The path that the server is mounted under; `""`: none. */
  readonly base: string;
  /** Sends a request to the whole server around it, `path` being the full path. Must not follow redirects. */
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
  /** An API key with the scopes launch, read and respond. */
  readonly key: string;
  /** An agent that asks for one approval, then finishes. */
  readonly agent: string;
  /** What it is asked for. */
  readonly message?: string;
}

const HTML = { accept: "text/html" };

/**
 * What a person and a program do, from the sign-in to a decision and its outcome, over a server that is mounted somewhere:
 * fails on any link, redirect, asset or cookie that leaves its path.
 */
export async function walkThrough({ base, send, key, agent, message = "Invoice 7" }: Mounted): Promise<void> {
  const own = (path: string) => `${base}${path}`;
  const locationOf = (response: Response) => {
    expect(response.status).toBe(303);
    return response.headers.get("location");
  };
  const page = async (path: string, headers: Record<string, string> = {}) => {
    const response = await send(path, { headers: { ...HTML, ...headers } });
    expect([path, response.status]).toEqual([path, 200]);
    const text = await response.text();
    for (const link of linksIn(text)) expect(link, path).toMatch(new RegExp(`^${base}/`));
    return text;
  };

  // Sign-in.
  expect(locationOf(await send(own("/inbox"), { headers: HTML }))).toBe(own("/login?next=%2Finbox"));
  const login = await page(own("/login?next=%2Finbox"));
  for (const style of linksIn(login)) expect((await send(style)).status, style).toBe(200);
  expect((await send(own("/favicon.ico"))).status).toBe(204);
  const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  const signedIn = await send(own("/login?next=%2Finbox"), form({ key }));
  expect(locationOf(signedIn)).toBe(own("/inbox"));
  const cookieSet = signedIn.headers.get("set-cookie") ?? "";
  expect(cookieSet).toContain(`Path=${base === "" ? "/" : base};`);
  const cookie = cookieSet.split(";")[0] ?? "";
  expect(locationOf(await send(base === "" ? "/" : base, { headers: { ...HTML, cookie } }))).toBe(
    own("/inbox"),
  );

  // A program launches and follows the stream until a person is asked.
  const authorization = `Bearer ${key}`;
  const launched = await send(own("/threads"), {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ agent, message }),
  });
  expect(launched.status, await launched.clone().text()).toBe(201);
  const { threadId } = z.object({ threadId: z.string() }).parse(await launched.json());
  expect(launched.headers.get("location")).toBe(own(`/threads/${threadId}`));
  const events = { authorization, accept: "text/event-stream" };
  await streamUntil(send, own(`/threads/${threadId}/events`), events, /"approval_requested"/);

  // The list, the card, the decision.
  const list = await page(own("/inbox"), { cookie });
  const assets = linksIn(list).filter((link) => link.includes("/assets/"));
  expect(assets.length).toBeGreaterThanOrEqual(4);
  for (const asset of assets) expect((await send(asset)).status, asset).toBe(200);
  const card = linksIn(list).find((link) => link.includes("/inbox/requests/")) ?? "none";
  const shown = await page(card, { cookie });
  const fieldOf = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(shown)?.[1] ?? "";
  const [csrf, digest] = [fieldOf("csrf"), fieldOf("digest")];
  const action = /<form method="post" action="([^"]+requests[^"]+)"/.exec(shown)?.[1] ?? "none";
  expect(action).toBe(card);
  expect((await send(action, form({ decision: "approve", digest }, { cookie }))).status).toBe(403);
  const decided = await send(action, form({ decision: "approve", digest, csrf }, { cookie }));
  const after = locationOf(decided);
  expect(after).toBe(`${card}?done=1`);
  await streamUntil(send, own(`/threads/${threadId}/events`), events, /"finished"/);

  // The thread's page, its live stream, its exports; the theme comes back to the page.
  const thread = await page(own(`/inbox/threads/${threadId}`), { cookie });
  const stream = /hx-sse:connect="([^"]+)"/.exec(thread)?.[1] ?? "none";
  const live = await streamUntil(
    send,
    stream.replace(/after=\d+/, "after=0"),
    { cookie },
    /id="thread-facts"/,
  );
  for (const link of linksIn(live)) expect(link).toMatch(new RegExp(`^${base}/`));
  const exported = linksIn(thread).find((link) => link.includes("/export?as=json")) ?? "none";
  expect((await send(exported, { headers: { cookie } })).status).toBe(200);
  const back = /name="back" value="([^"]+)"/.exec(thread)?.[1] ?? "";
  const themed = await send(own("/inbox/theme"), form({ csrf, theme: "dark", back }, { cookie }));
  expect(locationOf(themed)).toBe(own(`/inbox/threads/${threadId}`));
  for (const path of ["/inbox/threads", "/inbox/agents", `/inbox/agents/${agent}`, "/docs"])
    await page(own(path), { cookie });

  // The description, and the way out.
  const description = await send(own("/openapi.json"), { headers: { authorization } });
  expect(await description.json()).toMatchObject({ servers: [{ url: base === "" ? "/" : base }] });
  expect(locationOf(await send(own("/logout"), form({ csrf }, { cookie })))).toBe(own("/login"));
  expect(locationOf(await send(own("/inbox"), { headers: { ...HTML, cookie } }))).toContain(own("/login"));
}

/** The addresses of this server that a page leads to. */
function linksIn(page: string): readonly string[] {
  return [...page.matchAll(/\b(?:href|src|action|hx-get|hx-sse:connect)="(\/[^"#]*)/g)].map(([, link = ""]) =>
    link.replaceAll("&amp;", "&"),
  );
}

async function streamUntil(
  send: Mounted["send"],
  path: string,
  headers: Record<string, string>,
  wanted: RegExp,
): Promise<string> {
  const gone = new AbortController();
  const response = await send(path, { headers, signal: gone.signal });
  expect([path, response.status]).toEqual([path, 200]);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let read = "";
  while (!wanted.test(read)) {
    const { done = true, value } = (await reader?.read()) ?? {};
    if (done) throw new Error(`the stream ${path} ended without ${wanted}: ${read}`);
    read += decoder.decode(value, { stream: true });
  }
  await reader?.cancel().catch(() => {});
  gone.abort();
  return read;
}
