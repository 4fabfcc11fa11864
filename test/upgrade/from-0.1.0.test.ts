import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Agent, Thread } from "../../src/index.ts";
import { replayThread } from "../../src/replay/index.ts";
import { createServer } from "../../src/server/index.ts";
import { releaseAgents } from "../fixtures/releases/agent-0.1.0.ts";
import { ada, bob, scenarioId } from "../fixtures/releases/scenario.ts";
import {
  copyOfFile,
  openFile,
  type Recorded,
  recorded,
  recordedThread,
  requestOf,
  until,
  upgraded,
} from "./release.ts";

const DAY = 24 * 3_600_000;
const named = (threads: readonly Recorded[]) => threads.map((thread) => [thread.name, thread] as const);
/**
 * All but those that were not made by one and the same code: an agent of another version went on with `changed`, an
 * event of `erased_approval` was replaced, and the tool of `no_version` goes by its own text, as compiled.
 */
const replayed = recorded.threads
  .map(({ name }) => name)
  .filter((name) => !["changed", "erased_approval", "no_version"].includes(name));
const everyQuestion = named(recorded.threads.filter(({ request }) => request?.kind !== undefined));

function agentOf(name: string): Agent {
  const agent = releaseAgents().agents.find((one) => one.name === recordedThread(name).agent);
  if (agent === undefined) throw new Error(`the agent of ${name} is not known`);
  return agent;
}

function rowsOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare("SELECT id, type, v, at, data, salt, digest, erased FROM events ORDER BY id")
    .all();
  database.close();
  return rows;
}

describe("a file written by 0.1.0", { tags: ["F5.5", "F5.8"] }, () => {
  it("opens without a change to any of its events", async () => {
    const path = await copyOfFile();
    const before = rowsOf(path);
    await (await openFile(path)).close();
    expect(rowsOf(path)).toEqual(before);
  });

  it("holds every thread with the status, the request and the place in lists that it had", async () => {
    const { runtime, store } = await upgraded();
    for (const { threadId, agent, status, seq, request } of recorded.threads) {
      const { state } = await runtime.get(threadId);
      expect
        .soft([threadId, state.agent, state.status.kind, state.seq])
        .toEqual([threadId, agent, status, seq]);
      const requestId = state.request === null ? undefined : `${threadId}.${state.request.seq}`;
      expect.soft([threadId, requestId]).toEqual([threadId, request?.requestId]);
      expect.soft(await store.summary(threadId)).toMatchObject({ agent, status, seq });
    }
    expect((await store.list({ limit: 1000 })).threads).toHaveLength(recorded.threads.length);
  });

  it("verifies, up to the digests that were noted then", async () => {
    const { store } = await upgraded();
    for (const { threadId, seq, head } of recorded.threads) {
      const verification = await store.verify(threadId, { seq, digest: head });
      expect
        .soft([threadId, verification])
        .toEqual([threadId, expect.objectContaining({ ok: true, events: seq, head })]);
    }
  });

  it.each(replayed)("replays the recording %s to the same events", { tags: "F12.3" }, async (name) => {
    const { thread } = await upgraded();
    const recording = await thread(name);
    expect((await replayThread(recording, agentOf(name))).events).toEqual(recording.events);
  });

  it.each(["changed", "erased_approval"])(
    "says where a replay of %s would be another thread",
    async (name) => {
      const { thread } = await upgraded();
      await expect(replayThread(await thread(name), agentOf(name))).rejects.toMatchObject({
        code: "replay_mismatch",
        message: expect.stringMatching(/event \d+ \(approval_requested\)/),
      });
    },
  );

  it("keeps erased content out, also after it was opened and written to", async () => {
    const { runtime, store, path } = await upgraded();
    await runtime.message(scenarioId("erased"), "is it gone?", ada);
    await runtime.settled(scenarioId("erased"));
    await runtime.stop();
    await store.close();
    const bytes = await readFile(path, "latin1");
    expect(bytes).toContain("is it gone?");
    expect(bytes).not.toContain("carol@example.org");
  });
});

const finished = ({ state }: Thread) => state.status.kind === "finished";

