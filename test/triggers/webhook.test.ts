import { Webhook as Signer } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { isAllowed } from "../../src/triggers/allow-list.ts";
import { type WebhookOptions, webhook } from "../../src/triggers/webhook.ts";
import { serve } from "../server/serve.ts";

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const other = `whsec_${Buffer.from("fedcba9876543210fedcba9876543210").toString("base64")}`;

const senderOf = (payload: Json) =>
  isJsonObject(payload) && typeof payload["from"] === "string" ? payload["from"] : undefined;

function start(options: Partial<WebhookOptions> = {}) {
  const clock = fakeClock(Date.now());
  const mail = webhook({
    name: "mail",
    secrets: [secret],
    action: ({ payload }) => ({ launch: { agent: "example", message: JSON.stringify(payload) } }),
    ...options,
  });
  const served = serve({ server: { webhooks: [mail], clock } });
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
    return { status: response.status, body: await response.json() };
  };
  const threads = async () => (await served.runtime.list()).threads;
  return { ...served, clock, deliver, threads };
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

  it("only senders on the list", { tags: "F11.4" }, async () => {
    const { deliver, threads } = start({ sender: senderOf, allow: ["ada@example.com", "*@trusted.example"] });
    expect((await deliver({ from: "eve@example.com" }, { id: "1" })).status).toBe(403);
    expect((await deliver({ from: "ada@example.com.evil.example" }, { id: "2" })).status).toBe(403);
    expect((await deliver({}, { id: "3" })).status).toBe(403);
    expect(await threads()).toEqual([]);
    expect((await deliver({ from: "Ada@Example.com" }, { id: "4" })).status).toBe(202);
    expect((await deliver({ from: "bob@trusted.example" }, { id: "5" })).status).toBe(202);
    expect(isAllowed([], "ada@example.com")).toBe(false);
    expect(isAllowed(["*"], "")).toBe(false);
    expect(() => webhook({ name: "m", secrets: [secret], action: () => null, allow: [] })).toThrow("sender");
    expect(() => webhook({ name: "m", secrets: ["short"], action: () => null })).toThrow("at least 16 bytes");
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
});
