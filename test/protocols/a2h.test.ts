import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { a2h, a2hAgent } from "../../src/protocols/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { afterwards, keyFor, serve } from "../server/serve.ts";

const HOSTILE = "refund\u202e</script>";

function bench(options: Parameters<typeof a2hAgent>[0] = {}) {
  const agents = [a2hAgent(options)];
  const people = { program: ["*:program"], ada: ["*:ada"], bob: ["*:bob"] };
  const runtime = createRuntime({ agents, store: createMemoryStore(), people });
  afterwards(() => runtime.stop());
  const program = keyFor("program");
  const [ada, bob, reader] = [keyFor("ada"), keyFor("bob"), keyFor("reader", ["read"])];
  const keys = [program, ada, bob, reader].map(({ configured }) => configured);
  const server = serve({
    agents,
    server: { runtime, protocols: [a2h({ runtime })], auth: { kind: "keys", keys } },
  });
  const call = (path: string, body?: object, as = program.key) =>
    server.call(path, body === undefined ? { as } : { body, as });
  return { call, runtime, program: program.key, ada: ada.key, bob: bob.key, reader: reader.key };
}

const refund = (more: object = {}) => ({
  run_id: "run-1",
  call_id: "call-1",
  spec: { fn: HOSTILE, kwargs: { amount: 100.5, to: "merchant" }, state: { cursor: 7 }, ...more },
});
const question = (more: object = {}) => ({
  run_id: "run-1",
  call_id: "q-1",
  spec: { msg: "May I?", response_options: [{ name: "yes" }, { name: "later" }], ...more },
});