describe("threads that 0.1.0 left waiting", { tags: ["F5.5"] }, () => {
  it("sleep on until their time, and then wake without anybody's help", async () => {
    const before = await upgraded();
    before.runtime.start();
    await before.clock.advance(5_000);
    expect((await before.thread("asleep")).state.status.kind).toBe("awaiting_time");
    const { state } = await before.thread("asleep");
    const due = state.status.kind === "awaiting_time" ? Date.parse(state.status.until) : 0;
    const after = await upgraded({ now: due });
    after.runtime.start();
    const woken = await until(after, "asleep", finished);
    expect(woken.events.map(({ type }) => type)).toContain("woke");
    expect((await after.thread("paused_asleep")).state.status.kind).toBe("paused");
  });

  it("are woken by their event, and by the token of their job", async () => {
    const event = await upgraded();
    expect(await event.runtime.emit({ name: "delivered", source: "webhook", payload: 3 })).toEqual([
      scenarioId("event"),
    ]);
    expect(finished(await event.settled("event"))).toBe(true);
    const job = await upgraded();
    await job.runtime.finishJob(recorded.jobToken, { result: { pages: 12 } });
    expect(finished(await job.settled("job"))).toBe(true);
    await expect(job.runtime.finishJob(recorded.jobToken, { result: 1 })).rejects.toMatchObject({
      code: "expired",
    });
  });

  it("go on where a process died: a harmless tool runs again, a person is asked about the other", async () => {
    const it = await upgraded({ now: recorded.madeAt + DAY });
    it.runtime.start();
    expect(finished(await until(it, "crashed_safely", finished))).toBe(true);
    const asked = await until(it, "crashed", ({ state }) => state.request !== null);
    expect(asked.state.request).toMatchObject({ type: "question", kind: "unknown_outcome" });
    expect(it.agents.ran).toEqual(["hang_safely"]);
  });

  it.each(everyQuestion)("takes the answer to what %s asks, and goes on", async (name, thread) => {
    const it = await upgraded({
      script: [
        { intent: "done", message: "done" },
        { intent: "nothing", why: "done" },
      ],
    });
    const decision = {
      question: { kind: "answered", text: name === "question" ? "the blue one" : "anything" },
      unknown_outcome: { kind: "happened", result: "it did" },
      escalation: { kind: "approved" },
      budget: { kind: "approved" },
      provider: { kind: "approved" },
    } as const;
    const kind = thread.request?.kind;
    if (kind === undefined || !Object.hasOwn(decision, kind)) throw new Error(`what is ${kind}?`);
    const response = { decision: decision[kind as keyof typeof decision], digest: null };
    await it.runtime.respond(requestOf(thread), response, bob);
    expect(finished(await it.settled(name))).toBe(true);
    expect(await it.runtime.verify(thread.threadId)).toMatchObject({ ok: true });
  });

  it("take messages after their end, and forks at any of their events", async () => {
    const it = await upgraded();
    for (const name of ["finished", "failed", "stopped", "reopened"]) {
      await it.runtime.message(scenarioId(name), "once more", bob);
    }
    await expect(it.runtime.message(scenarioId("cancelled"), "once more", bob)).rejects.toMatchObject({
      code: "conflict",
    });
    for (const { threadId, seq } of recorded.threads.filter(({ seq }) => seq < 15)) {
      for (let at = 1; at <= seq; at++) {
        const fork = await it.runtime.fork(threadId, at, ada);
        expect.soft(await it.runtime.verify(fork.id)).toMatchObject({ ok: true });
      }
    }
  });
});

describe("keys that 0.1.0 has seen", { tags: ["F5.5", "F11.6"] }, () => {
  it("start and send nothing a second time", async () => {
    const { runtime } = await upgraded();
    const input = { message: "please see to it", from: ada } as const;
    const again = await runtime.launch({ agent: "office", input, once: "launch policy" });
    expect(again).toEqual({ threadId: scenarioId("policy"), created: false });
    const { seq } = recordedThread("told");
    const fork = await runtime.fork(scenarioId("told"), seq, ada, "fork forked");
    expect(fork.id).toBe(scenarioId("forked"));
    expect(await runtime.store.getValue("cron:news")).toBe("2026-11-02T08:00:00.000Z");
  });

  it("answer the same request over HTTP as they did then", async () => {
    const { runtime, clock } = await upgraded();
    const { path, key, body, status, answer } = recorded.idempotency;
    const token = "the-token-of-this-run-that-nobody-guesses";
    const auth = { kind: "local", principal: { id: "ada" }, token } as const;
    const { app, streams } = createServer({ runtime, clock, auth });
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
      host: "localhost",
    };
    const response = await app.request(`http://localhost${path}`, { method: "POST", headers, body });
    streams.close();
    expect([response.status, await response.text()]).toEqual([status, answer]);
    expect(response.headers.get("idempotency-replayed")).toBe("true");
  });
});
