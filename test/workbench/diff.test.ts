import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import type { Agent } from "../../src/agent/agent.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { diffLines } from "../../src/base/line-diff.ts";
import { collect } from "../../src/cli/commands/collect.ts";
import { deployCheckCommand } from "../../src/cli/commands/deploy-check.ts";
import { diff } from "../../src/cli/commands/diff.ts";
import { judge } from "../../src/cli/commands/judge.ts";
import { redecideCommand } from "../../src/cli/commands/redecide.ts";
import { reparseCommand } from "../../src/cli/commands/reparse.ts";
import { testFrom } from "../../src/cli/commands/test-from.ts";
import { recordedModels } from "../../src/cli/recorded-models.ts";
import { createSession, type Session } from "../../src/cli/session.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createMemoryStore, createRuntime, defineAgent, type ThreadStore, tool } from "../../src/index.ts";
import { startScriptedModel } from "../../src/model/index.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { BY_ITS_END } from "../../src/prompts/gate/answer.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import type { Answer } from "../../src/prompts/types.ts";
import { agreement, redecide } from "../../src/workbench/regression/redecide.ts";
import { reparse } from "../../src/workbench/regression/reparse.ts";
import { lastDecisions } from "../../src/workbench/regression/stored-decisions.ts";
import { agentAt } from "../../src/workbench/revision.ts";
import { testSession } from "./test-session.ts";

const store = createMemoryStore();
const folder = mkdtempSync(join(tmpdir(), "twelvefold-diff-"));
const files = getBamlFiles();
const edit = (from: string, to: string) => {
  const text = files["calculator.baml"] ?? "";
  if (!text.includes(from)) throw new Error(`the calculator's prompt has no ${from}`);
  return agentAt(calculator, {
    name: "edited",
    files: { ...files, "calculator.baml": text.replace(from, to) },
  });
};
let decisions = 0;

beforeAll(async () => {
  const offline = await startOfflineModel();
  const runtime = createRuntime({
    agents: [calculator],
    store,
    model: localModel(OFFLINE_MODEL_NAME, offline.url),
  });
  for (const message of ["multiply 3 and 4, then add 5", "add 1 and 2"]) {
    const input = { message, from: verifiedBy("terminal", "ada") };
    const { threadId } = await runtime.launch({ agent: "calculator", input });
    await runtime.settled(threadId);
  }
  await runtime.stop();
  await offline.close();
  for await (const _ of lastDecisions(store, { last: 100, agents: [calculator] })) decisions += 1;
  cpSync("baml_src", join(folder, "baml_src"), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]);
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "prompts");
});

afterAll(() => store.close());

const NO_GIT = mkdtempSync(join(tmpdir(), "twelvefold-nogit-"));

describe("F2.13 which decisions would get another request", { tags: "F2.13" }, () => {
  it("none, while nothing has changed: each is byte for byte what was sent", async () => {
    const { session, said } = testSession(NO_GIT, { agents: [calculator], store });
    expect(await diff(session, { last: 100, exitCode: true })).toBe(0);
    expect(decisions).toBeGreaterThan(3);
    expect(said).toEqual([`0 of ${decisions} stored decisions would get another request`]);
  });

  it("an edited line changes all: by how many tokens, where the prefix breaks, and the line itself, shown once", async () => {
    const edited = edit(
      "You are a calculator that works step by step.",
      "You are a slow calculator.\n    Mind the signs.",
    );
    const { session, said } = testSession(folder, { agents: [edited], store });
    expect(await diff(session, { last: 100 })).toBe(0);
    expect(said.at(-1)).toBe(`${decisions} of ${decisions} stored decisions would get another request`);
    expect(said.filter((line) => line === "-You are a calculator that works step by step.")).toHaveLength(1);
    expect(said.filter((line) => line === "+Mind the signs.")).toHaveLength(1);
    expect(said[0]).toMatch(
      /[+−]\d+ tokens, the first \d+ stay the same \(estimated\), up to: You are a slow calculator\.$/,
    );
    expect(await diff(session, { last: 100, exitCode: true })).toBe(1);
    const json = testSession(folder, { agents: [edited], store, json: true });
    await diff(json.session, { last: 2 });
    expect(JSON.parse(json.said[0] ?? "")).toMatchObject({
      compared: 2,
      changed: [{ diff: { kind: "changed" } }, {}],
    });
  });

  it("without a commit that made the request, it says only that it changed", async () => {
    const { session, said } = testSession(NO_GIT, { agents: [edit("step by step", "slowly")], store });
    expect(await diff(session, { last: 1 })).toBe(0);
    expect(said[0]).toContain("changed; what was sent cannot be made again");
  });

  it("--against compares with the prompts of a revision; without git it is a usage error", async () => {
    const { session, said } = testSession(folder, { agents: [calculator], store });
    expect(await diff(session, { last: 100, against: "HEAD", exitCode: true })).toBe(0);
    expect(said).toEqual([`0 of ${decisions} stored decisions would get another request`]);
    await expect(diff(session, { last: 1, agent: "calculater" })).rejects.toThrow("there is no agent");
    await expect(diff(session, { last: 1, against: "no-such" })).rejects.toThrow("there is no revision");
    await expect(
      diff(testSession(NO_GIT, { agents: [calculator], store }).session, { last: 1, against: "HEAD" }),
    ).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("not in a git repository"),
    });
  });

  it("requests of any recorded client can be built again without its key", () => {
    const modelOf = recordedModels({});
    for (const name of [
      "openai/gpt-5-mini",
      "anthropic/claude-sonnet-4-5",
      "ollama/qwen3",
      OFFLINE_MODEL_NAME,
    ]) {
      expect(modelOf(name)?.clients.map((one) => one.name)).toEqual([name]);
    }
    expect(modelOf("MyOwnClient")).toBeUndefined();
  });

  it("a diff of lines turns one text into the other", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
      .map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after, 1000);
        const side = (mark: string) =>
          lines.filter((line) => line.startsWith(mark) || line.startsWith(" ")).map((line) => line.slice(1));
        if (before === after) expect(lines).toEqual(["…"]);
        else expect([side("-").join("\n"), side("+").join("\n")]).toEqual([before, after]);
      }),
    );
  });
});

