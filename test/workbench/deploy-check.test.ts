import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { StorageError } from "../../src/base/errors.ts";
import { deployCheckCommand } from "../../src/cli/commands/deploy-check.ts";
import { createSession } from "../../src/cli/session.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { type Agent, createMemoryStore, createRuntime } from "../../src/index.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { agentAt } from "../../src/workbench/revision.ts";
import { copyOfFile } from "../upgrade/release.ts";
import { testSession } from "./test-session.ts";

const store = createMemoryStore();
const folder = mkdtempSync(join(tmpdir(), "twelvefold-deploy-"));
const NO_GIT = mkdtempSync(join(tmpdir(), "twelvefold-nogit-"));
const files = getBamlFiles();
const ids: string[] = [];

const edit = (from: string, to: string, agent: Agent = calculator): Agent => {
  const text = files["calculator.baml"] ?? "";
  if (!text.includes(from)) throw new Error(`the calculator's prompt has no ${from}`);
  const edited = { ...files, "calculator.baml": text.replaceAll(from, to) };
  return agentAt(agent, { name: "edited", files: edited });
};

beforeAll(async () => {
  const offline = await startOfflineModel();
  const model = localModel(OFFLINE_MODEL_NAME, offline.url);
  const runtime = createRuntime({ agents: [{ ...calculator, version: "1" }], store, model });
  // The first waits for an approval, the second for an answer; the third has ended.
  for (const message of ["divide 12 by 4", "hello", "add 1 and 2"]) {
    const input = { message, from: verifiedBy("terminal", "ada") };
    const { threadId } = await runtime.launch({ agent: "calculator", input });
    const { state } = await runtime.settled(threadId);
    ids.push(threadId);
    expect(state.ended?.kind).toBe(message.startsWith("add") ? "finished" : undefined);
  }
  await runtime.stop();
  await offline.close();
  cpSync("baml_src", join(folder, "baml_src"), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]);
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "prompts");
});

afterAll(() => store.close());

type Options = Parameters<typeof deployCheckCommand>[1];

/** What the command says for these agents as JSON, with its exit code. */
async function check(agents: readonly Agent[], options: Options = {}, where = folder) {
  const { session, said } = testSession(where, { agents, store, json: true });
  const code = await deployCheckCommand(session, options);
  return { code, ...JSON.parse(said[0] ?? "") };
}

/** Its lines. */
async function read(agents: readonly Agent[], options: Options = {}, where = folder) {
  const { session, said } = testSession(where, { agents, store });
  await deployCheckCommand(session, options);
  return said;
}

const findings = (
  { threads }: { threads: { threadId: string; findings: { kind: string }[] }[] },
  id = ids[0],
) => threads.find(({ threadId }) => threadId === id)?.findings ?? [];

