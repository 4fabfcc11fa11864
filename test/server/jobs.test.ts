import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { startJob } from "../../src/steps/start-job.ts";
import { finish, tool, waitForEvent } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { afterwards, serve } from "./serve.ts";

type JobStep =
  | { intent: "deploy"; ref: string }
  | { intent: "await_delivery"; order: string }
  | { intent: "done"; message: string };

function jobAgent(
  script: readonly ScriptedAnswer<JobStep>[],
  start: (token: string) => unknown,
  options: { idempotent?: boolean } = {},
  timeoutSeconds?: number,
) {
  const nextStep = scriptedSteps<JobStep>(script);
  const agent = defineAgent(nextStep, {
    name: "example",
    steps: {
      deploy: tool(() => startJob(start, { name: "deployed" }), options),
      await_delivery: waitForEvent(({ order }) => ({
        name: `delivered ${order}`,
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      })),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep };
}

const deployAndFinish = [
  { intent: "deploy", ref: "main" },
  { intent: "done", message: "live" },
] as const;

describe("long-running jobs", () => {
  it("the thread waits without a process; a token and a result in another process resume it", {
    tags: "F6.6",
  }, async () => {
    const tokens: string[] = [];
    const store = createMemoryStore();
    const first = jobAgent(deployAndFinish.slice(0, 1), (token) => tokens.push(token));
    const before = createRuntime({ agents: [first.agent], store });
    const { threadId } = await before.launch({
      agent: "example",
      input: { event: { name: "push", source: "test", payload: null } },
    });
    expect((await before.settled(threadId)).state.status.kind).toBe("awaiting_event");
    await before.stop();

    const second = jobAgent(deployAndFinish.slice(1), () => {});
    const { call, runtime } = serve({ store, agents: [second.agent] });
    const [token = ""] = tokens;
    const sent = await call(`/jobs/${token}`, { as: "", body: { result: { url: "https://example.com" } } });
    expect([sent.status, sent.body.threadId]).toEqual([202, threadId]);
    const done = await runtime.settled(threadId);
    expect(done.state.status).toEqual({ kind: "finished", result: "live" });
    expect(second.nextStep.prompts[0]).toContain("https://example.com");
  });

  it("a token is single use, cannot be guessed, and only its digest is stored", {
    tags: "F6.6",
  }, async () => {
    const tokens: string[] = [];
    const { agent } = jobAgent(deployAndFinish, (token) => tokens.push(token));
    const { app, call, launch, runtime } = serve({ agents: [agent] });
    const { threadId } = await launch();
    const [token = ""] = tokens;
    expect(JSON.stringify((await runtime.get(threadId)).events)).not.toContain(token);
    const guess = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    for (const wrong of [guess, `${threadId}.3.${"A".repeat(43)}`, "x", `thr_unknown.3.${"A".repeat(43)}`]) {
      const refused = await call(`/jobs/${wrong}`, { as: "", body: { result: 1 } });
      expect([refused.status, refused.body.detail]).toEqual([404, "there is no job with this token"]);
    }
    const unread = await app.request(`/jobs/${guess}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "not even JSON",
    });
    expect(unread.status, "a body is not read before its token is known").toBe(404);
    expect((await call(`/jobs/${token}`, { as: "", body: {} })).status).toBe(422);
    const both = await Promise.all(
      [1, 2].map((result) => call(`/jobs/${token}`, { as: "", body: { result } })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([202, 410]);
    await runtime.settled(threadId);
    const results = (await runtime.get(threadId)).events.filter((event) => event.type === "event_received");
    expect(results).toHaveLength(1);
  });

  it("a result that comes before the start is recorded waits for it", { tags: "F6.6" }, async () => {
    let send: (token: string) => unknown = () => {};
    const { agent } = jobAgent(deployAndFinish, (token) => {
      send(token);
      return new Promise((resolve) => setImmediate(resolve));
    });
    const { call, launch, runtime } = serve({ agents: [agent] });
    const sent = Promise.withResolvers<number>();
    send = (token) =>
      call(`/jobs/${token}`, { as: "", body: { result: "fast" } }).then((r) => sent.resolve(r.status));
    const { threadId } = await launch();
    expect(await sent.promise).toBe(202);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });

  it("a result with a number that would be rounded is refused by name, and can be sent again as text", {
    tags: "S9",
  }, async () => {
    const tokens: string[] = [];
    const { agent } = jobAgent(deployAndFinish, (token) => tokens.push(token));
    const { app, launch, runtime } = serve({ agents: [agent] });
    const { threadId } = await launch();
    const send = async (body: string) => {
      const headers = { "content-type": "application/json" };
      const response = await app.request(`/jobs/${tokens[0]}`, { method: "POST", headers, body });
      return { status: response.status, body: await response.json() };
    };
    expect(await send('{"result":{"build":2512292042121000001}}')).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("result.build: 2512292042121000001 is a number") },
    });
    expect((await send('{"result":{"build":"2512292042121000001"}}')).status).toBe(202);
    const done = await runtime.settled(threadId);
    expect(JSON.stringify(done.events)).toContain('"2512292042121000001"');
  });

  it("a job that fails is the tool's error", { tags: "F6.6" }, async () => {
    const tokens: string[] = [];
    const { agent, nextStep } = jobAgent(deployAndFinish, (token) => tokens.push(token));
    const { call, launch, runtime } = serve({ agents: [agent] });
    const { threadId } = await launch();
    expect((await call(`/jobs/${tokens[0]}`, { as: "", body: { error: "disk full" } })).status).toBe(202);
    const done = await runtime.settled(threadId);
    expect(done.events.some((event) => event.type === "tool_failed")).toBe(true);
    expect(nextStep.prompts[1]).toContain("disk full");
  });

  it("a process that dies while it starts a job: an idempotent tool hands out the same token again", {
    tags: ["F6.6", "F12.5"],
  }, async () => {
    const store = createMemoryStore();
    const tokens: string[] = [];
    const secret = "s".repeat(32);
    const hangs = jobAgent(
      deployAndFinish.slice(0, 1),
      (token) => {
        tokens.push(token);
        return new Promise(() => {});
      },
      { idempotent: true },
    );
    const dead = createRuntime({ agents: [hangs.agent], store, secret, owner: "dead", claimMs: 1 });
    const { threadId } = await dead.launch({
      agent: "example",
      input: { event: { name: "push", source: "test", payload: null } },
    });
    await expect.poll(() => tokens.length).toBe(1);
    const again = jobAgent(deployAndFinish.slice(1), (token) => tokens.push(token), { idempotent: true });
    const { call, runtime } = serve({ store, agents: [again.agent], runtime: { secret } });
    afterwards(() => {});
    expect((await runtime.settled(threadId)).state.status.kind).toBe("awaiting_event");
    expect(tokens).toEqual([tokens[0], tokens[0]]);
    expect((await call(`/jobs/${tokens[0]}`, { as: "", body: { result: 1 } })).status).toBe(202);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });
});

describe("named events", () => {
  it("a thread that waits for a named event is woken by its name", { tags: "F8.7" }, async () => {
    const { agent, nextStep } = jobAgent(
      [
        { intent: "await_delivery", order: "7" },
        { intent: "done", message: "got it" },
      ],
      () => {},
    );
    const { call, launch, runtime } = serve({ agents: [agent] });
    const { threadId, thread } = await launch();
    expect(thread.state.status).toMatchObject({ kind: "awaiting_event", name: "delivered 7" });
    expect((await call("/events", { body: { name: "delivered 8" } })).body.threads).toEqual([]);
    const body = { name: "delivered 7", payload: { by: "courier" } };
    const headers = { "idempotency-key": "delivery-7" };
    const sent = await call("/events", { body, headers });
    expect([sent.status, sent.body.threads]).toEqual([202, [threadId]]);
    expect((await call("/events", { body, headers })).body).toEqual(sent.body);
    expect((await runtime.settled(threadId)).state.status).toEqual({ kind: "finished", result: "got it" });
    expect(nextStep.prompts[1]).toContain("courier");
  });

  it("a wait that nobody ends times out, and the model is told", { tags: "F8.7" }, async () => {
    const clock = fakeClock();
    const script = [
      { intent: "await_delivery", order: "7" },
      { intent: "done", message: "gave up" },
    ] as const;
    const { agent, nextStep } = jobAgent(script, () => {}, {}, 3600);
    const { launch, runtime } = serve({ agents: [agent], runtime: { clock }, server: { clock } });
    const { threadId } = await launch();
    runtime.start();
    await clock.advance(3_601_000);
    await expect
      .poll(async () => (await runtime.get(threadId)).state.status)
      .toEqual({ kind: "finished", result: "gave up" });
    expect(nextStep.prompts[1]).toMatch(/tim(ed|e)[ _-]?out/i);
  });

  it("an event for one thread; a job's result cannot come by name", { tags: "F8.7" }, async () => {
    const { agent } = jobAgent(deployAndFinish, () => {});
    const { call, launch, runtime } = serve({ agents: [agent] });
    const { threadId } = await launch();
    expect((await call("/events", { body: { name: "deployed", payload: "forged" } })).body.threads).toEqual(
      [],
    );
    await call(`/threads/${threadId}/events`, { body: { name: "deployed", payload: "forged" } });
    const thread = await runtime.settled(threadId);
    expect(thread.state.status.kind).toBe("awaiting_event");
  });
});