describe("F2.14 stored answers under the types of now", { tags: "F2.14" }, () => {
  it("the same types read the same", async () => {
    const { session, said } = testSession(NO_GIT, { agents: [calculator], store });
    expect(await reparseCommand(session, { last: 1000 })).toBe(0);
    expect(said).toEqual([`${decisions} stored answers read anew: 0 differ`]);
  });

  it("a type that no longer fits refuses, one that fits otherwise changes, and both fail the check", async () => {
    const gone = testSession(NO_GIT, { agents: [edit('intent "multiply"', 'intent "times"')], store });
    expect(await reparseCommand(gone.session, { last: 1000 })).toBe(1);
    expect(gone.said[0]).toMatch(/^thr_\w+ event \d+ {2}calculator {2}(is refused now|intent: )/);
    const text = 'class AddTool {\n  intent "add"\n  a int | float';
    const other = testSession(NO_GIT, {
      agents: [edit(text, text.replace("int | float", "string"))],
      store,
      json: true,
    });
    expect(await reparseCommand(other.session, { last: 1000 })).toBe(1);
    const { passed, differ } = JSON.parse(other.said[0] ?? "");
    expect(passed).toBe(false);
    expect(differ[0]).toMatchObject({ outcome: { kind: "changed", fields: { a: [1, "1"] } } });
  });
});

describe("F2.15 decisions made anew", { tags: "F2.15" }, () => {
  const options = { last: 100, concurrency: 2 };
  const env = { TWELVEFOLD_MODEL: "offline" };
  const threads = async () => JSON.stringify(await store.list({}));

  it("the same model and prompts agree, and no thread changes", async () => {
    const before = await threads();
    const { session, said } = testSession(NO_GIT, { agents: [calculator], store, env });
    expect(await redecideCommand(session, { ...options, minAgreement: 100 })).toBe(0);
    expect(said).toEqual([
      expect.stringMatching(`^${decisions} decisions made anew: 100 % .* agree, 100 % .* intent$`),
    ]);
    expect(await threads()).toBe(before);
  });

  it("keeps to a limit of requests a minute: calls wait for their turn, and can be interrupted there", async () => {
    const held = await startScriptedModel(['{"intent":"add","a":1,"b":3}', '{"intent":"add","a":1,"b":3}']);
    const own = { OPENAI_API_KEY: "sk-test-0123456789", OPENAI_BASE_URL: held.url };
    const { session, problems } = testSession(mkdtempSync(join(tmpdir(), "twelvefold-held-")), {
      agents: [calculator],
      store,
      env: own,
    });
    const running = redecideCommand(session, { ...options, client: "openai/held", perMinute: 1 });
    await expect.poll(() => problems.some((line) => line.includes("calls wait for their turn"))).toBe(true);
    await expect.poll(() => held.requests.length).toBe(1);
    process.emit("SIGINT");
    expect(await running).toBe(130);
    expect(held.requests).toHaveLength(1);
    await held.close();
  });

  it("another model's steps are compared field by field; a gate fails; kept answers are not asked for again", async () => {
    const other = await startScriptedModel(
      Array.from({ length: decisions }, () => '{"intent":"add","a":1,"b":3}'),
    );
    const own = {
      OPENAI_API_KEY: "sk-test-0123456789",
      OPENAI_BASE_URL: other.url,
      TWELVEFOLD_ATTEMPTS: "1",
    };
    const run = async (extra: object) => {
      const { session, said } = testSession(folder, { agents: [calculator], store, env: own, json: true });
      const code = await redecideCommand(session, { ...options, client: "openai/other", ...extra });
      return { code, ...JSON.parse(said[0] ?? "") };
    };
    const first = await run({ minAgreement: 50 });
    expect(first.code).toBe(1);
    expect(first.agreement.steps.rate).toBe(0);
    const differs = first.decisions.find((one: { intent: string }) => one.intent === "add");
    expect(differs.outcome).toMatchObject({ kind: "differs", fields: { b: [expect.any(Number), 3] } });
    // The model has no more answers: these are kept.
    await other.close();
    const again = await run({ ignore: ["a", "b"] });
    expect(again.code).toBe(0);
    expect(again.agreement.steps.rate).toBeGreaterThan(0);
    expect(again.decisions.every((one: { cached: boolean }) => one.cached)).toBe(true);
    // Nor do they count towards a limit: one call a minute would take all day.
    expect((await run({ perMinute: 1 })).agreement.steps.samples).toBe(again.agreement.steps.samples);
    await expect(run({ perMinute: 0 })).rejects.toThrow("--per-minute");
    // What cannot be asked fails the run.
    expect((await run({ fresh: true, last: 1 })).code).toBe(1);
  });
});