describe("F2.20 what a deploy would change for the threads that are open", { tags: "F2.20" }, () => {
  it("nothing, while nothing has changed", async () => {
    const { code, threads, open } = await check([calculator], { strict: true }, NO_GIT);
    expect([code, threads, open]).toEqual([0, [], 2]);
    expect(await read([calculator], {}, NO_GIT)).toEqual([
      "2 open threads: 2 go on as they are, 0 are asked about in other words, 0 wait for a person first, 0 cannot go on",
      "Safe to deploy.",
    ]);
  });

  it.each([undefined, "HEAD"])(
    "an edited prompt: what was shown for approval lapses, and the model is asked in other words (against %s)",
    async (against) => {
      const edited = edit("You are a calculator that works step by step.", "You are a slow calculator.");
      const found = await check([edited], { against, strict: true });
      expect(findings(found)).toMatchObject([
        { effect: "asks", kind: "approval_lapses", intent: "divide", because: "prompt" },
        { effect: "differs", kind: "request_differs", change: { tokens: expect.any(Number) } },
      ]);
      expect(findings(found, ids[1]).map(({ kind }) => kind)).toEqual(["request_differs"]);
      expect([found.safe, found.code]).toEqual([false, 1]);
      const said = await read([edited], { against });
      expect(said).toContain(
        "  the approval of divide would lapse, and be asked for again: the prompt or its types have changed",
      );
      expect(said).toContain("    +You are a slow calculator.");
      expect(said.at(-1)).toBe("Safe to deploy.");
    },
  );

  it("a rule or a tool that has changed lapses approvals; of neither the model is told", async () => {
    const step = calculator.steps.get("divide");
    if (step?.kind !== "tool") throw new Error("divide is a tool");
    const check1 = async (options: object, where = NO_GIT) => {
      const changed = { ...step, options: { ...step.options, ...options } };
      const steps = new Map([...calculator.steps, ["divide", changed] as const]);
      const { code, ...found } = await check([{ ...calculator, steps }], {}, where);
      return [code, ...findings(found)];
    };
    expect(await check1({ version: "2" }, folder)).toMatchObject([0, { because: "tool" }]);
    expect(await check1({ version: "2" })).toMatchObject([0, { because: "tool_or_prompt" }]);
    expect(await check1({ approval: { needed: 2 } })).toMatchObject([0, { because: "policy" }]);
  });

  it("prompts that no commit holds: that the tool has changed is not claimed", async () => {
    const offline = await startOfflineModel();
    const own = createMemoryStore();
    const agents = [edit("step by step", "slowly")];
    const runtime = createRuntime({ agents, store: own, model: localModel(OFFLINE_MODEL_NAME, offline.url) });
    const input = { message: "divide 12 by 4", from: verifiedBy("terminal", "ada") };
    const { threadId } = await runtime.launch({ agent: "calculator", input });
    await runtime.settled(threadId);
    await runtime.stop();
    await offline.close();
    const { session, said } = testSession(folder, { agents: [calculator], store: own, json: true });
    await deployCheckCommand(session, {});
    expect(findings(JSON.parse(said[0] ?? ""), threadId)).toMatchObject([
      { kind: "approval_lapses", because: "tool_or_prompt" },
      { kind: "request_differs" },
    ]);
  });

  it("threads that cannot go on fail the check: agent gone, step gone, step that fits no more, events that cannot be read", async () => {
    const none = await check([], {}, NO_GIT);
    expect([none.code, findings(none)]).toEqual([
      1,
      [{ effect: "breaks", kind: "agent_gone", agent: "calculator" }],
    ]);
    const steps = new Map([...calculator.steps].filter(([intent]) => intent !== "divide"));
    expect(findings(await check([{ ...calculator, steps }], {}, NO_GIT))[0]).toMatchObject({
      kind: "intent_gone",
    });
    const shares = [edit('intent "divide"', 'intent "share"')];
    const unfit = await check(shares, {}, NO_GIT);
    expect([unfit.code, findings(unfit)[0]]).toMatchObject([1, { kind: "step_unfit", intent: "divide" }]);
    expect((await read(shares, {}, NO_GIT)).at(-1)).toBe("Not safe to deploy.");

    const broken = {
      ...store,
      read: async () => {
        throw new StorageError("storage_corrupt", "event 3 is no JSON");
      },
    };
    const { session, said } = testSession(NO_GIT, { agents: [calculator], store: broken });
    expect(await deployCheckCommand(session, {})).toBe(1);
    expect(said).toContain("  would not load: event 3 is no JSON");
  });

  it("an agent that refuses threads of another version keeps them waiting for a person", {
    tags: "F6.14",
  }, async () => {
    const refuses: Agent[] = [{ ...calculator, version: "2", onVersionChange: "refuse" }];
    const found = await check(refuses, {}, NO_GIT);
    expect(findings(found, ids[1])).toEqual([
      { effect: "asks", kind: "version_refused", from: "1", to: "2" },
    ]);
    expect(found.code).toBe(0);
    expect(await read(refuses, {}, NO_GIT)).toContain(
      '  would wait for a person: the agent has version "2" and refuses threads of version "1"',
    );
  });

  it("wrong names are told apart from nothing to do", async () => {
    await expect(check([calculator], { agent: "calculater" })).rejects.toThrow("there is no agent");
    await expect(check([calculator], { against: "no-such" })).rejects.toThrow("there is no revision");
  });

  it("a file of an earlier release stays as it is", async () => {
    const file = await copyOfFile();
    const before = readFileSync(file);
    const said: string[] = [];
    const terminal = {
      interactive: false,
      colors: false,
      out: (text: string) => said.push(text),
      err: () => {},
      ask: async () => undefined,
    };
    const env = { TWELVEFOLD_STORE: file };
    const { session, close } = createSession({ terminal, env, folder, json: true });
    const own = { ...session, config: async () => ({ agents: [] }), requireFreshClient: async () => {} };
    expect(await deployCheckCommand(own, {})).toBe(1);
    await close();
    expect(JSON.parse(said[0] ?? "").open).toBeGreaterThan(3);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
