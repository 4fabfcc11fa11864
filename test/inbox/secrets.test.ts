import { afterEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { hiddenIn } from "../../src/agent/shown-thread.ts";
import { systemClock } from "../../src/base/clock.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { serverInbox } from "../../src/inbox/server-inbox.ts";
import { followThread } from "../../src/protocols/chat/follow.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { keyFor } from "../server/serve.ts";
import { settled } from "./inbox-server.ts";

const CARD = "4111 1111 1111 1111";
const TOKEN = "tok-9f8e7d6c5b4a3210";
const ADA = verifiedBy("web", "ada", "Ada");

type PayStep =
  | { intent: "look_up"; name: string }
  | { intent: "pay"; amount: number; card: string; note: string; access: { token: string; for: string } }
  | { intent: "ask"; choices: string[] }
  | { intent: "done"; message: string };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

/** A server with an agent that redacts, and a thread of it that is full of secrets and waits for approval. */
async function payingServer(message = `My card is ${CARD}`) {
  const ran: PayStep[] = [];
  const script: PayStep[] = [
    { intent: "look_up", name: "ada" },
    { intent: "pay", amount: 40, card: CARD, note: `with ${CARD}`, access: { token: TOKEN, for: "ada" } },
    { intent: "ask", choices: [`the one that ends in ${CARD}`, "another"] },
    { intent: "done", message: `Paid with ${CARD}` },
  ];
  const scripted = scriptedSteps<PayStep>(script);
  // As the parser of a real prompt does, it says what it would make of an amount in quotes.
  const parse: typeof scripted.parse = (raw) => {
    const step = JSON.parse(raw);
    const amount = Number(step.amount ?? 0);
    return scripted.parse(JSON.stringify(step.intent === "pay" ? { ...step, amount } : step));
  };
  const nextStep = { ...scripted, parse };
  const agent = defineAgent(nextStep, {
    name: "payer",
    context: { redact: {} },
    steps: {
      look_up: tool(() => ({ password: "hunter2-and-more", hint: "hunter2-and-more" }), { readOnly: true }),
      pay: tool(
        (step) => {
          ran.push(step);
          return { paid: step.amount, card: CARD };
        },
        {
          approval: () => ({ because: `the card is ${CARD}` }),
          title: ({ card, amount }) => `Pay ${amount} with ${card}`,
          emphasis: ["card"],
          preview: ({ card }) => ({ charged: card }),
        },
      ),
      ask: askHuman(({ choices }) => ({
        question: "Which card?",
        options: { format: "multiple_choice", choices },
      })),
      done: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const keys = {
    worker: keyFor("worker", ["read", "launch", "respond"]),
    admin: keyFor("admin", ["admin"]),
    opener: keyFor("opener", ["read", "respond", "reveal"]),
  };
  const { app, streams } = createServer({
    runtime,
    auth: { kind: "keys", keys: Object.values(keys).map(({ configured }) => configured) },
    secret: "s".repeat(40),
    ...serverInbox({ runtime, clock: systemClock }),
  });
  open.push({ close: async () => streams.close() }, { close: () => runtime.stop() });
  const api = (key: keyof typeof keys, path: string, init: RequestInit = {}) =>
    app.request(path, {
      ...init,
      headers: {
        authorization: `Bearer ${keys[key].key}`,
        "content-type": "application/json",
        ...init.headers,
      },
    });
  const signIn = async (key: keyof typeof keys) => {
    const answer = await app.request("/login", {
      method: "POST",
      body: new URLSearchParams({ key: keys[key].key }),
    });
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const headers = { cookie, accept: "text/html", host: "localhost" };
    const get = async (path: string) => (await app.request(path, { headers })).text();
    const post = async (path: string, page: string, fields: Record<string, string>) => {
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
      const body = new URLSearchParams({ csrf, ...fields });
      const response = await app.request(path, { method: "POST", headers, body });
      return { status: response.status, text: await response.text() };
    };
    return { get, post };
  };
  const { threadId } = await runtime.launch({
    agent: "payer",
    input: { message, from: ADA },
  });
  const thread = await settled(runtime, threadId);
  const request = thread.state.request;
  if (request?.type !== "approval") throw new Error("nothing waits for approval");
  const requestId = requestIdOf(threadId, request.seq);
  return { runtime, agent, nextStep, ran, thread, threadId, request, requestId, app, api, signIn };
}

/** Whatever must not be read anywhere: the secrets themselves. */
const SECRETS = [CARD, TOKEN, "hunter2-and-more"];

function expectHidden(text: string, where: string): void {
  for (const secret of SECRETS) expect(text.includes(secret), `${where} shows ${secret}`).toBe(false);
}

describe("what redaction hides from the model", () => {
  it("is hidden on every page, over HTTP, in files and streams, also from who may do everything", {
    tags: ["F3.8", "F5.6"],
  }, async () => {
    const { api, signIn, runtime, threadId, requestId } = await payingServer();
    for (const key of ["worker", "admin"] as const) {
      for (const path of [
        `/threads/${threadId}`,
        "/threads",
        "/requests",
        `/requests/${requestId}`,
        `/threads/${threadId}/events`,
        `/threads/${threadId}/events?after=2&limit=2`,
        `/threads/${threadId}/export?as=json`,
        `/threads/${threadId}/export?as=markdown`,
        `/threads/${threadId}/export?as=html`,
        `/threads/${threadId}/graph`,
      ]) {
        const answer = await api(key, path);
        expect(answer.status, path).toBe(200);
        expectHidden(await answer.text(), path);
      }
      const { get } = await signIn(key);
      for (const path of [
        "/inbox",
        "/inbox/threads",
        `/inbox/threads/${threadId}`,
        `/inbox/threads/${threadId}/steps/3`,
        `/inbox/threads/${threadId}/steps/6`,
        `/inbox/requests/${requestId}`,
        `/inbox/requests/${requestId}?edit=1`,
      ]) {
        const page = await get(path);
        expect(page, path).toContain("</html>");
        expectHidden(page, path);
      }
    }
    const card = await (await api("worker", `/requests/${requestId}`)).text();
    expect(card).toContain("Pay 40 with [card:1]");
    const streams = [`/threads/${threadId}/events`, `/inbox/threads/${threadId}/stream?after=1`];
    for (const path of streams) {
      const { body } = await api("worker", path, { headers: { accept: "text/event-stream" } });
      expectHidden(await firstOf(body, "pay"), path);
    }
    const told: unknown[] = [];
    const caller = { principal: ADA, may: () => true };
    const signal = AbortSignal.timeout(10_000);
    for await (const one of followThread(runtime, { threadId, after: 0 }, caller, signal)) told.push(one);
    expect(told.length).toBeGreaterThan(1);
    expectHidden(JSON.stringify(told), "a stream for a chat");
  });

  it("has the placeholders on pages that the model reads and writes", { tags: "F3.8" }, async () => {
    const { thread, agent, nextStep } = await payingServer();
    const hidden = hiddenIn(thread, agent);
    expect(hidden.length).toBeGreaterThanOrEqual(3);
    for (const placeholder of nextStep.prompts.join().match(/\[[a-z_]+:\w+\]/g) ?? ["none"]) {
      expect(hidden).toContain(placeholder);
    }
  });

  it("is opened one value at a time by the scope reveal alone, and each look is recorded", {
    tags: ["F3.8", "S10"],
  }, async () => {
    const { api, signIn, runtime, threadId } = await payingServer();
    const open = (key: "worker" | "admin" | "opener", placeholder: unknown, headers = {}) =>
      api(key, `/threads/${threadId}/reveal`, {
        method: "POST",
        body: JSON.stringify({ placeholder }),
        headers,
      });
    for (const key of ["worker", "admin"] as const) expect((await open(key, "[card:1]")).status).toBe(403);
    for (const wrong of ["[card:99]", "card:1", "[card:1] [secret:2]", "[__proto__:1]", "constructor"]) {
      expect((await open("opener", wrong)).status, wrong).toBe(404);
    }
    expect((await runtime.get(threadId)).events.some(({ type }) => type === "secret_revealed")).toBe(false);
    const key = { "idempotency-key": "once-1" };
    for (const _ of [1, 2]) {
      const answer = await open("opener", "[card:1]", key);
      expect(await answer.json()).toEqual({ placeholder: "[card:1]", value: CARD });
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    const looks = (await runtime.get(threadId)).events.filter(({ type }) => type === "secret_revealed");
    expect(looks.map(({ data }) => data)).toMatchObject(
      [1, 2].map(() => ({ placeholder: "[card:1]", by: { id: "opener" } })),
    );

    const admin = await signIn("admin");
    const shown = await admin.get(`/inbox/threads/${threadId}`);
    expect(shown).not.toContain("Hidden values");
    const refused = await admin.post(`/inbox/threads/${threadId}/reveal`, shown, { placeholder: "[card:1]" });
    expect(refused.status).toBe(403);
    const opener = await signIn("opener");
    const page = await opener.get(`/inbox/threads/${threadId}`);
    expect(page).toContain("Hidden values");
    expectHidden(page, "the page of who may reveal");
    const revealed = await opener.post(`/inbox/threads/${threadId}/reveal`, page, {
      placeholder: "[card:1]",
    });
    expect(revealed.text).toContain(CARD);
    expect(await opener.get(`/inbox/threads/${threadId}`)).toContain("was shown [card:1]");
  });

  it("stays what it is when an approver edits what is shown", { tags: ["F3.8", "F7.9"] }, async () => {
    const { signIn, runtime, threadId, requestId, request, ran } = await payingServer();
    const worker = await signIn("worker");
    const path = `/inbox/requests/${requestId}`;
    const page = await worker.get(`${path}?edit=1`);
    const edit = {
      decision: "approve_edited",
      digest: request.digest,
      "arg.amount": "35",
      "arg.card": "[card:1]",
      "arg.note": "now with [card:1], half",
      "arg.access": JSON.stringify({ token: /\[secret:\w+\]/.exec(page)?.[0] ?? "?", for: "bob" }),
    };
    const typed = await worker.post(path, page, { ...edit, decision: "preview_edited" });
    expectHidden(typed.text, "the preview of an edit");
    expect((await worker.post(path, page, edit)).status).toBe(303);
    await settled(runtime, threadId);
    expect(ran).toEqual([
      {
        intent: "pay",
        amount: 35,
        card: CARD,
        note: `now with ${CARD}, half`,
        access: { token: TOKEN, for: "bob" },
      },
    ]);
  });

  it("is not in lists, in what a search finds and in what the model saw, even where only a later event tells that it is secret", {
    tags: ["F3.8", "F5.6"],
  }, async () => {
    const { api, signIn, runtime, threadId } = await payingServer("is the answer of hunter2-and-more fine?");
    const { get } = await signIn("admin");
    // The model saw it before anything told; people who read what the model saw do not.
    for (const step of [3, 6]) {
      const page = await get(`/inbox/threads/${threadId}/steps/${step}`);
      expect(page).toMatch(
        /is the answer of \[secret:\w+\] fine\?<\/a>[\s\S]*is the answer of \[secret:\w+\] fine\?/,
      );
      expectHidden(page, `the page of step ${step}`);
    }
    for (const query of ["", "?search=answer", "?search=fine&status=awaiting_approval"]) {
      const listed = await api("admin", `/threads${query}`);
      expect(listed.status).toBe(200);
      expectHidden(await listed.text(), `a list ${query}`);
      expectHidden(await get(`/inbox/threads${query}`), `the page of a list ${query}`);
    }
    const { threads, hits } = JSON.parse(await (await api("worker", "/threads?search=answer")).text());
    expect(threads[0].subject).toMatch(/^is the answer of \[secret:\w+\] fine\?$/);
    expect(hits[0].text).toMatch(/^is the answer of \[secret:\w+\] fine\?/);
    // The index has it from the time before it was known: whoever guesses must not learn that it is there.
    const raw = await runtime.list({ search: "hunter2-and-more" });
    expect(raw.threads).toHaveLength(1);
    for (const query of ["hunter2-and-more", "answer hunter2"]) {
      const guessed = await api("admin", `/threads?search=${query}`);
      expect(await guessed.json()).toMatchObject({ threads: [], hits: [], next: null });
      expect(await get(`/inbox/threads?search=${query}`)).toContain("Nothing found.");
      expect(await get(`/inbox?search=${query}&whose=all`)).not.toContain("/inbox/requests/");
    }
    const found = await get("/inbox?search=answer&whose=all");
    expect(found).toContain("/inbox/requests/");
    expect(found).toContain("<mark>answer</mark>");
    expect(found).not.toContain("hunter2");
  });

  it("is not in what is said of an edit or an answer that does not fit", {
    tags: ["F3.8", "F7.9"],
  }, async () => {
    const { api, runtime, threadId, requestId, request } = await payingServer();
    const respond = async (id: string, decision: object, digest?: string) => {
      const body = JSON.stringify({ decision, digest });
      const answer = await api("worker", `/requests/${id}/response`, { method: "POST", body });
      const text = await answer.text();
      expectHidden(text, "a refusal");
      return { status: answer.status, text };
    };
    const { approval } = JSON.parse(await (await api("worker", `/requests/${requestId}`)).text());
    const editedStep = { intent: "pay", ...approval.card.arguments, amount: "35" };
    const wrong = await respond(requestId, { kind: "approved", editedStep }, request.digest);
    expect(wrong).toMatchObject({
      status: 422,
      text: expect.stringContaining("does not fit the type of pay"),
    });
    await respond(requestId, { kind: "denied", feedback: "ask me" }, request.digest);
    const asking = await settled(runtime, threadId);
    const id = requestIdOf(threadId, asking.state.request?.seq ?? 0);
    const refused = await respond(id, { kind: "answered", text: "neither" });
    expect(refused).toMatchObject({
      status: 422,
      text: expect.stringContaining("the one that ends in [card:1]"),
    });
    // Who chooses what is shown means what is behind it.
    expect((await respond(id, { kind: "answered", text: "the one that ends in [card:1]" })).status).toBe(202);
    const { events } = await settled(runtime, threadId);
    expect(events.findLast(({ type }) => type === "human_responded")?.data).toMatchObject({
      decision: { text: `the one that ends in ${CARD}` },
    });
  });
});

/** What a stream sends until a text comes in it. */
async function firstOf(body: ReadableStream<Uint8Array> | null, until: string): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(until)) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    text += decoder.decode(next.value, { stream: true });
  }
  await reader?.cancel();
  return text;
}