type Pay = { intent: "pay"; amount: number; reasoning?: string };

/** A list of steps, as a prompt that returns one answers. */
function listAgent(answers: readonly (readonly Pay[])[], parse: (raw: string) => unknown = JSON.parse) {
  let asked = 0;
  const exact = { grade: "exact", reasons: [] } as const;
  const read = (raw: string): Answer<readonly Pay[]> => {
    const completion = { raw, client: "c", usage: null, durationMs: 0, requestDigest: "" };
    const value = parse(raw);
    if (value === undefined) return { ok: false, reason: "no_match", message: "no steps", completion };
    return { ok: true, value: value as Pay[], fidelity: exact, more: [], completion };
  };
  return defineAgent<[string], Pay>(
    {
      name: "NextSteps",
      version: "1",
      call: async () => read(JSON.stringify(answers[asked++] ?? [])),
      request: () => Promise.reject(new Error("not asked")),
      parse: read,
    },
    {
      name: "payer",
      severalSteps: "in_order",
      steps: { pay: tool(() => "paid", { approval: "always", version: "1" }) },
    },
  );
}

async function paid(agent: Agent, kept = createMemoryStore()) {
  const runtime = createRuntime({ agents: [agent], store: kept });
  const input = { message: "pay", from: verifiedBy("terminal", "ada") };
  const { threadId } = await runtime.launch({ agent: "payer", input });
  await runtime.settled(threadId);
  await runtime.stop();
  return { kept, threadId };
}

