import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Hono } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { type AskHumanStep, type People, pendingRequest, type ToolStep } from "../../src/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { sameText } from "../../src/server/api-key.ts";
import { finish } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "../docs/run-snippets.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = await readFile(join(docs, "inbox.md"), "utf8");

const [refunding, policy, rejecting, asking, mounting] = snippetsOf("docs/inbox.md", {
  ...DOOR_IMPORTS,
  hono: "hono",
  "hono/cookie": "hono/cookie",
});
type RefundStep = { intent: "refund"; order: string; amount: number };
type ShipStep = { intent: "ship"; tag: string };
type QuestionStep = { intent: "ask"; question: string };
type DeployStep = { intent: "deploy"; tag: string; environment: string };
afterEach(() => void vi.unstubAllGlobals());

describe("docs/inbox.md", () => {
  it("its code lets in who is signed in, and nobody else", { tags: "F11.1" }, async () => {
    const runtime = createRuntime({ agents: [], store: createMemoryStore() });
    const session = { userId: "ada", name: "Ada", csrf: "secret" };
    const find = (cookie: string | undefined) => (cookie === "s1" ? session : undefined);
    declareGlobals({ runtime, sessions: { find, sameText } });
    const { app } = await use<{ app: Hono }>(mounting);
    expect((await app.request("/inbox")).headers.get("location")).toBe("/my-sign-in");
    const inside = await app.request("/inbox", { headers: { cookie: "my_session=s1" } });
    expect(await inside.text()).toContain("Ada");
    await runtime.stop();
  });

  it("its policy asks two people who are not the requester, whatever channel they come by", {
    tags: "F7.8",
  }, async () => {
    const released: string[] = [];
    declareGlobals({
      release: async (tag: string) => {
        released.push(tag);
        return "released";
      },
    });
    const { deploy, people } = await use<{ deploy: ToolStep<DeployStep>; people: People }>(policy);
    const script: (DeployStep | { intent: "done"; message: string })[] = [
      { intent: "deploy", tag: "v1", environment: "test" },
      { intent: "deploy", tag: "v2", environment: "production" },
      { intent: "done", message: "Deployed." },
    ];
    const agent = defineAgent(scriptedSteps(script), {
      name: "deployer",
      steps: { deploy, done: finish(({ message }) => message) },
    });
    const runtime = createRuntime({ agents: [agent], store: createMemoryStore(), people });
    const { threadId } = await runtime.launch({
      agent: "deployer",
      input: { message: "Ship it", from: verifiedBy("terminal", "ada") },
    });
    const { request } = (await runtime.settled(threadId)).state;
    if (request?.type !== "approval") throw new Error("no approval is asked");
    expect(released).toEqual(["v1"]);
    const approve = (channel: string, id: string) =>
      runtime.respond(
        requestIdOf(threadId, request.seq),
        { decision: { kind: "approved" }, digest: request.digest },
        verifiedBy(channel, id),
      );
    await expect(approve("web", "ada")).rejects.toThrow("requested this");
    await expect(approve("slack", "U012AB3CD")).rejects.toThrow("requested this");
    await expect(approve("email", "lead@example.com")).rejects.toThrow("may not decide");
    await approve("web", "bob");
    await expect(approve("web", "bob")).rejects.toThrow("has approved already");
    await approve("web", "carol");
    await runtime.settled(threadId);
    expect(released).toEqual(["v1", "v2"]);
    await runtime.stop();
  });

  it("its steps put on the card what the page says", { tags: "F7.8" }, async () => {
    declareGlobals({ payBack: async () => "paid", release: async () => "released" });
    const { refund } = await use<{ refund: ToolStep<RefundStep> }>(refunding);
    const { ship } = await use<{ ship: ToolStep<ShipStep> }>(rejecting);
    const questions = await use<Record<"askManager" | "askCustomer", AskHumanStep<QuestionStep>>>(asking);
    const requestAbout = async (step: RefundStep | ShipStep | QuestionStep, ask = questions.askManager) => {
      const agent = defineAgent(scriptedSteps([step]), { name: "shop", steps: { refund, ship, ask } });
      const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
      const from = verifiedBy("web", "ann");
      const { threadId } = await runtime.launch({ agent: "shop", input: { message: "hi", from } });
      const request = pendingRequest(await runtime.settled(threadId));
      await runtime.stop();
      return request;
    };
    const card = (await requestAbout({ intent: "refund", order: "A1", amount: 640 }))?.card;
    expect([card?.title, JSON.stringify(card?.reasons)]).toEqual([
      "Refund 640 € · A1",
      expect.stringContaining("it is over 50 €"),
    ]);
    const shipping = await requestAbout({ intent: "ship", tag: "v1" });
    expect(Object.keys(shipping?.card?.rejectOptions ?? {})).toEqual(["wrong_order", "not_now"]);
    const asked = { intent: "ask", question: "Which?" } as const;
    const addressed = [await requestAbout(asked), await requestAbout(asked, questions.askCustomer)];
    expect(addressed.map((request) => request?.to)).toEqual([
      ["web:carol", "email:lead@example.com"],
      ["web:ann"],
    ]);
  });

  it("its pictures are there, and small", { tags: "F11.1" }, async () => {
    const pictures = Array.from(
      page.matchAll(/\]\((images\/[^)]+)\)|srcset="([^"]+)"|src="([^"]+)"/g),
      (found) => join(docs, found[1] ?? found[2] ?? found[3] ?? ""),
    );
    expect(pictures.length).toBeGreaterThanOrEqual(4);
    for (const picture of pictures) {
      expect(existsSync(picture), picture).toBe(true);
      expect((await stat(picture)).size).toBeLessThan(200_000);
    }
  });
});
