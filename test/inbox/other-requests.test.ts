import { afterEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { callIdAt, type RequestId, requestIdOf } from "../../src/base/ids.ts";
import type { Json } from "../../src/base/json.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, startThread, type Thread } from "../../src/thread/thread.ts";
import { ada, settled, TOKEN, testInbox } from "./inbox-server.ts";

type Step = { intent: "send"; to: string } | { intent: "done"; message: string };

const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

function inbox(
  script: readonly ScriptedAnswer<Step>[],
  options: { send?: () => Json; budget?: number; version?: string } = {},
) {
  const nextStep = scriptedSteps<Step>(script);
  const sent: string[] = [];
  const agent = defineAgent(nextStep, {
    name: "mailer",
    steps: {
      send: tool(({ to }) => {
        sent.push(to);
        return options.send?.() ?? "sent";
      }),
      done: finish(({ message }) => message),
    },
    ...(options.budget === undefined ? {} : { budget: { steps: options.budget } }),
    ...(options.version === undefined ? {} : { version: options.version, onVersionChange: "refuse" }),
  });
  const { app, runtime } = testInbox([agent]);
  runtimes.push(runtime);
  const get = async (id: RequestId) => (await app.request(`/inbox/requests/${id}`)).text();
  const decide = (id: RequestId, fields: Record<string, string>) =>
    app.request(`/inbox/requests/${id}`, {
      method: "POST",
      body: new URLSearchParams({ csrf: TOKEN, ...fields }),
    });
  return { app, runtime, nextStep, sent, get, decide };
}

const pending = ({ id, state }: Thread) => requestIdOf(id, state.request?.seq ?? 0);

/** A thread whose process died while the tool ran: nobody knows whether the mail went out. */
async function interrupted(runtime: Runtime): Promise<Thread> {
  const callId = callIdAt(3);
  const thread = appendEvents(
    startThread({ agent: "mailer" }, 0),
    [
      { type: "message_received", data: { text: "Tell Carol", from: ada } },
      {
        type: "step_proposed",
        data: { callId, step: { intent: "send", to: "carol" }, fidelity: { grade: "exact", reasons: [] } },
      },
      { type: "tool_started", data: { callId, intent: "send", key: "key-1", attempt: 1 } },
    ],
    0,
  );
  await runtime.store.append(thread.id, 0, thread.events, { projection: projectionOf(thread.state) });
  // This also wakes the thread, which no process looks after.
  return runtime.settled(thread.id);
}

describe("other requests to people", () => {
  it("about a new version of the agent a person goes on or stops, and guides nobody", {
    tags: "F6.14",
  }, async () => {
    const { runtime, sent, get, decide } = inbox(
      [
        { intent: "send", to: "carol" },
        { intent: "done", message: "Told her." },
      ],
      { version: "2" },
    );
    const message = { type: "message_received", data: { text: "Tell Carol", from: ada } } as const;
    const old = appendEvents(startThread({ agent: "mailer", version: "1" }, 0), [message], 0);
    await runtime.store.append(old.id, 0, old.events, { projection: projectionOf(old.state) });
    const thread = await runtime.settled(old.id);
    const id = pending(thread);
    const page = await get(id);
    expect(page).toContain("The agent has version 2 now, and this thread has version 1.");
    expect(page).toContain("Go on with the new version");
    expect(page).not.toContain("Guidance for the agent");
    expect(sent).toEqual([]);
    await decide(id, { decision: "go_on" });
    expect((await runtime.settled(old.id)).state).toMatchObject({
      version: "2",
      status: { kind: "finished" },
    });
    expect(sent).toEqual(["carol"]);
  });

  it("of an unknown outcome a person says that it happened, with its result", { tags: "F7.4" }, async () => {
    const { runtime, get, decide, nextStep, sent } = inbox([{ intent: "done", message: "ok" }]);
    const thread = await interrupted(runtime);
    const page = await get(pending(thread));
    for (const choice of ["carol", "It happened", "It did not happen: run it", "Give up"])
      expect(page).toContain(choice);
    const response = await decide(pending(thread), { decision: "happened", result: '{"id": 7}' });
    expect(response.status).toBe(303);
    await settled(runtime, thread.id);
    expect(nextStep.prompts.at(-1)).toContain("id: 7");
    expect(sent).toEqual([]);
  });

  it("of an unknown outcome a person says that it did not happen: it runs, once", {
    tags: "F7.4",
  }, async () => {
    const { runtime, decide, sent } = inbox([{ intent: "done", message: "ok" }]);
    const thread = await interrupted(runtime);
    await decide(pending(thread), { decision: "did_not_happen" });
    await settled(runtime, thread.id);
    expect(sent).toEqual(["carol"]);
    expect((await decide(pending(thread), { decision: "did_not_happen" })).status).toBe(409);
    expect(sent).toEqual(["carol"]);
  });

  it("of an unknown outcome a person gives up, and the agent reads why", { tags: "F7.4" }, async () => {
    const { runtime, decide, nextStep, sent } = inbox([{ intent: "done", message: "ok" }]);
    const thread = await interrupted(runtime);
    expect((await decide(pending(thread), { decision: "give_up", feedback: "" })).status).toBe(422);
    await decide(pending(thread), { decision: "give_up", feedback: "Carol has left" });
    await settled(runtime, thread.id);
    expect(nextStep.prompts.at(-1)).toContain("Carol has left");
    expect(sent).toEqual([]);
  });

  it("at a budget's end a person goes on, or stops the thread", { tags: "F7.2" }, async () => {
    const script: Step[] = [
      { intent: "send", to: "a" },
      { intent: "send", to: "b" },
    ];
    const { app, runtime, get, decide, sent } = inbox(script, { budget: 1 });
    const { threadId } = await runtime.launch({ agent: "mailer", input: { message: "Tell all", from: ada } });
    const first = await settled(runtime, threadId);
    expect(await get(pending(first))).toContain("Budget");
    await decide(pending(first), { decision: "go_on" });
    const second = await settled(runtime, threadId);
    expect(sent).toEqual(["a", "b"]);
    await decide(pending(second), { decision: "stop", feedback: "That is enough" });
    const last = await settled(runtime, threadId);
    expect(last.state.status.kind).toBe("failed");
    expect(await (await app.request(`/inbox/threads/${threadId}`)).text()).toContain("That is enough");
  });

  it("a form that says nothing, or something that does not fit, changes nothing", {
    tags: "F7.2",
  }, async () => {
    const { runtime, decide } = inbox([]);
    const thread = await interrupted(runtime);
    for (const decision of ["", "approve", "answer", "approve_edited", "anything"]) {
      expect((await decide(pending(thread), { decision, text: "x" })).status).toBe(422);
    }
    expect((await runtime.get(thread.id)).state.seq).toBe(thread.state.seq);
  });
});
