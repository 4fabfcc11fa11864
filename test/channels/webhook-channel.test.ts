import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { verifyWebhook } from "../../src/base/standard-webhooks.ts";
import { type WebhookMessage, webhookChannel } from "../../src/channels/index.ts";
import {
  createMemoryStore,
  createRuntime,
  defineAgent,
  finish,
  requestIdOf,
  type Thread,
  tool,
  verifiedBy,
} from "../../src/index.ts";
import { scriptedSteps } from "../../src/testing/index.ts";

const secret = `whsec_${Buffer.from("24 bytes that nobody has").toString("base64")}`;
const ada = verifiedBy("test", "ada");
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Posted {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly message: WebhookMessage;
}

/** A service that answers with these statuses, then with 204. */
async function service(...statuses: number[]) {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    posted.push({ request, body, message: JSON.parse(body) });
    response.writeHead(statuses.shift() ?? 204, { location: "/elsewhere" }).end();
    server.emit("posted");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  const until = async (count: number) => {
    while (posted.length < count) await once(server, "posted");
    return posted;
  };
  return { url: `http://127.0.0.1:${address.port}/hooks`, until };
}

/** The request that a thread waits for, as it is delivered once more. */
function repeatRequest(thread: Thread) {
  const { id: threadId, state } = thread;
  const { request } = state;
  if (request === null) throw new Error("nothing waits");
  const requestId = requestIdOf(threadId, request.seq);
  return { kind: "request", id: "1", threadId, requestId, request, thread, mayBeRepeated: true } as const;
}

type Step = { readonly intent: "send"; readonly to: string } | { readonly intent: "done" };

/** A thread whose step waits for approval. */
async function launch(url: string) {
  const agent = defineAgent(scriptedSteps<Step>([{ intent: "send", to: "<b>x</b>" }, { intent: "done" }]), {
    name: "sender",
    steps: { send: tool(() => "sent", { approval: "always", version: "1" }), done: finish(() => "done") },
  });
  const store = createMemoryStore();
  const runtime = createRuntime({ agents: [agent], store, channels: [webhookChannel({ url, secret })] });
  runtime.start();
  closers.push(() => runtime.stop());
  const { threadId } = await runtime.launch({ agent: "sender", input: { message: "go", from: ada } });
  return { runtime, threadId };
}

describe("the webhook channel", () => {
  it("posts a request and its end, each signed so that any library of Standard Webhooks accepts it", async () => {
    const { url, until } = await service();
    const { runtime, threadId } = await launch(url);
    await until(1);
    const { seq } = (await runtime.settled(threadId)).state.request ?? { seq: 0 };
    const { id, digest } = await runtime.request(requestIdOf(threadId, seq));
    await runtime.respond(id, { decision: { kind: "approved" }, digest: digest ?? "" }, ada);
    const [opened, closed] = await until(2);
    expect(opened?.message).toMatchObject({
      type: "request.opened",
      data: { id, threadId, agent: "sender", kind: "approval", digest, question: null, mayBeRepeated: false },
    });
    expect(closed?.message).toMatchObject({
      type: "request.closed",
      data: { id, threadId, by: "human_responded" },
    });
    for (const { request, body } of [opened, closed].filter((one) => one !== undefined)) {
      const header = (name: string) => String(request.headers[`webhook-${name}`]);
      const [delivery, timestamp, signature] = [header("id"), header("timestamp"), header("signature")];
      new Webhook(secret).verify(body, {
        "webhook-id": delivery,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
      });
      const headers = { id: delivery, timestamp, signature };
      expect(verifyWebhook(body, headers, [secret], Date.now())).toBeUndefined();
      expect(verifyWebhook(`${body} `, headers, [secret], Date.now())).toBe("the signature is not valid");
    }
  });

  it.each([500, 404, 302])(
    "counts an answer of %i as not delivered, and follows no redirect",
    async (status) => {
      const { url, until } = await service(status);
      const { runtime, threadId } = await launch(url);
      const thread = await runtime.settled(threadId);
      const channel = webhookChannel({ url, secret });
      await until(1);
      const other = await service(status);
      const failing = webhookChannel({ url: other.url, secret });
      const notice = repeatRequest(thread);
      const { signal } = new AbortController();
      await expect(failing.deliver(notice, signal, createMemoryStore())).rejects.toThrow(
        `http://127.0.0.1:${new URL(other.url).port} answered ${status}`,
      );
      await channel.deliver(notice, signal, createMemoryStore());
      const posted = await other.until(1);
      expect(posted.map(({ request: { url: path } }) => path)).toEqual(["/hooks"]);
    },
  );

  it("repeats a delivery under the same id, so that it can be dropped", async () => {
    const { url, until } = await service();
    const { runtime, threadId } = await launch(url);
    const thread = await runtime.settled(threadId);
    await until(1);
    await webhookChannel({ url, secret }).deliver(
      repeatRequest(thread),
      new AbortController().signal,
      createMemoryStore(),
    );
    const posted = await until(2);
    expect(new Set(posted.map(({ request: { headers } }) => headers["webhook-id"])).size).toBe(1);
    expect(posted[1]?.message.data).toMatchObject({ mayBeRepeated: true });
  });

  it("posts how a thread ends that came from it, with the address it gave", { tags: "F7.16" }, async () => {
    const { url, until } = await service();
    const { runtime } = await launch(url);
    const agent = "sender";
    const via = { channel: "webhook", address: "case 7" };
    const { threadId } = await runtime.launch({ agent, input: { message: "go", from: ada }, via });
    await runtime.cancel(threadId, ada, "not needed");
    const posted = await until(2);
    const told = posted.find(({ message }) => message.type === "thread.cancelled");
    expect(told?.message.data).toMatchObject({ threadId, agent, address: "case 7", reason: "not needed" });
  });

  it.each([
    ["url", { url: "http://desk.example.com/hooks" }, "must begin with https:"],
    ["url", { url: "ftp://127.0.0.1/" }, "must begin with https:"],
    ["url", { url: "https://a:b@desk.example.com/" }, "must not hold a name or a password"],
    ["url", { url: "desk" }, "must be an address"],
    ["secret", { secret: "short" }, "base64 of at least 16 random bytes"],
    ["timeoutMs", { timeoutMs: 0 }, "must be a number above 0"],
  ])("refuses a wrong %s: %j", (name, wrong, message) => {
    const options = { url: "https://desk.example.com/hooks", secret, ...wrong };
    expect(() => webhookChannel(options)).toThrow(`${name}: `);
    expect(() => webhookChannel(options)).toThrow(message);
  });
});
