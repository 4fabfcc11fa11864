import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAgent } from "../../src/agent/agent.ts";
import type { AgentContextOptions } from "../../src/agent/agent-context.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { startServer } from "../../src/server/start.ts";
import { finish } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { afterwards, keyFor, serve } from "./serve.ts";

interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

const TOKEN = "the-token-of-this-run-that-nobody-guesses";
const BEARER = { authorization: `Bearer ${TOKEN}` };

/** Reads a stream over a real socket until `enough`, then hangs up. Gives its messages and comments. */
async function listen(
  url: string,
  enough: (messages: readonly Message[], comments: readonly string[]) => boolean,
  headers: Readonly<Record<string, string>> = {},
) {
  const messages: Message[] = [];
  const comments: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(
    url,
    { headers: { accept: "text/event-stream", ...BEARER, ...headers } },
    (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const fields = new Map(block.split("\n").map((line) => split(line)));
          if (fields.has("")) comments.push(fields.get("") ?? "");
          const data = fields.get("data");
          if (data !== undefined)
            messages.push({ id: fields.get("id"), event: fields.get("event") ?? "message", data });
        }
        if (enough(messages, comments)) {
          resolve(response.statusCode ?? 0);
          sent.destroy();
        }
      });
      response.on("end", () => resolve(response.statusCode ?? 0));
    },
  );
  sent.on("error", reject);
  sent.end();
  const status = await promise;
  return { status, messages, comments };
}