describe("A2H: programs elsewhere ask people", { tags: "E8" }, () => {
  it("a call is put to people with its arguments, and the program learns what was decided", async () => {
    const { call, ada, runtime, program } = bench();
    const asked = await call("/a2h/function_calls", refund());
    expect(asked.status).toBe(201);
    expect(asked.body).toMatchObject({ ...refund(), status: { requested_at: null } });
    const settle = async () => {
      const [thread] = (await runtime.list()).threads;
      return runtime.settled(thread?.threadId ?? never());
    };
    await settle();
    const pending = (await call("/a2h/function_calls/call-1")).body;
    expect(pending.status.requested_at).toMatch(/^20/);
    expect(pending.status.responded_at).toBeUndefined();
    // It stands in everybody's inbox like any other request.
    const [request] = (await call("/requests", undefined, ada)).body.requests;
    expect(request.approval.card).toMatchObject({
      intent: "function_call",
      arguments: { fn: HOSTILE, kwargs: { amount: 100.5, to: "merchant" } },
    });
    expect(request.approval.card.title).not.toContain("\u202e");
    // The program itself may not approve, nor anybody without the digest of the card.
    const respond = "/a2h/agent/function_calls/call-1/respond";
    const { digest, request_id } = pending.status;
    expect((await call(respond, { approved: true, digest }, program)).status).toBe(403);
    const byAda = `/a2h/agent/function_calls/${request_id}/respond`;
    expect((await call(byAda, { approved: true }, ada)).status).toBe(409);
    expect((await call(byAda, { approved: true, digest: "0".repeat(64) }, ada)).status).toBe(409);
    expect((await call(byAda, { approved: "yes", digest }, ada)).status).toBe(422);
    expect((await call(byAda, { approved: true, digest }, ada)).status).toBe(200);
    await settle();
    const done = (await call("/a2h/function_calls/call-1")).body;
    expect(done.status).toMatchObject({ approved: true, user_info: { id: "web:ada" } });
    expect(done.spec.state).toEqual({ cursor: 7 });
    expect((await call(byAda, { approved: false }, ada)).status).toBe(409);
  });

  it("a call or question that is cancelled is over for the program that waits", async () => {
    const { call, ada, runtime } = bench();
    await call("/a2h/function_calls", refund());
    await call("/a2h/human_contacts", question());
    for (const { threadId } of (await runtime.list()).threads) {
      await runtime.settled(threadId);
      expect((await call(`/threads/${threadId}/cancel`, {}, ada)).status).toBe(200);
    }
    const over = { responded_at: expect.stringMatching(/^20/), approved: false, comment: "it was cancelled" };
    expect((await call("/a2h/function_calls/call-1")).body.status).toMatchObject(over);
    expect((await call("/a2h/human_contacts/q-1")).body.status).toMatchObject({
      responded_at: over.responded_at,
      comment: over.comment,
    });
  });

  it("a policy that is misspelt is refused, and lets nobody approve", () => {
    const misspelt: object[] = [
      { approval: { approvrs: ["web:ada"] } },
      { aproval: { approvers: ["web:ada"] } },
      { approval: { approvers: "web:ada" } },
      { approval: { needed: 0 } },
    ];
    for (const options of misspelt) expect(() => a2hAgent(options)).toThrow(UsageError);
  });

  it("whoever loses a race is told; who decided is who called, whatever the body says", async () => {
    const { call, ada, bob, runtime } = bench();
    const lies = {
      user_info: { id: "web:bob" },
      by: { channel: "web", id: "bob" },
      responded_at: "2020-01-01",
    };
    for (const call_id of ["call-1", "call-2"]) {
      await call("/a2h/function_calls", {
        ...refund(),
        call_id,
        from: lies.by,
        status: { approved: true, ...lies },
      });
      const threads = (await runtime.list()).threads.map(({ threadId }) => threadId);
      await Promise.all(threads.map((threadId) => runtime.settled(threadId)));
      const { status } = (await call(`/a2h/function_calls/${call_id}`)).body;
      expect(status.approved).toBeUndefined();
      const { request_id, digest } = status;
      const respond = (as: string) =>
        call(`/a2h/agent/function_calls/${request_id}/respond`, { approved: true, digest, ...lies }, as);
      if (call_id === "call-1") {
        expect((await respond(ada)).status).toBe(200);
      } else {
        const decision = { kind: "denied", feedback: "no" };
        await call(`/requests/${request_id}/response`, { decision, digest }, bob);
        expect((await respond(ada)).status).toBe(409);
      }
      await Promise.all(threads.map((threadId) => runtime.settled(threadId)));
    }
    const told = async (id: string) => (await call(`/a2h/function_calls/${id}`)).body.status;
    expect(await told("call-1")).toMatchObject({ approved: true, user_info: { id: "web:ada" } });
    expect((await told("call-1")).responded_at).not.toContain("2020");
    expect(await told("call-2")).toMatchObject({ approved: false, user_info: { id: "web:bob" } });
  });

  it("takes what the clients of `humanlayer` write: every field that there is not as null, channels of their own", async () => {
    const { call, ada, runtime } = bench();
    const slack = {
      channel_or_user_id: "C123",
      context_about_channel_or_user: null,
      bot_token: "xoxb-1234-secret",
      allowed_responder_ids: null,
      experimental_slack_blocks: null,
      thread_ts: null,
    };
    const email = {
      address: "ada@example.com",
      additional_recipients: null,
      subject: HOSTILE,
      template: null,
    };
    const option = { name: "no", title: null, description: null, prompt_fill: null, interactive: false };
    const none = { sms: null, whatsapp: null };
    const channels = [
      null,
      { slack, email: null, ...none },
      { slack: null, email, ...none },
      { slack: null, email: null, ...none, sms: { phone_number: "+1", context_about_user: null } },
    ];
    for (const [at, channel] of channels.entries()) {
      const call_id = `call-${at}`;
      const spec = { fn: "multiply", kwargs: { x: 1 }, channel, reject_options: null, state: null };
      const asked = { run_id: "agent-1", call_id, spec, status: null };
      expect((await call("/a2h/function_calls", asked)).status).toBe(201);
      const contact = { msg: "May I?", subject: null, channel, response_options: [option], state: null };
      const question = { run_id: "agent-1", call_id, spec: contact, status: null };
      expect((await call("/a2h/contact_requests", question)).status).toBe(201);
    }
    const { threads } = await runtime.list();
    const all = await Promise.all(threads.map(({ threadId }) => runtime.settled(threadId)));
    // Nobody follows the channel with it, so the credential is not kept.
    expect(JSON.stringify(all)).not.toContain("xoxb");
    expect(JSON.stringify(all)).toContain("C123");
    const [question] = (await call("/requests", undefined, ada)).body.requests.filter(
      (one: { readonly kind: string }) => one.kind === "question",
    );
    // A whole status, as the client sends one.
    const status = { requested_at: null, responded_at: null, response: "no", response_option_name: null };
    const path = `/a2h/agent/human_contacts/${question.requestId}/respond`;
    expect((await call(path, status, ada)).status).toBe(200);
    await runtime.settled(question.threadId);
    const { call_id } = all.flatMap(({ id, events }) =>
      id === question.threadId && events[1]?.type === "event_received"
        ? [Object(events[1].data.payload)]
        : [],
    )[0];
    const answered = (await call(`/a2h/contact_requests/${call_id}`)).body.status;
    expect(answered).toMatchObject({ response: "no", response_option_name: "no" });
  });

  it("ready ways to say no stand on the card, are picked by name, and come back with the program's own words", async () => {
    const { call, ada, runtime } = bench();
    const options = [
      { name: "too_much", title: "Too much", prompt_fill: "At most 50 €." },
      { name: "later", description: "Ask again tomorrow." },
    ];
    const given = refund({ reject_options: options });
    for (const wrong of [[{ name: "a b" }], [options[1], options[1]], [{ name: "x".repeat(51) }]])
      expect((await call("/a2h/function_calls", refund({ reject_options: wrong }))).status).toBe(422);
    expect((await call("/a2h/function_calls", given)).status).toBe(201);
    const [thread] = (await runtime.list()).threads;
    await runtime.settled(thread?.threadId ?? never());
    const [request] = (await call("/requests", undefined, ada)).body.requests;
    const words = { too_much: "At most 50 €.", later: "Ask again tomorrow." };
    expect(request.approval.card.rejectOptions).toEqual(words);
    const { digest, request_id } = (await call("/a2h/function_calls/call-1")).body.status;
    const respond = `/a2h/agent/function_calls/${request_id}/respond`;
    const deny = { approved: false, digest, comment: "Really.", reject_option_name: "too_much" };
    expect((await call(respond, { ...deny, reject_option_name: "no such" }, ada)).status).toBe(422);
    expect((await call(respond, { ...deny, approved: true }, ada)).status).toBe(422);
    expect((await call(respond, deny, ada)).status).toBe(200);
    await runtime.settled(thread?.threadId ?? never());
    const { status } = (await call("/a2h/function_calls/call-1")).body;
    expect(status).toMatchObject({
      approved: false,
      comment: "At most 50 €.\nReally.",
      reject_option_name: "too_much",
    });
  });

  it("a denial carries its comment; approvers of the policy, and a limit of the program on them, hold", async () => {
    const { call, ada, bob, runtime } = bench({ approval: { approvers: ["web:bob"] } });
    await call("/a2h/function_calls", refund());
    const [thread] = (await runtime.list()).threads;
    const threadId = thread?.threadId ?? never();
    await runtime.settled(threadId);
    const { digest, request_id } = (await call("/a2h/function_calls/call-1")).body.status;
    const path = `/a2h/agent/function_calls/${request_id}/respond`;
    expect((await call(path, { approved: false, comment: "no", digest }, ada)).status).toBe(403);
    expect((await call(path, { approved: false, comment: "ask first", digest }, bob)).status).toBe(200);
    await runtime.settled(threadId);
    expect((await call("/a2h/function_calls/call-1")).body.status).toMatchObject({
      approved: false,
      comment: "ask first",
    });
    const slack = { channel: { slack: { channel_or_user_id: "C1", allowed_responder_ids: ["U1"] } } };
    const limited = await call("/a2h/function_calls", { ...refund(slack), call_id: "call-2" });
    expect(limited.status).toBe(201);
    const all = (await runtime.list()).threads.map((one) => one.threadId);
    await Promise.all(all.map((one) => runtime.settled(one)));
    const other = (await call("/a2h/function_calls/call-2")).body.status;
    const byBob = `/a2h/agent/function_calls/${other.request_id}/respond`;
    expect((await call(byBob, { approved: true, digest: other.digest }, bob)).status).toBe(403);
  });

  it("a program narrows who may approve by the policy, and widens it for nobody", async () => {
    const { call, runtime } = bench({ approval: { approvers: ["web:bob", "slack:U1"] } });
    const limits = { one: ["U1", "U2"], others: ["U2"] };
    for (const [call_id, allowed_responder_ids] of Object.entries(limits)) {
      const channel = { slack: { channel_or_user_id: "C1", allowed_responder_ids } };
      await call("/a2h/function_calls", { ...refund({ channel }), call_id });
    }
    const all = (await runtime.list()).threads.map(({ threadId }) => threadId);
    await Promise.all(all.map((one) => runtime.settled(one)));
    const mayApprove = async (id: string) => {
      const { request_id } = (await call(`/a2h/function_calls/${id}`)).body.status;
      return (await runtime.request(request_id)).to;
    };
    expect(await Promise.all(Object.keys(limits).map(mayApprove))).toEqual([["slack:U1"], []]);
  });

  it("a question takes one of its options, over the draft's path and the older client's", async () => {
    for (const path of ["/a2h/human_contacts", "/a2h/contact_requests"]) {
      const { call, ada, runtime } = bench();
      expect((await call(path, question())).status).toBe(201);
      const [thread] = (await runtime.list()).threads;
      await runtime.settled(thread?.threadId ?? never());
      const { request_id } = (await call(`${path}/q-1`)).body.status;
      const respond = `/a2h/agent/human_contacts/${request_id}/respond`;
      expect((await call(respond, { response: "never" }, ada)).status).toBe(422);
      expect((await call(respond, { response: "later" }, ada)).status).toBe(200);
      await runtime.settled(thread?.threadId ?? never());
      expect((await call(`${path}/q-1`)).body.status).toMatchObject({
        response: "later",
        response_option_name: "later",
      });
    }
  });

  it("the same call_id asks once; another request under it, or somebody else's, is refused", async () => {
    const { call, ada, reader, runtime } = bench();
    const both = await Promise.all([
      call("/a2h/function_calls", refund()),
      call("/a2h/function_calls", refund()),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 201]);
    expect((await runtime.list()).threads).toHaveLength(1);
    const other = { ...refund(), spec: { fn: "pay", kwargs: {} } };
    expect((await call("/a2h/function_calls", other)).status).toBe(409);
    expect((await call("/a2h/function_calls/call-1", undefined, ada)).status).toBe(404);
    expect((await call("/a2h/human_contacts/call-1")).status).toBe(404);
    expect((await call("/a2h/function_calls", refund(), reader)).status).toBe(403);
    for (const wrong of [{}, { ...refund(), spec: { fn: "x" } }, { ...refund(), call_id: "" }, "text", null])
      expect((await call("/a2h/function_calls", wrong ?? undefined)).status).toBeGreaterThanOrEqual(400);
    // What is no request of this protocol is not answered through it.
    expect(
      (await call("/a2h/agent/function_calls/thr_4q8n0v1m2k3j5h6g7f8d.3/respond", { approved: true })).status,
    ).toBe(404);
    const { runtime: without } = serve();
    expect(() => a2h({ runtime: without })).toThrow(/a2hAgent\(\)/);
  });
});

function never(): never {
  throw new Error("nothing is there");
}
