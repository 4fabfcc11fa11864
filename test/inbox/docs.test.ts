import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { sameText } from "../../src/server/api-key.ts";
import { finish } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { bareCode, missingImports } from "../docs/shown-code.ts";
import { type DeployStep, inboxExample, policyExample } from "./docs-example.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = await readFile(join(docs, "inbox.md"), "utf8");

describe("docs/inbox.md", () => {
  it("its code imports what it uses", { tags: "F11.1" }, () => {
    expect(missingImports(page, "test/inbox/docs-example.ts")).toEqual([]);
  });

  it("shows the code that is tested here", { tags: "F11.1" }, async () => {
    const example = bareCode(await readFile(join(import.meta.dirname, "docs-example.ts"), "utf8"));
    const blocks = Array.from(page.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);
    expect(blocks.length).toBeGreaterThan(0);
    for (const code of blocks) expect(example).toContain(bareCode(code));
  });

  it("its code lets in who is signed in, and nobody else", { tags: "F11.1" }, async () => {
    const runtime = createRuntime({ agents: [], store: createMemoryStore() });
    const session = { userId: "ada", name: "Ada", csrf: "secret" };
    const app = inboxExample(runtime, {
      find: (cookie) => (cookie === "s1" ? session : undefined),
      sameText,
    });
    expect((await app.request("/inbox")).headers.get("location")).toBe("/my-sign-in");
    const inside = await app.request("/inbox", { headers: { cookie: "my_session=s1" } });
    expect(await inside.text()).toContain("Ada");
    await runtime.stop();
  });

  it("its policy asks two people who are not the requester, whatever channel they come by", {
    tags: "F7.8",
  }, async () => {
    const released: string[] = [];
    const { deploy, people } = policyExample((tag) => {
      released.push(tag);
      return "released";
    });
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
