import { Webhook as Signer } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { addressOf, isAllowed } from "../../src/base/allow-list.ts";
import { parseRequestId, parseThreadId, requestIdOf } from "../../src/base/ids.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { pendingRequest } from "../../src/humans/request.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import { type WebhookOptions, webhook } from "../../src/triggers/webhook.ts";
import { type ServeOptions, serve } from "../server/serve.ts";

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const other = `whsec_${Buffer.from("fedcba9876543210fedcba9876543210").toString("base64")}`;

const answerSchema = z.looseObject({
  threads: z.array(z.string()).optional(),
  dropped: z.string().optional(),
});

const senderOf = (payload: Json) =>
  isJsonObject(payload) && typeof payload["from"] === "string" ? payload["from"] : undefined;

function start({ script, ...options }: Partial<WebhookOptions> & Pick<ServeOptions, "script"> = {}) {
  const logged: unknown[] = [];
  const log = { info() {}, warn: (fields: unknown) => void logged.push(fields), error() {} };
  const clock = fakeClock(Date.now());
  const mail = webhook({
    name: "mail",
    secrets: [secret],
    action: ({ payload }) => ({ launch: { agent: "example", message: JSON.stringify(payload) } }),
    ...options,
  });
  const served = serve({
    ...(script === undefined ? {} : { script }),
    server: { webhooks: [mail], clock, log },
  });
  const deliver = async (payload: unknown, changes: DeliveryChanges = {}) => {
    const { id = "msg_1", by = secret, at = clock.now(), sent, path = "/webhooks/mail" } = changes;
    const body = JSON.stringify(payload);
    const when = new Date(at);
    const response = await served.app.request(path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at / 1000)),
        "webhook-signature": new Signer(by).sign(id, when, body),
        ...changes.headers,
      },
      body: sent ?? body,
    });
    return { status: response.status, body: answerSchema.parse(await response.json()) };
  };
  const threads = async () => (await served.runtime.list()).threads;
  return { ...served, clock, deliver, threads, logged };
}

