import { describe, expect, it } from "vitest";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { follow } from "../../src/cli/follow.ts";
import { createSession } from "../../src/cli/session.ts";
import { describeWay } from "../../src/present/describe-way.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { settled, TOKEN, testInbox } from "../inbox/inbox-server.ts";
import { familyMember } from "../runtime/family-agents.ts";
import { approvalOf, bob, testRuntime } from "../runtime/harness.ts";
import { afterwards, serve } from "./serve.ts";

/** The boss hands work to the helper, who hands it to the payer, who wants to pay twice: each needs an approval. */
function payingFamily() {
  const options = { payApproval: "always" } as const;
  const done = { intent: "done", message: "ok" } as const;
  const payer = familyMember(
    "payer",
    [{ intent: "pay", amount: 4_217 }, { intent: "pay", amount: 9 }, done],
    options,
  );
  const helper = familyMember("helper", [{ intent: "hand", task: "pay", to: "payer" }, done]);
  const boss = familyMember("boss", [{ intent: "hand", task: "pay" }, done]);
  return { agents: [boss.agent, helper.agent, payer.agent], ran: payer.ran };
}

const amounts = (ran: readonly string[]) => ran.map((one) => Number(one.split(" ")[1]));

/** The thread at the bottom, once it asks. */
async function asking(runtime: Runtime, threadId: ThreadId) {
  const [request] = await runtime.requestsBelow(await runtime.settled(threadId));
  if (request === undefined) throw new Error("nothing is asked below");
  return request;
}

describe("what a thread below asks", { tags: "F10.4" }, () => {
  it("stands in the API with its arguments and the way down, and an answer decides exactly that call", async () => {
    const { agents, ran } = payingFamily();
    const { call, runtime, keys } = serve({ agents });
    const launched = await call("/threads", { body: { agent: "boss", message: "go" } });
    const threadId: ThreadId = launched.body.threadId;
    const { id, threadId: bottom } = await asking(runtime, threadId);
    const { body: list } = await call("/requests", { as: keys.bob });
    expect(list.requests).toMatchObject([
      {
        requestId: id,
        approval: { card: { intent: "pay", arguments: { amount: 4_217 } } },
        path: [{ agent: "boss", threadId }, { agent: "helper" }],
      },
    ]);
    expect((await call(`/threads/${threadId}`)).body.below).toMatchObject([
      { requestId: id, threadId: bottom },
    ]);
    const { body: one } = await call(`/requests/${id}`, { as: keys.bob });
    const response = { decision: { kind: "approved" }, digest: one.approval.digest };
    // Under an id of the parent it decides nothing.
    const ofParent = requestIdOf(threadId, Number(id.split(".")[1]));
    const wrong = await call(`/requests/${ofParent}/response`, { body: response, as: keys.bob });
    expect([404, 409]).toContain(wrong.status);
    expect(ran).toEqual([]);
    expect((await call(`/requests/${id}/response`, { body: response, as: keys.bob })).status).toBe(202);
    const next = await asking(runtime, threadId);
    expect(next.card?.arguments).toEqual({ amount: 9 });
    expect(amounts(ran)).toEqual([4_217]);
  });

  it("is a page of the inbox, named on the parent's, and its button decides exactly that call", async () => {
    const { agents, ran } = payingFamily();
    const { app, runtime } = testInbox(agents);
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "go", from: bob } });
    const { id, threadId: bottom } = await asking(runtime, threadId);
    const read = async (path: string) => (await (await app.request(path)).text()).replace(/<[^>]*>/g, " ");
    const page = await read(`/inbox/requests/${id}`);
    expect(page).toContain("4217");
    for (const agent of ["boss", "helper", "payer"]) expect(page).toContain(agent);
    expect(await read("/inbox")).toContain("payer");
    const parent = await (await app.request(`/inbox/threads/${threadId}`)).text();
    expect(parent).toContain(`/inbox/requests/${id}`);
    const { digest } = approvalOf(await runtime.get(bottom));
    const answered = await app.request(`/inbox/requests/${id}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrf: TOKEN, digest, decision: "approve" }),
    });
    expect(answered.status).toBe(303);
    await settled(runtime, bottom);
    expect(amounts(ran)).toEqual([4_217]);
    await runtime.stop();
  });

  it("is asked at the terminal where the parent is followed, with the way down", async () => {
    const { agents, ran } = payingFamily();
    const lines: string[] = [];
    const answers = ["", "not this one"];
    const show = (line: string) => void lines.push(line);
    const ask = async (question: string) => {
      lines.push(question);
      return answers.shift();
    };
    const terminal = { interactive: true, colors: false, out: show, err: show, ask };
    const { session, close } = createSession({ terminal, env: {}, folder: ".", json: false });
    afterwards(close);
    const runtime = testRuntime({ agents, store: createMemoryStore() });
    const input = { message: "go", from: session.person };
    const { threadId } = await runtime.launch({ agent: "boss", input });
    expect(await follow(session, runtime, threadId)).toBe(0);
    const way = describeWay(
      [
        { threadId, agent: "boss" },
        { threadId, agent: "helper" },
      ],
      "payer",
    );
    expect(lines.filter((line) => line.includes(way))).toHaveLength(2);
    expect(lines.join("\n")).toContain("4217");
    expect(amounts(ran)).toEqual([4_217]);
    await runtime.stop();
  });
});