describe("answers with several steps", { tags: ["F2.14", "F2.15"] }, () => {
  const [one, two, three] = [1, 2, 3].map((amount): Pay => ({ intent: "pay", amount }));
  if (one === undefined || two === undefined || three === undefined) throw new Error("no steps");

  it("are read anew whole: a later step that changes, goes or comes is told", async () => {
    const { kept } = await paid(listAgent([[one, two]]));
    const outcome = async (parse?: (raw: string) => unknown) => {
      const { session, said } = testSession(NO_GIT, {
        agents: [listAgent([], parse)],
        store: kept,
        json: true,
      });
      const code = await reparseCommand(session, { last: 10 });
      return [code, JSON.parse(said[0] ?? "").differ[0]?.outcome.fields];
    };
    expect(await outcome()).toEqual([0, undefined]);
    expect(await outcome(() => [one, three])).toEqual([1, { "step 2 amount": [2, 3] }]);
    expect(await outcome(() => [one])).toEqual([1, { "step 2": [two, null] }]);
    expect(await outcome(() => [one, two, three])).toEqual([1, { "step 3": [null, three] }]);
  });

  it("are decided anew whole: to agree, all steps must", async () => {
    const { kept } = await paid(listAgent([[one, two]]));
    const { event, ...decision } = await (async () => {
      for await (const found of lastDecisions(kept, { last: 1, agents: [listAgent([])] })) return found;
      throw new Error("no decision");
    })();
    const anew = async (answer: readonly Pay[]) => {
      const found = await redecide({ ...decision, event, own: listAgent([answer]) }, {});
      if (found === undefined) throw new Error("nothing was asked");
      const { intents, steps } = agreement([found]);
      return [steps.passed, intents.passed, "fields" in found.outcome ? found.outcome.fields : undefined];
    };
    expect(await anew([one, two])).toEqual([1, 1, undefined]);
    expect(await anew([one, three])).toEqual([0, 1, { "step 2 amount": [2, 3] }]);
    // Reasons are worded anew each time.
    expect(await anew([{ ...one, reasoning: "Bob waits." }, two])).toEqual([1, 1, undefined]);
    expect(await anew([one])).toEqual([0, 0, { "step 2": [two, null] }]);
    const ignoring = await redecide(
      { ...decision, event, own: listAgent([[one, three]]) },
      { ignore: ["amount"] },
    );
    expect(ignoring?.outcome.kind).toBe("agrees");
  });

  it("what was refused for its text, and is read now, is told; what a provider cut off is not", async () => {
    const { kept } = await paid(listAgent([[one]], () => undefined));
    const read = async (agents: readonly Agent[], from: ThreadStore) => {
      const { session, said } = testSession(NO_GIT, { agents, store: from });
      return [await reparseCommand(session, { last: 10 }), said.join("\n")];
    };
    const [code, told] = await read([listAgent([])], kept);
    expect(code).toBe(0);
    expect(told).toContain('was refused, and is read now: {"intent":"pay","amount":1}');
    const ended = BY_ITS_END.map((message) =>
      reparse({
        own: listAgent([]),
        steps: [],
        completion: { raw: JSON.stringify([one]) },
        event: { type: "step_refused", data: { reason: "unparseable", message } },
      } as never),
    );
    expect(ended).toEqual([{ kind: "same" }, { kind: "same" }]);
  });
});

describe("where there is nothing to look at", { tags: ["F2.13", "F2.14", "F2.15", "F2.19", "F2.20"] }, () => {
  const COMMANDS: Record<string, (session: Session) => Promise<number>> = {
    diff: (session) => diff(session, { last: 10 }),
    reparse: (session) => reparseCommand(session, { last: 10 }),
    redecide: (session) => redecideCommand(session, { last: 10, concurrency: 1, minAgreement: 90 }),
    judge: (session) => judge(session, "short", { last: 10, sample: 5, seed: 1 }),
    collect: (session) => collect(session, { last: 10, to: "evals/collected.jsonl" }),
    "deploy-check": (session) => deployCheckCommand(session, {}),
    "test-from": (session) => testFrom(session, "last", { to: "baml_src/thread_tests.baml" }),
  };
  const withJudge = ({ session }: { session: Session }, agents: readonly Agent[]): Session => ({
    ...session,
    config: async () => ({ agents: [...agents], evals: { judges: { short: () => true } } }),
  });

  it.each(Object.entries(COMMANDS))("%s says so, and creates no store", async (name, run) => {
    const project = mkdtempSync(join(tmpdir(), "twelvefold-empty-"));
    cpSync("baml_src", join(project, "baml_src"), { recursive: true });
    const agents = [calculator];
    const empty = testSession(project, { agents, store: createMemoryStore() });
    const told = run(withJudge(empty, agents));
    if (name === "collect") {
      expect([await told, empty.said]).toEqual([0, ["0 corrections collected"]]);
    } else if (name === "deploy-check") {
      expect([await told, empty.said]).toEqual([0, ["No thread is open.", "Safe to deploy."]]);
    } else {
      await expect(told).rejects.toMatchObject({
        code: "not_found",
        message: expect.stringMatching(/^(the store holds no decision of a model|there are no threads)$/),
      });
    }
    // Threads of agents that are not there.
    const { kept } = await paid(listAgent([[{ intent: "pay", amount: 1 }]]));
    const other = testSession(project, { agents, store: kept });
    const code = await run(withJudge(other, agents)).catch((error: Error) => error.message);
    const all = [code, ...other.said, ...other.problems].join("\n");
    expect(all).toMatch(name === "deploy-check" ? /there is no agent "payer"/ : /payer/);
    // A file that is not there.
    const lines: string[] = [];
    const terminal = {
      interactive: false,
      colors: false,
      out: (text: string) => lines.push(text),
      err: (text: string) => lines.push(text),
      ask: async () => undefined,
    };
    const env = { TWELVEFOLD_STORE: "nowhere.db" };
    const { session, close } = createSession({ terminal, env, folder: project, json: false });
    const own = { ...withJudge({ session }, agents), requireFreshClient: async () => {} };
    await expect(run(own)).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("there is no store nowhere.db"),
    });
    await close();
    expect(existsSync(join(project, "nowhere.db"))).toBe(false);
  });
});