interface DeliveryChanges {
  readonly id?: string;
  readonly by?: string;
  readonly at?: number;
  readonly sent?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

describe("signed webhooks", () => {
  it("an empty id is none", { tags: "F11.3" }, async () => {
    const { deliver, threads } = start();
    expect((await deliver({ order: 7 }, { id: "" })).status).toBe(401);
    expect(await threads()).toEqual([]);
  });

  it("a misspelt setting is refused: a list of senders that is not read would let everybody in", {
    tags: "F11.4",
  }, () => {
    const valid = {
      name: "orders",
      secrets: [`whsec_${"c2VjcmV0".repeat(4)}`],
      action: () => ({ drop: "nothing to do" }),
    };
    const define = (more: object) => () => webhook(Object.assign({ ...valid }, more));
    expect(define({})).not.toThrow();
    expect(define({ allowed: ["ada@example.com"] })).toThrow('webhook orders: unknown option "allowed"');
    expect(define({ action: undefined })).toThrow("action: must be a function");
    expect(define({ allow: "ada@example.com", sender: () => "" })).toThrow("allow: must be a list");
  });

  it("a secret that no sender can sign with is refused", { tags: "F11.3" }, () => {
    for (const secret of ["whsec_short", "whsec_not base64 at all, but long enough", `${"*".repeat(40)}`])
      expect(() => webhook({ name: "mail", secrets: [secret], action: () => null }), secret).toThrow(
        "base64",
      );
  });

  it("the signature is over the bytes that came, not over their text", { tags: "F11.3" }, async () => {
    const { app, clock, threads } = start();
    const at = new Date(clock.now());
    // Two bodies whose bytes are not UTF-8 read as the same text.
    const [signed, sent] = [Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0x22, 0xfe, 0x22])];
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(clock.now() / 1000)),
      "webhook-signature": new Signer(secret).sign("msg_1", at, signed.toString()),
    };
    const response = await app.request("/webhooks/mail", { method: "POST", headers, body: sent });
    expect(response.status).toBe(401);
    expect(await threads()).toEqual([]);
  });

  it("a delivery signed by the standard's own library starts a thread", {
    tags: ["F11.1", "F0.2", "F7.13"],
  }, async () => {
    const { deliver, threads, runtime } = start();
    const sent = await deliver({ order: 7 });
    expect(sent.status).toBe(202);
    const [thread] = await threads();
    expect(sent.body).toEqual({ threads: [thread?.threadId] });
    if (thread === undefined) throw new Error("no thread");
    expect((await runtime.get(thread.threadId)).events[1]?.data).toEqual({
      text: '{"order":7}',
      from: { channel: "webhook:mail", id: "mail" },
    });
  });

  it("the signature covers the raw body, id and time; a bad one changes nothing", {
    tags: "F11.3",
  }, async () => {
    const { deliver, threads } = start();
    const bad: DeliveryChanges[] = [
      { by: other },
      { sent: '{"order": 7}' },
      { headers: { "webhook-id": "msg_2" } },
      { headers: { "webhook-timestamp": "1" } },
      { headers: { "webhook-signature": "v1,AAAA" } },
      { headers: { "webhook-signature": "" } },
      { headers: { "webhook-signature": `v2,${"A".repeat(44)}` } },
    ];
    for (const changes of bad) expect((await deliver({ order: 7 }, changes)).status).toBe(401);
    expect((await deliver({ order: 7 }, { path: "/webhooks/unknown" })).status).toBe(404);
    expect(await threads()).toEqual([]);
  });

  it("deliveries outside the replay window are refused", { tags: "F11.3" }, async () => {
    const { deliver, threads, clock } = start();
    expect((await deliver({}, { at: clock.now() - 301_000 })).status).toBe(401);
    expect((await deliver({}, { at: clock.now() + 302_000 })).status).toBe(401);
    expect(await threads()).toEqual([]);
    expect((await deliver({}, { at: clock.now() - 290_000 })).status).toBe(202);
  });

  it("an old and a new secret work side by side", { tags: "F11.3" }, async () => {
    const { deliver } = start({ secrets: [other, secret] });
    expect((await deliver({}, { by: secret })).status).toBe(202);
    expect((await deliver({}, { by: other, id: "msg_2" })).status).toBe(202);
  });

  it("numbers that a double cannot hold keep their digits", { tags: "S9" }, async () => {
    const { app, runtime, clock } = start({
      action: ({ payload }) => ({ launch: { agent: "example", message: JSON.stringify(payload) } }),
    });
    const body = '{"id":2512292042121000001,"lines":[{"ref":9007199254740993}],"total":12.50}';
    const at = new Date(clock.now());
    const { status } = await app.request("/webhooks/mail", {
      method: "POST",
      headers: {
        "webhook-id": "msg_64",
        "webhook-timestamp": String(Math.floor(clock.now() / 1000)),
        "webhook-signature": new Signer(secret).sign("msg_64", at, body),
      },
      body,
    });
    expect(status).toBe(202);
    expect((await runtime.list()).threads[0]?.title).toBe(
      '{"id":"2512292042121000001","lines":[{"ref":"9007199254740993"}],"total":12.5}',
    );
  });

  it("an event's sender is who the action names, nobody, or unknown", { tags: "F7.8" }, async () => {
    const requestersOf = async (from: "system" | ReturnType<typeof verifiedBy> | undefined) => {
      const { deliver, runtime } = start({
        action: () => ({ launch: { agent: "example", event: { name: "order" }, from } }),
      });
      await deliver({ order: 7 });
      const [summary] = (await runtime.list()).threads;
      if (summary === undefined) throw new Error("nothing was launched");
      return (await runtime.get(summary.threadId)).state.requesters;
    };
    const ada = { channel: "webhook:mail", id: "ada@example.com" };
    expect(await requestersOf(verifiedBy("webhook:mail", "Ada@Example.com"))).toEqual({
      known: [ada],
      unknown: false,
    });
    expect(await requestersOf("system")).toEqual({ known: [], unknown: false });
    expect(await requestersOf(undefined)).toEqual({ known: [], unknown: true });
  });

  it("a sender who is not on the list is told to stop, and nothing but the log hears of it", {
    tags: "F11.4",
  }, async () => {
    const { deliver, threads, logged } = start({
      sender: senderOf,
      allow: ["ada@example.com", "*@trusted.example"],
    });
    const dropped = { status: 202, body: { threads: [], dropped: "this sender is not on the list" } };
    const strangers = [
      "eve@example.com",
      "ada@example.com.evil.example",
      "Ada <ada@example.com>",
      "eve@evil.example, x@trusted.example",
      "x@trusted.example@trusted.example",
      "eve@evil.example <x@trusted.example",
      "",
      undefined,
    ];
    for (const [id, from] of strangers.entries())
      expect(await deliver({ from }, { id: `${id}` }), String(from)).toEqual(dropped);
    expect(await threads()).toEqual([]);
    expect(logged).toHaveLength(strangers.length);
    expect(logged[0]).toEqual({
      webhook: "mail",
      delivery: "0",
      sender: "eve@example.com",
      why: "this sender is not on the list",
    });
    expect((await deliver({ from: "Ada@Example.com" }, { id: "a" })).body.threads).toHaveLength(1);
    expect((await deliver({ from: "bob@trusted.example" }, { id: "b" })).body.threads).toHaveLength(1);
    expect(isAllowed([], "ada@example.com")).toBe(false);
    expect(isAllowed(["*"], "")).toBe(false);
    expect(isAllowed(["+49*", "*"], "+4912345")).toBe(true);
    expect(() => webhook({ name: "m", secrets: [secret], action: () => null, allow: [] })).toThrow("sender");
    expect(() => webhook({ name: "m", secrets: ["short"], action: () => null })).toThrow("at least 16 bytes");
  });

  it("one address is read out of a mailbox, never a name or one of several", { tags: "F11.4" }, () => {
    const mailboxes: readonly (readonly [string, string | undefined])[] = [
      ["ada@example.com", "ada@example.com"],
      ["  Ada Lovelace <Ada@Example.com> ", "ada@example.com"],
      ['"Lovelace, Ada <x@y>" <ada@example.com>', "ada@example.com"],
      ["<ada@example.com>", "ada@example.com"],
      ['"boss@example.com" <eve@evil.example>', "eve@evil.example"],
      ["boss@example.com <eve@evil.example>", undefined],
      ["ada@example.com, eve@evil.example", undefined],
      ["Ada <ada@example.com>, Eve <eve@evil.example>", undefined],
      ["Ada <ada@example.com> <eve@evil.example>", undefined],
      ["Ada <ada@example.com", undefined],
      ["Ada <ada@example.com@evil.example>", undefined],
      ["ada@example.com\nbcc: eve@evil.example", undefined],
      ["Ada", undefined],
      ["", undefined],
    ];
    for (const [mailbox, address] of mailboxes) expect(addressOf(mailbox), mailbox).toBe(address);
    // Blanks by the hundred thousand take no longer than other characters: anybody may send them.
    const blanks = " ".repeat(200_000);
    expect(addressOf(`Ada${blanks}ada@example.com`)).toBeUndefined();
    expect(addressOf(`"Ada"${blanks}ada@example.com`)).toBeUndefined();
    expect(addressOf(`Ada${blanks}<ada@example.com>`)).toBe("ada@example.com");
  });

  it("the headers of Svix are taken, and never some of each", { tags: ["F11.8", "F11.3"] }, async () => {
    const { app, clock, threads } = start();
    const body = JSON.stringify({ order: 7 });
    const signed = (id: string) => ({
      id,
      timestamp: String(Math.floor(clock.now() / 1000)),
      signature: new Signer(secret).sign(id, new Date(clock.now()), body),
    });
    const post = async (headers: Record<string, string>) =>
      (await app.request("/webhooks/mail", { method: "POST", headers, body })).status;
    const named = (prefix: string, { id, timestamp, signature }: ReturnType<typeof signed>) => ({
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      [`${prefix}-signature`]: signature,
    });
    const svix = named("svix", signed("msg_s"));
    expect(await post({ ...svix, "webhook-id": "msg_other" })).toBe(401);
    expect(await post({ ...svix, "svix-id": "msg_other" })).toBe(401);
    expect(await post({ "webhook-id": "msg_s", "svix-signature": svix["svix-signature"] ?? "" })).toBe(401);
    expect(await threads()).toEqual([]);
    expect(await post(svix)).toBe(202);
    // The same delivery under the other names is the same delivery.
    expect(await post(named("webhook", signed("msg_s")))).toBe(202);
    expect(await threads()).toHaveLength(1);
  });

  it("the same delivery twice starts one thread, also at the same time", { tags: "F11.6" }, async () => {
    const { deliver, threads } = start();
    const all = await Promise.all([deliver({ n: 1 }), deliver({ n: 1 }), deliver({ n: 1 })]);
    const again = await deliver({ n: 1 });
    expect(await threads()).toHaveLength(1);
    for (const sent of [...all, again]) expect(sent).toEqual(all[0]);
  });

  it("the same delivery twice advances a waiting thread once", { tags: ["F11.6", "F8.7"] }, async () => {
    const { deliver, runtime } = start({
      action: ({ payload }) => ({ event: { name: "push", ...threadOf(payload) } }),
    });
    const { threadId } = await runtime.launch({
      agent: "example",
      input: { event: { name: "start", source: "test", payload: null } },
    });
    for (let n = 0; n < 3; n++) expect((await deliver({ threadId })).status).toBe(202);
    const { events } = await runtime.get(threadId);
    expect(
      events.filter((event) => event.type === "event_received" && event.data.name === "push"),
    ).toHaveLength(1);

    function threadOf(payload: Json) {
      return isJsonObject(payload) && payload["threadId"] === threadId ? { threadId } : {};
    }
  });

  it("a delivery that asks for nothing starts nothing; a body that is not JSON is refused", {
    tags: "F11.5",
  }, async () => {
    const { deliver, threads, app, clock } = start({ action: () => null });
    expect(await deliver({ ping: true })).toEqual({ status: 202, body: { threads: [] } });
    const response = await app.request("/webhooks/mail", {
      method: "POST",
      headers: {
        "webhook-id": "x",
        "webhook-timestamp": String(Math.floor(clock.now() / 1000)),
        "webhook-signature": new Signer(secret).sign("x", new Date(clock.now()), "not json"),
      },
      body: "not json",
    });
    expect(response.status).toBe(400);
    expect(await threads()).toEqual([]);
  });

  it("a launch names its payload, its thread and who asks; another delivery for that thread is dropped", {
    tags: ["F11.8", "F11.6"],
  }, async () => {
    const { deliver, runtime } = start({
      sender: senderOf,
      action: async ({ payload, sender }) => ({
        launch: {
          agent: "example",
          threadId: parseThreadId(`order_${JSON.stringify(payload).length}`),
          event: { name: "order", payload: { from: "the shop" } },
          from: verifiedBy("email", sender ?? "nobody"),
        },
      }),
    });
    const first = await deliver({ from: "ada@example.com" });
    expect(first).toEqual({ status: 202, body: { threads: ["order_26"] } });
    expect(await deliver({ from: "ada@example.com" })).toEqual(first);
    expect((await deliver({ from: "eva@example.com" }, { id: "msg_2" })).body).toMatchObject({
      threads: [],
      dropped: expect.stringContaining("order_26"),
    });
    const { events } = await runtime.get(parseThreadId("order_26") ?? never());
    expect(events.filter(({ type }) => type === "event_received")).toHaveLength(1);
    expect(events[1]?.data).toMatchObject({
      payload: { from: "the shop" },
      from: { channel: "email", id: "ada@example.com" },
    });
  });

  it("a message is added to its thread once, in the sender's name; to no thread that is unknown or cancelled", {
    tags: ["F11.8", "F11.6"],
  }, async () => {
    const { deliver, runtime } = start({
      sender: senderOf,
      action: ({ payload }) => {
        const { thread, text } = Object(payload);
        return { message: { threadId: parseThreadId(String(thread)) ?? never(), text: String(text) } };
      },
    });
    const root = verifiedBy("test", "root");
    const { threadId } = await runtime.launch({ agent: "example", input: { message: "go", from: root } });
    const delivery = { from: "Ada@example.com", thread: threadId, text: "one more thing" };
    for (let n = 0; n < 3; n++) expect((await deliver(delivery)).body).toEqual({ threads: [threadId] });
    const messages = (await runtime.get(threadId)).events.filter(({ type }) => type === "message_received");
    expect(messages.map(({ data }) => data)).toEqual([
      { text: "go", from: { channel: "test", id: "root" } },
      { text: "one more thing", from: { channel: "webhook:mail", id: "ada@example.com" } },
    ]);
    const refused = async (changes: object, id: string) =>
      (await deliver({ ...delivery, ...changes }, { id })).body.dropped;
    expect(await refused({ thread: "thr_unknown" }, "2")).toContain("thr_unknown");
    expect(await refused({ text: "  " }, "3")).toBe("the message is empty");
    await runtime.cancel(threadId, root);
    expect(await refused({}, "4")).toContain("cancelled");
    expect((await deliver({ ...delivery, thread: "x" }, { id: "5" })).status).toBe(500);
  });

  it("a request is answered once, by who may answer it, about the card that was shown", {
    tags: ["F11.8", "F7.6", "F11.6"],
  }, async () => {
    const { deliver, runtime, launch } = start({
      script: [
        { intent: "divide", a: 6, b: 2 },
        { intent: "done", message: "3" },
      ],
      sender: senderOf,
      action: ({ payload }) => {
        const { request, digest, kind } = Object(payload);
        const { threadId, seq } = parseRequestId(String(request)) ?? never();
        const decision: HumanDecision = kind === "denied" ? { kind, feedback: "no" } : { kind: "approved" };
        return {
          respond: { requestId: requestIdOf(threadId, seq), response: { decision, digest: digest ?? null } },
        };
      },
    });
    const { thread } = await launch();
    const request = pendingRequest(thread) ?? never();
    const approve = { from: "boss@example.com", request: request.id, digest: request.digest };
    const dropped = async (payload: unknown, id: string) => (await deliver(payload, { id })).body.dropped;
    expect(await dropped({ ...approve, digest: "another" }, "1")).toContain("another version");
    expect(await dropped({ ...approve, request: `${thread.id}.99` }, "2")).toContain("there is no request");
    for (let n = 0; n < 3; n++) expect((await deliver(approve)).body).toEqual({ threads: [thread.id] });
    expect(await dropped({ ...approve, kind: "denied" }, "3")).toContain("is closed");
    expect(await dropped({ ...approve, from: "eve@example.com" }, "4")).toContain("is closed");
    const { events, state } = await runtime.settled(thread.id);
    expect(state.status.kind).toBe("finished");
    expect(events.filter(({ type }) => type === "human_responded").map(({ data }) => data)).toMatchObject([
      { by: { channel: "webhook:mail", id: "boss@example.com" }, decision: { kind: "approved" } },
    ]);
  });

  it("a delivery is dropped with a reason, and a mapping that fails is tried again", {
    tags: "F11.8",
  }, async () => {
    let isDown = true;
    const { deliver, threads, logged } = start({
      action: async ({ payload }) => {
        if (isDown) throw new Error("the directory is down");
        return isJsonObject(payload) && payload["bulk"] === true
          ? { drop: "bulk mail" }
          : { launch: { agent: "example", message: "hello" } };
      },
    });
    expect((await deliver({ bulk: true })).status).toBe(500);
    isDown = false;
    expect(await deliver({ bulk: true })).toEqual({
      status: 202,
      body: { threads: [], dropped: "bulk mail" },
    });
    expect(logged.at(-1)).toMatchObject({ delivery: "msg_1", why: "bulk mail" });
    expect(await threads()).toEqual([]);
    expect((await deliver({}, { id: "msg_2" })).body.threads).toHaveLength(1);
  });
});

function never(): never {
  throw new Error("it cannot be");
}
