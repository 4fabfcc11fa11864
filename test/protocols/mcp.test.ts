import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAgent } from "../../src/agent/agent.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { pendingRequest } from "../../src/humans/request.ts";
import { mcpServer } from "../../src/protocols/index.ts";
import { programCaller } from "../../src/protocols/mcp/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { afterwards, serve } from "../server/serve.ts";

type PayStep =
  | { intent: "pay"; amount: number; note: string }
  | { intent: "ask"; question: string }
  | { intent: "done"; message: string };

const pay = (amount: number, note = "rent") => ({ intent: "pay", amount, note }) as const;
const done = (message = "paid") => ({ intent: "done", message }) as const;

/** A server of MCP over the whole HTTP server, with clients that are who their keys say. */
function mcp(
  script: readonly PayStep[],
  { to, paying }: { readonly to?: readonly string[]; readonly paying?: Promise<void> } = {},
) {
  const ran: number[] = [];
  const agent = defineAgent(scriptedSteps<PayStep>(script), {
    name: "payer",
    description: "Pays bills.",
    steps: {
      pay: tool(
        async ({ amount }) => {
          await paying;
          ran.push(amount);
        },
        { approval: paying === undefined ? "always" : "never" },
      ),
      ask: askHuman(({ question }) => question, to === undefined ? {} : { to }),
      done: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const clock = fakeClock();
  const protocols = [mcpServer({ runtime, waitMs: 5_000, clock })];
  const server = serve({ agents: [agent], server: { runtime, protocols } });
  afterwards(() => runtime.stop());
  const connect = async (
    key: string,
    answer?: (message: string) => object,
    mode: "auto" | "legacy" = "auto",
  ) => {
    const client = new Client(
      { name: "test", version: "1" },
      {
        versionNegotiation: { mode },
        capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
        inputRequired: { autoFulfill: answer !== manually },
      },
    );
    if (answer !== undefined)
      client.setRequestHandler("elicitation/create", ({ params }) => ({
        action: "accept",
        content: {},
        ...answer(params.message),
      }));
    await client.connect(
      new StreamableHTTPClientTransport(new URL("http://127.0.0.1/mcp"), {
        fetch: async (input, init) => server.app.request(input.toString(), init),
        requestInit: { headers: { authorization: `Bearer ${key}` } },
      }),
    );
    afterwards(() => client.close());
    return client;
  };
  return { ...server, runtime, connect, clock, ran };
}

/** The client does not fulfil anything by itself. */
const manually = () => ({});
const asked = z.object({
  resultType: z.literal("input_required"),
  requestState: z.string(),
  inputRequests: z.object({
    answer: z.object({ params: z.object({ message: z.string() }).loose() }).loose(),
  }),
});
const output = z.object({ threadId: z.string(), status: z.string(), result: z.unknown().optional() }).loose();
const textOf = (result: object) =>
  z.object({ content: z.array(z.object({ text: z.string() })) }).parse(result).content[0]?.text ?? "";

async function callByHand(
  client: Client,
  params: { name: string; arguments: object } & Record<string, unknown>,
) {
  return client.request({ method: "tools/call", params }, z.looseObject({}), { allowInputRequired: true });
}
const approve = { answer: { action: "accept", content: { decision: "approve" } } };

describe("agents as tools of MCP", { tags: "E6" }, () => {
  it("a call launches a thread; its approval is put to the caller's person, with the whole card", async () => {
    const { connect, keys, ran, runtime } = mcp([pay(41), pay(42, "<script>\u202e"), done()]);
    const seen: string[] = [];
    const client = await connect(keys.ada, (message) => {
      seen.push(message);
      return seen.length === 1
        ? { content: { decision: "deny", feedback: "42, please" } }
        : { content: { decision: "approve" } };
    });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["payer", "thread_status", "thread_message"]);
    const result = await client.callTool({ name: "payer", arguments: { message: "pay the rent" } });
    expect(output.parse(result.structuredContent)).toMatchObject({ status: "finished", result: "paid" });
    expect(ran).toEqual([42]);
    expect(seen[0]).toContain("amount: 41");
    // Hidden characters of the model stand visible on what a person decides on.
    expect(seen[1]).not.toContain("\u202e");
    const [{ threadId } = { threadId: undefined }] = (await runtime.list()).threads;
    if (threadId === undefined) throw new Error("no thread");
    const { events } = await runtime.get(threadId);
    const by = { channel: "web", id: "ada" };
    expect(events.filter(({ type }) => type === "human_responded")).toMatchObject([
      { data: { by, decision: { kind: "denied", feedback: "42, please" } } },
      { data: { by, decision: { kind: "approved" } } },
    ]);
    expect(events[1]).toMatchObject({ type: "message_received", data: { from: by } });
  });

  it("clients that cannot ask, and clients of the older line, learn where the request is; a later call has the result", async () => {
    for (const mode of ["auto", "legacy"] as const) {
      const { connect, keys, runtime, call } = mcp([pay(42), done()]);
      const client = await connect(keys.ada, undefined, mode);
      const first = await client.callTool({ name: "payer", arguments: { message: "pay" } });
      const { threadId, status } = output.parse(first.structuredContent);
      expect([status, textOf(first)]).toEqual(["awaiting_approval", expect.stringContaining("Approve pay?")]);
      const { requests } = (await call("/requests")).body;
      const [{ requestId, approval }] = requests;
      await call(`/requests/${requestId}/response`, {
        body: { decision: { kind: "approved" }, digest: approval.digest },
        as: keys.bob,
      });
      const later = await client.callTool({ name: "thread_status", arguments: { threadId } });
      expect(output.parse(later.structuredContent)).toMatchObject({ status: "finished", result: "paid" });
      expect((await runtime.list()).threads).toHaveLength(1);
    }
  });

  it("a state is good once, for the same caller, tool and arguments; answers without one count for nothing", async () => {
    const { connect, keys, ran, runtime, clock } = mcp([pay(42), done()]);
    const ada = await connect(keys.ada, manually);
    const bob = await connect(keys.bob, manually);
    const wanted = { name: "payer", arguments: { message: "pay" } };
    const { requestState, inputRequests } = asked.parse(await callByHand(ada, wanted));
    expect(inputRequests.answer.params.message).toContain("Approve pay?");
    const answer = { requestState, inputResponses: approve };
    const refused = [
      await callByHand(bob, { ...wanted, ...answer }),
      await callByHand(ada, { ...wanted, ...answer, arguments: { message: "pay more" } }),
      await callByHand(ada, {
        ...wanted,
        ...answer,
        name: "thread_status",
        arguments: { threadId: "thr_x" },
      }),
      await callByHand(ada, { ...wanted, inputResponses: approve }),
      await callByHand(ada, { ...wanted, inputResponses: approve, requestState: "made up" }),
      await callByHand(ada, { ...wanted, inputResponses: approve, requestState: `${requestState}.` }),
    ];
    for (const result of refused) {
      expect(result).toMatchObject({ isError: true });
      expect(textOf(result)).toContain("Nothing was done");
    }
    expect([ran, (await runtime.list()).threads.length]).toEqual([[], 1]);
    expect(
      output.parse((await callByHand(ada, { ...wanted, ...answer }))["structuredContent"]),
    ).toMatchObject({
      status: "finished",
    });
    expect(await callByHand(ada, { ...wanted, ...answer })).toMatchObject({ isError: true });
    expect(ran).toEqual([42]);
    // After a day nobody remembers what was asked.
    const other = mcp([pay(1)]);
    const eve = await other.connect(other.keys.ada, manually);
    const late = asked.parse(await callByHand(eve, wanted));
    await other.clock.advance(25 * 3_600_000);
    expect(
      await callByHand(eve, { ...wanted, requestState: late.requestState, inputResponses: approve }),
    ).toMatchObject({ isError: true });
    expect(clock.now()).toBeLessThan(other.clock.now());
  });

  it("a stale card, a lost race and a form that was never shown decide nothing", async () => {
    const { connect, keys, ran, runtime, call } = mcp([pay(42), pay(43), done()]);
    const client = await connect(keys.ada, manually);
    const wanted = { name: "payer", arguments: { message: "pay" } };
    const first = asked.parse(await callByHand(client, wanted));
    for (const content of [{ decision: "approved" }, { decision: ["approve"] }, "approve", null, {}]) {
      const again = asked.parse(
        await callByHand(client, { name: "thread_status", arguments: await idOf(runtime) }),
      );
      const result = await callByHand(client, {
        name: "thread_status",
        arguments: await idOf(runtime),
        requestState: again.requestState,
        inputResponses: { answer: { action: "accept", content } },
      });
      expect(result["isError"] ?? asked.safeParse(result).success).toBe(true);
    }
    expect(ran).toEqual([]);
    // A newer message of the requester: the card that was shown is not the one that is pending.
    const { threadId } = await idOf(runtime);
    await call(`/threads/${threadId}/messages`, { body: { text: "less!" } });
    const stale = await callByHand(client, {
      ...wanted,
      requestState: first.requestState,
      inputResponses: approve,
    });
    expect(stale).toMatchObject({ isError: true });
    expect(ran).toEqual([]);
    // Two surfaces: whoever is first decides.
    const second = asked.parse(await callByHand(client, { name: "thread_status", arguments: { threadId } }));
    const [{ requestId, approval }] = (await call("/requests")).body.requests;
    const denied = { decision: { kind: "denied", feedback: "no" }, digest: approval.digest };
    await call(`/requests/${requestId}/response`, { body: denied, as: keys.bob });
    const lost = await callByHand(client, {
      name: "thread_status",
      arguments: { threadId },
      requestState: second.requestState,
      inputResponses: approve,
    });
    expect(lost).toMatchObject({ isError: true });
    expect(ran).toEqual([]);
  });

  it("a client that goes away in the middle finds the thread where it is, and nothing is done twice", async () => {
    const payment = Promise.withResolvers<void>();
    const { connect, keys, ran, runtime } = mcp([pay(42), done("<script>\u202e")], {
      paying: payment.promise,
    });
    const gone = new AbortController();
    const client = await connect(keys.ada, manually);
    const lies = { from: { channel: "web", id: "bob" }, principal: "web:bob" };
    const params = { name: "payer", arguments: { message: "pay", ...lies }, _meta: { user: "web:bob" } };
    const call = client.request({ method: "tools/call", params }, z.looseObject({}), { signal: gone.signal });
    await expect.poll(async () => (await runtime.list()).threads.length).toBe(1);
    gone.abort();
    await expect(call).rejects.toThrow();
    await client.close();
    const again = await connect(keys.ada, manually);
    const status = again.callTool({ name: "thread_status", arguments: await idOf(runtime) });
    payment.resolve();
    expect(output.parse((await status).structuredContent)).toMatchObject({ status: "finished" });
    expect([ran, (await runtime.list()).threads.length]).toEqual([[42], 1]);
    const { threadId } = await idOf(runtime);
    const { events } = await runtime.get(threadId);
    expect(events[1]).toMatchObject({ data: { from: { channel: "web", id: "ada" } } });
  });

  it("scopes hold: who may not launch, or answer, does not", async () => {
    const { connect, keys, runtime, send, app } = mcp([pay(42)]);
    const reader = await connect(keys.reader, manually);
    const refused = await callByHand(reader, { name: "payer", arguments: { message: "pay" } });
    expect([refused["isError"], textOf(refused)]).toEqual([true, "this needs the scope launch"]);
    expect((await runtime.list()).threads).toEqual([]);
    const ada = await connect(keys.ada, manually);
    await callByHand(ada, { name: "payer", arguments: { message: "pay" } });
    const looked = await callByHand(reader, { name: "thread_status", arguments: await idOf(runtime) });
    expect(output.parse(looked["structuredContent"]).status).toBe("awaiting_approval");
    const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    expect((await send("/mcp", { body, as: "" })).status).toBe(401);
    const headers = { authorization: `Bearer ${keys.ada}`, "content-type": "application/json" };
    expect((await app.request("/mcp", { method: "POST", headers, body: "{" })).status).toBe(400);
  });

  it("arguments are checked, and a thread that is not there is named", async () => {
    const { connect, keys, runtime } = mcp([]);
    const client = await connect(keys.ada, manually);
    for (const [name, args] of [
      ["payer", {}],
      ["payer", { message: 5 }],
      ["payer", { message: "" }],
      ["thread_status", { threadId: "../../etc" }],
      ["thread_message", { threadId: "thr_4q8n0v1m2k3j5h6g7f8d", message: "hi" }],
    ] as const) {
      const result = await callByHand(client, { name, arguments: args }).catch((error) => ({
        isError: String(error),
      }));
      expect(result["isError"], name).toBeTruthy();
    }
    expect((await runtime.list()).threads).toEqual([]);
  });

  it("over standard input the caller is the program: it answers only what is put to it by name, and approves nothing", async () => {
    const account = verifiedBy("mcp", "ada");
    const { mayAnswer, principal } = programCaller(account);
    const requestOf = async (script: readonly PayStep[], to?: readonly string[]) => {
      const { runtime } = mcp(script, to === undefined ? {} : { to });
      const { threadId } = await runtime.launch({ agent: "payer", input: { message: "go", from: account } });
      return pendingRequest(await runtime.settled(threadId)) ?? never();
    };
    const ask = { intent: "ask", question: "Which?" } as const;
    expect(principal).toEqual({ channel: "mcp", id: "ada" });
    expect(mayAnswer?.(await requestOf([ask], ["mcp:ada"]))).toBe(true);
    expect(mayAnswer?.(await requestOf([ask], ["mcp:bob", "*:ada"]))).toBe(false);
    expect(mayAnswer?.(await requestOf([ask]))).toBe(false);
    expect(mayAnswer?.(await requestOf([pay(1)]))).toBe(false);
  });
});

async function idOf(runtime: ReturnType<typeof createRuntime>) {
  const [thread] = (await runtime.list()).threads;
  return { threadId: thread?.threadId ?? never() };
}

function never(): never {
  throw new Error("nothing is there");
}