function split(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

const hasFinished = (messages: readonly Message[]) =>
  messages.some(({ data }) => data.includes('"type":"finished"'));

async function started(
  options: Parameters<typeof serve>[0] = {},
  server: { heartbeatMs?: number; pollMs?: number; clock?: Clock } = {},
) {
  const served = serve(options);
  const auth = { auth: { kind: "local", principal: { id: "local" }, token: TOKEN } } as const;
  const running = await startServer({ runtime: served.runtime, port: 0, ...auth, ...server });
  afterwards(() => running.close());
  const launch = async () => {
    const response = await fetch(`${running.url}/threads`, {
      method: "POST",
      headers: { "content-type": "application/json", ...BEARER },
      body: JSON.stringify({ agent: "example", message: "go" }),
    });
    const body = z.object({ threadId: z.string() }).parse(await response.json());
    return { threadId: body.threadId, url: `${running.url}/threads/${body.threadId}/events` };
  };
  return { ...served, running, launch };
}

describe("event streams", () => {
  it("every event comes while it happens, in order, and none is lost", {
    tags: ["F6.8", "F0.3"],
  }, async () => {
    const { launch, runtime } = await started({
      script: [
        { intent: "add", a: 1, b: 2 },
        { intent: "done", message: "3" },
      ],
    });
    const { url } = await launch();
    const { messages } = await listen(url, hasFinished);
    const [summary] = (await runtime.list()).threads;
    if (summary === undefined) throw new Error("not listed");
    const { events } = await runtime.get(summary.threadId);
    expect(messages.map(({ id }) => Number(id))).toEqual(events.map(({ seq }) => seq));
    expect(messages.map(({ data }) => JSON.parse(data))).toEqual(JSON.parse(JSON.stringify(events)));
  });

  it("a stream ends when its reader's credentials do", { tags: ["F6.8", "S7"] }, async () => {
    const clock = fakeClock();
    const { key, configured } = keyFor("ada");
    const keys = [configured];
    const { app, runtime } = serve({
      script: [{ intent: "ask", message: "which?" }],
      runtime: { clock },
      server: { auth: { kind: "keys", keys }, clock },
    });
    const { threadId } = await runtime.launch({
      agent: "example",
      input: { message: "go", from: verifiedBy("web", "ada") },
    });
    await runtime.settled(threadId);
    const headers = { authorization: `Bearer ${key}`, accept: "text/event-stream" };
    const response = await app.request(`/threads/${threadId}/events`, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    while (!heard.includes("human_asked")) heard += (await reader?.read())?.value ?? "";
    keys.pop();
    await clock.advance(2_000);
    await runtime.message(threadId, "not for her", verifiedBy("web", "bob"));
    let rest = "";
    for (;;) {
      const { done = true, value = "" } = (await reader?.read()) ?? {};
      if (done) break;
      rest += value;
    }
    expect(rest).not.toContain("not for her");
  });

  it("a reader that comes back goes on after Last-Event-ID", { tags: "F6.8" }, async () => {
    const { launch } = await started({ script: [{ intent: "done", message: "ok" }] });
    const { url } = await launch();
    await listen(url, hasFinished);
    const { messages } = await listen(url, hasFinished, { "last-event-id": "2" });
    expect(messages.map(({ id }) => id)).toEqual(["3", "4"]);
    const bad = await fetch(url, {
      headers: { accept: "text/event-stream", "last-event-id": "x", ...BEARER },
    });
    expect(bad.status).toBe(400);
    const unknown = await fetch(url.replace(/thr_\w+/, "thr_unknown"), {
      headers: { accept: "text/event-stream", ...BEARER },
    });
    expect(unknown.status).toBe(404);
  });

  it("events that another process writes come too", { tags: "F6.8" }, async () => {
    const store = createMemoryStore();
    const { launch, agent } = await started(
      { script: [{ intent: "nap", seconds: 10_000 }], store },
      { pollMs: 20 },
    );
    const { threadId, url } = await launch();
    const other = createRuntime({ agents: [agent], store });
    afterwards(() => other.stop());
    const [summary] = (await other.list({ search: threadId })).threads;
    if (summary === undefined) throw new Error("not listed");
    await other.settled(summary.threadId);
    const heard = listen(url, (messages) => messages.some(({ data }) => data.includes("from elsewhere")));
    await other.receive(summary.threadId, { name: "from elsewhere", source: "test", payload: null });
    expect((await heard).messages.at(-1)?.data).toContain("from elsewhere");
  });

  /** Listens while a model has written so much; its answer comes once the listener has seen that. */
  async function listenTo(written: object, context: AgentContextOptions = {}) {
    const script = scriptedSteps<{ intent: "done"; message: string }>([{ intent: "done", message: "hello" }]);
    const listening = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<void>();
    const agent = defineAgent(
      {
        ...script,
        async call(args, options) {
          await listening.promise;
          options?.onPartial?.(written);
          await seen.promise;
          return script.call(args, options);
        },
      },
      { name: "example", steps: { done: finish(({ message }) => message) }, context },
    );
    const { launch, runtime } = await started({ agents: [agent], runtime: { stream: true } });
    const { url } = await launch();
    const { messages } = await listen(url, (so_far) => {
      if (so_far.length === 2) listening.resolve();
      if (so_far.some(({ event }) => event === "partial")) seen.resolve();
      return hasFinished(so_far);
    });
    return { runtime, partial: messages.find(({ event }) => event === "partial") };
  }

  it("partial model output is shown without an id, and is not an event", {
    tags: ["F6.8", "S6"],
  }, async () => {
    const { runtime, partial } = await listenTo({ intent: "done", message: "hel" });
    expect(partial).toEqual({ id: undefined, event: "partial", data: '{"intent":"done","message":"hel"}' });
    const [summary] = (await runtime.list()).threads;
    if (summary === undefined) throw new Error("not listed");
    expect(JSON.stringify((await runtime.get(summary.threadId)).events)).not.toContain('"hel"');
  });

  it("half a secret is not shown: of what is being written, whole words alone", {
    tags: ["S6"],
  }, async () => {
    const written = {
      intent: "done",
      reasoning: "say sk-live_0123456789abcdef",
      message: "The key is sk-liv",
    };
    const { partial } = await listenTo(written, { redact: {} });
    expect(partial?.data).toContain('"message":"The key is "');
    expect(partial?.data).not.toMatch(/sk-/);
  });

  it("a quiet stream is kept alive", { tags: "F6.8" }, async () => {
    const { launch } = await started(
      { script: [{ intent: "nap", seconds: 1000 }] },
      { heartbeatMs: 10, pollMs: 10 },
    );
    const { url } = await launch();
    const { comments } = await listen(url, (_, said) => said.length >= 2);
    expect(comments[0]).toBe("still here");
  });

  it("closing the server ends its streams, and nothing is left behind", { tags: "F6.8" }, async () => {
    const { launch, running, streams } = await started({ script: [{ intent: "nap", seconds: 1000 }] });
    const { url } = await launch();
    let heard = 0;
    const reader = listen(url, (messages) => {
      heard = messages.length;
      return false;
    });
    await expect.poll(() => heard).toBe(4);
    await running.close();
    expect((await reader).messages.length).toBeGreaterThanOrEqual(4);
    expect(streams.open).toBe(0);
    await expect(fetch(running.url)).rejects.toThrow();
  });

  it("a stream ends after a while, so that its reader shows valid credentials again", {
    tags: ["S7", "F6.8"],
  }, async () => {
    let ahead = 0;
    const clock = { ...systemClock, now: () => Date.now() + ahead };
    const { launch } = await started({ script: [{ intent: "nap", seconds: 1e6 }] }, { pollMs: 10, clock });
    const { url } = await launch();
    const { status, messages } = await listen(url, (heard) => {
      if (heard.length === 4) ahead = 16 * 60_000;
      return false;
    });
    expect([status, messages.length]).toEqual([200, 4]);
  });

  it("streams need the scope to read, and are limited in number", { tags: "F6.8" }, async () => {
    const { send, launch, keys } = serve({
      script: [{ intent: "nap", seconds: 1000 }],
      server: { limits: { streams: 1 } },
    });
    const { threadId } = await launch();
    const open = (as: string) =>
      send(`/threads/${threadId}/events`, { as, headers: { accept: "text/event-stream" } });
    expect((await open("")).status).toBe(401);
    const first = await open(keys.reader);
    expect(first.headers.get("content-type")).toContain("text/event-stream");
    const second = await open(keys.reader);
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "5"]);
    await first.body?.cancel();
    await expect.poll(async () => (await open(keys.reader)).status, { timeout: 5000 }).toBe(200);
  });
});
