import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { type ScriptedAnswer, startScriptedModel } from "../../src/model/index.ts";
import { modelClient } from "../../src/prompts/models/providers.ts";
import { localModel, only } from "../../src/prompts/models/select-model.ts";
import { openAnswerCache } from "../../src/workbench/answers/answer-cache.ts";
import { readBaseline, writeBaseline } from "../../src/workbench/evals/baseline.ts";
import { type EvalOptions, evaluate, type Variant } from "../../src/workbench/evals/evaluate.ts";
import { parseDataset } from "../../src/workbench/evals/read-dataset.ts";
import { comparisonInWords } from "../../src/workbench/reports/words.ts";
import { agentAt, readRevision } from "../../src/workbench/revision.ts";

const folder = () => mkdtempSync(join(tmpdir(), "twelvefold-"));
const ADD = '{"intent": "add", "a": 1, "b": 2}';
const DIVIDE = '{"intent": "divide", "a": 1, "b": 2}';
const SET = parseDataset(
  ["one", "two", "three"]
    .map((name) => `- { name: ${name}, message: ${name}, expect: { intent: add } }`)
    .join("\n"),
  { file: "evals/set.yaml", agent: "calculator" },
);

/** What the runs here have in common. */
const COMMON = { datasets: [SET], agents: [calculator], folder: ".", concurrency: 1, now: () => 0 };

/** Runs with a model that answers in this order. */
async function run(
  answers: ScriptedAnswer[],
  options: Partial<EvalOptions> = {},
  variant: Partial<Variant> = {},
) {
  const model = await startScriptedModel(answers);
  try {
    const choice = { ...localModel("local", model.url), retry: { attempts: 1 } };
    const variants = [{ label: "local", client: "local", model: choice, ...variant }];
    return await evaluate({ ...COMMON, variants, ...options });
  } finally {
    await model.close();
  }
}

describe("F2.11 F2.16 evals", { tags: ["F2.11", "F2.16"] }, () => {
  it("count passes, tokens and time of each variant, with interval and pass^k", async () => {
    const { variants, gate } = await run([ADD, DIVIDE, ADD, ADD, DIVIDE, DIVIDE], { samples: 2 });
    const [variant] = variants;
    expect(variant).toMatchObject({ rate: { passed: 3, samples: 6, rate: 0.5 }, errors: 0, cached: 0 });
    expect(variant?.passHatK).toEqual([expect.closeTo(0.5), expect.closeTo(1 / 3)]);
    expect(variant?.rate.low).toBeLessThan(0.2);
    expect(variant?.usage.inputTokens).toBeGreaterThan(100);
    expect(variant?.latency?.median).toBeGreaterThan(0);
    // A case that may fail fails no run.
    expect(gate).toMatchObject({ passed: true, notes: [expect.stringContaining("no baseline")] });
  });

  it("a case that must not fail fails the run, unless it is known to", async () => {
    const [one, two, three] = SET.cases;
    if (one === undefined || two === undefined || three === undefined) throw new Error("three cases");
    const cases = [
      { ...one, severity: "must" as const },
      { ...two, severity: "must" as const, knownFailure: "not yet" },
      { ...three, knownFailure: "not yet" },
    ];
    const { gate } = await run([DIVIDE, DIVIDE, ADD], { datasets: [{ ...SET, cases }] });
    expect(gate.passed).toBe(false);
    expect(gate.reasons).toEqual(["a case that must not fail did: set: one"]);
    expect(gate.notes).toContain("set: three: passes, though it is known to fail");
  });

  it("an answer that could not be had is neither passed nor failed, and fails the run", async () => {
    const { variants, gate } = await run([ADD, { status: 500, message: "down" }, ADD]);
    expect(variants[0]).toMatchObject({ errors: 1, rate: { passed: 2, samples: 2 } });
    expect(gate).toMatchObject({ passed: false, reasons: ["1 answer could not be had"] });
    // A refused key would be refused every time.
    await expect(run([{ status: 401, message: "no" }, ADD, ADD])).rejects.toThrow("refuses the request");
  });

  it("a model that gives no answer at all is not asked about every case", async () => {
    const cases = Array.from(
      { length: 40 },
      (_, index) => `- { message: m${index}, expect: { intent: add } }`,
    );
    const datasets = [parseDataset(cases.join("\n"), { file: "evals/set.yaml", agent: "calculator" })];
    const down = Array.from({ length: 40 }, () => ({ status: 500, message: "out of order" }));
    await expect(run(down, { datasets })).rejects.toThrow(
      "the first 8 answers could not be had: local gives no answer: 500 out of order",
    );
  });

  it("cases that await review do not run", async () => {
    const [one, ...others] = SET.cases;
    if (one === undefined) throw new Error("a case");
    const { variants, gate } = await run([ADD, ADD], {
      datasets: [{ ...SET, cases: [{ ...one, review: true }, ...others] }],
    });
    expect(variants[0]?.cases).toHaveLength(2);
    expect(gate.notes).toContain("1 case awaits review and did not run");
  });

  it("an unknown judge or agent shows before anything is asked", async () => {
    const judged = parseDataset("- { message: x, expect: { judge: kind } }", {
      file: "evals/j.yaml",
      agent: "calculator",
    });
    await expect(run([], { datasets: [judged] })).rejects.toThrow('there is no judge "kind"');
    await expect(run([], { agents: [] })).rejects.toThrow('evals/set.yaml:1: there is no agent "calculator"');
  });

  it("a judge passes, scores and refuses; one that throws gives no verdict", async () => {
    const datasets = [
      parseDataset(["a", "b", "c"].map((name) => `- { message: ${name}, expect: { judge: j } }`).join("\n"), {
        file: "evals/j.yaml",
        agent: "calculator",
      }),
    ];
    const { variants, gate } = await run([ADD, DIVIDE, '{"intent": "subtract", "a": 1, "b": 2}'], {
      datasets,
      judges: {
        j: ({ step, raw }) => {
          if (step.intent === "subtract") throw new Error("the judge is out");
          return {
            pass: step.intent === "add" && raw === ADD,
            score: step.intent === "add" ? 1 : 0.5,
            reason: "because",
          };
        },
      },
    });
    expect(variants[0]).toMatchObject({ score: 0.75, errors: 1, rate: { passed: 1, samples: 2 } });
    expect(variants[0]?.cases.map(({ samples }) => samples[0]?.failures)).toEqual([
      [],
      ["the judge j says no: because"],
      ["no verdict: the judge is out"],
    ]);
    // The answer was had.
    expect(gate).toMatchObject({ passed: false, reasons: ["no verdict on 1 answer"] });
  });

  it("prices give a figure with their date, and an unknown client none", async () => {
    const prices = { asOf: "2026-11-25", clients: { local: { input: 1_000_000, output: 0 } } };
    const known = (await run([ADD, ADD, ADD], { prices })).variants[0];
    expect(known?.money).toEqual({
      amount: known?.usage.inputTokens,
      spent: known?.usage.inputTokens,
      currency: "USD",
      asOf: "2026-11-25",
    });
    const unknown = await run([ADD, ADD, ADD], { prices: { ...prices, clients: {} } });
    expect(unknown.variants[0]?.money).toBeUndefined();
  });

  it("is stopped by its signal", async () => {
    const controller = new AbortController();
    const stopped = run([ADD, ADD, ADD], {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stop")),
    });
    await expect(stopped).rejects.toThrow("stop");
  });
});

describe("F2.16 the baseline", { tags: "F2.16" }, () => {
  const many = parseDataset(
    Array.from(
      { length: 8 },
      (_, index) => `- { name: c${index}, message: m${index}, expect: { intent: add } }`,
    ).join("\n"),
    { file: "evals/set.yaml", agent: "calculator" },
  );
  const answers = (...failing: number[]) =>
    Array.from({ length: 8 }, (_, index) => (failing.includes(index) ? DIVIDE : ADD));

  it("a run fails on a drop that is one, and not on one that may be chance", async () => {
    const path = join(folder(), "evals/baseline.json");
    expect(readBaseline(path)).toBeUndefined();
    const before = await run(answers(7), { datasets: [many] });
    writeBaseline(path, undefined, before.variants, "2026-11-25T10:00:00.000Z");
    const baseline = readBaseline(path);
    expect(
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.includes("digest")),
    ).toHaveLength(8);

    const same = await run(answers(6), { datasets: [many], baseline });
    expect(same.gate).toMatchObject({ passed: true });
    expect(same.variants[0]?.comparisons).toEqual([
      expect.objectContaining({
        with: "baseline",
        verdict: "unclear",
        worseCases: ["set: c6"],
        betterCases: ["set: c7"],
        pairs: 8,
      }),
    ]);
    const worse = await run(answers(0, 1, 2, 3, 4, 7), { datasets: [many], baseline });
    expect(worse.gate.passed).toBe(false);
    expect(worse.gate.reasons).toEqual([
      expect.stringMatching(
        /^62\.5 points below the baseline of 2026-11-25: chance alone in 3\.1 % of runs$/,
      ),
    ]);
  });

  it("scores of judges are compared case by case too, with a bootstrap interval", async () => {
    const path = join(folder(), "baseline.json");
    const datasets = [
      parseDataset(["a", "b", "c"].map((name) => `- { message: ${name}, expect: { judge: j } }`).join("\n"), {
        file: "evals/set.yaml",
        agent: "calculator",
      }),
    ];
    const score = (value: number) => ({ j: () => ({ pass: true, score: value }) });
    const before = await run([ADD, ADD, ADD], { datasets, judges: score(0.9) });
    writeBaseline(path, undefined, before.variants, "2026-11-25T10:00:00.000Z");
    const now = await run([ADD, ADD, ADD], { datasets, judges: score(0.7), baseline: readBaseline(path) });
    const [compared] = now.variants[0]?.comparisons ?? [];
    expect(compared?.score).toEqual({
      pairs: 3,
      mean: expect.closeTo(-0.2),
      low: expect.closeTo(-0.2),
      high: expect.closeTo(-0.2),
    });
    expect(compared === undefined ? "" : comparisonInWords(compared)).toContain(
      "; scores −20.0 points (−20.0 to −20.0)",
    );
    // A judge's number alone fails no run.
    expect(now.gate.passed).toBe(true);
  });

  it("a case that was changed is not compared, another client has its own, other datasets stay", async () => {
    const path = join(folder(), "baseline.json");
    const before = await run(answers(), { datasets: [many] });
    writeBaseline(path, undefined, before.variants, "2026-11-25T10:00:00.000Z");
    const baseline = readBaseline(path);
    const [first, ...rest] = many.cases;
    if (first === undefined) throw new Error("a case");
    const changed = { ...many, cases: [{ ...first, expect: { intent: "divide" } }, ...rest] };
    const now = await run(answers(), { datasets: [changed], baseline });
    expect(now.variants[0]?.comparisons[0]).toMatchObject({ pairs: 7, worse: 0 });
    const other = await run(answers(), { datasets: [many], baseline }, { client: "other" });
    expect(other.variants[0]?.comparisons).toEqual([]);
    const small = await run([ADD, ADD, ADD], { datasets: [{ ...SET, name: "small" }] });
    writeBaseline(path, baseline, small.variants, "2026-11-26T10:00:00.000Z");
    expect(Object.keys(readBaseline(path)?.clients["local"]?.cases ?? {})).toHaveLength(11);
  });

  it("a file that is no baseline is refused by name", () => {
    const path = join(folder(), "baseline.json");
    writeFileSync(path, '{"v": 1, "clients": {"a": {"at": "x", "cases": {"k": {"passed": -1}}}}}');
    expect(() => readBaseline(path)).toThrow(/baseline\.json is no baseline: .*passed/);
    const impossible = { digest: "d", passed: 3, samples: 2 };
    writeFileSync(path, JSON.stringify({ v: 1, clients: { a: { at: "x", cases: { k: impossible } } } }));
    expect(() => readBaseline(path)).toThrow(/3 of 2 samples cannot have passed/);
    writeFileSync(path, "{");
    expect(() => readBaseline(path)).toThrow("is no JSON");
  });
});

describe("F2.18 kept answers", { tags: "F2.18" }, () => {
  /** Runs twice against one server, with the same folder. */
  async function twice(
    answers: ScriptedAnswer[],
    again: { fresh?: boolean; samples?: number; key?: string } = {},
  ) {
    const model = await startScriptedModel(answers);
    const kept = folder();
    const { fresh, samples, key = "none" } = again;
    const options = { model: "m", base_url: model.url, api_key: key };
    const choice = {
      ...only(modelClient("local", { provider: "openai-generic", options })),
      retry: { attempts: 1 },
    };
    const variants = [{ label: "local", client: "local", model: choice }];
    const common = { ...COMMON, variants };
    const first = await evaluate({ ...common, cache: openAnswerCache(kept) });
    const before = model.requests.length;
    const second = await evaluate({ ...common, samples, cache: openAnswerCache(kept, { fresh }) });
    const asked = model.requests.length - before;
    await model.close();
    return { first, second, asked, kept };
  }
  const filesIn = (path: string) =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

  it("the same eval again asks nobody, and says the same", async () => {
    const { first, second, asked } = await twice([ADD, DIVIDE, "I cannot say"]);
    expect(asked).toBe(0);
    expect(second.variants[0]).toMatchObject({
      cached: 3,
      latency: first.variants[0]?.latency,
      usage: first.variants[0]?.usage,
    });
    const failures = ({ variants }: typeof first) =>
      variants[0]?.cases.map(({ samples }) => samples[0]?.failures);
    expect(failures(second)).toEqual(failures(first));
  });

  it("--fresh asks anew, and more samples ask only for those that are missing", async () => {
    expect(await twice([ADD, ADD, ADD, ADD, ADD, ADD], { fresh: true })).toMatchObject({ asked: 3 });
    expect(await twice([ADD, ADD, ADD, ADD, ADD, ADD], { samples: 2 })).toMatchObject({ asked: 3 });
  });

  it("what was cut off or filtered is not kept: its text alone does not say so", async () => {
    const { asked, kept } = await twice([
      ADD,
      { content: DIVIDE, finishReason: "length" },
      { content: "", finishReason: "content_filter" },
      ADD,
      ADD,
    ]);
    expect(asked).toBe(2);
    expect(filesIn(kept)).toHaveLength(3);
  });

  it("a file holds the answer and no secrets, also where a server echoes the key", async () => {
    const key = "sk-a-very-secret-key-0123456789";
    const { asked, kept } = await twice(
      [`{"intent": "request_more_information", "message": "your key is ${key}"}`, ADD, ADD, ADD],
      { key },
    );
    expect(asked).toBe(1);
    for (const text of filesIn(kept)) expect(text).not.toContain(key);
    expect(JSON.parse(filesIn(kept)[0] ?? "")).toMatchObject({ v: 1, client: "local", raw: ADD });
  });

  it("a file that cannot be read counts as not there", async () => {
    const request = await calculator.nextStep.request(
      { id: "thr_x" as never, events: [], state: {} as never },
      { defaultModel: localModel("m", "http://127.0.0.1:1/v1") },
    );
    const kept = folder();
    const cache = openAnswerCache(kept);
    cache.put(request, 0, { client: "c", raw: ADD, usage: null, durationMs: 5 });
    expect(cache.get(request, 0)).toEqual({ client: "c", raw: ADD, usage: null, durationMs: 5 });
    expect(cache.get(request, 1)).toBeUndefined();
    const [name = ""] = readdirSync(kept, { recursive: true })
      .map(String)
      .filter((one) => one.endsWith(".json"));
    for (const text of ["{", "[]", '{"v": 2}', '{"v": 1, "client": "c"}']) {
      writeFileSync(join(kept, name), text);
      expect(cache.get(request, 0)).toBeUndefined();
    }
  });
});

describe("F2.11 prompts of a git revision", { tags: "F2.11" }, () => {
  const git = (path: string, ...args: string[]) =>
    execFileSync("git", ["-C", path, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      encoding: "utf8",
    });
  const SOURCE = (word: string) => `class Add {
  intent "add"
  a int | float
}
client<llm> C { provider "openai-generic" options { base_url env.U model "m" } }
function DetermineNextStep(thread: string) -> Add {
  client C
  prompt #"${word} {{ thread }} {{ ctx.output_format }}"#
}
`;
  const repository = () => {
    const path = folder();
    git(path, "init", "-q");
    mkdirSync(join(path, "app/baml_src/parts"), { recursive: true });
    writeFileSync(join(path, "app/baml_src/parts/agent.baml"), SOURCE("Before."));
    git(path, "add", ".");
    git(path, "commit", "-q", "-m", "one");
    writeFileSync(join(path, "app/baml_src/parts/agent.baml"), SOURCE("After."));
    return path;
  };

  it("are read by git, also below the repository's root, and compiled; nothing is checked out", async () => {
    const path = repository();
    const revision = await readRevision(join(path, "app"), "HEAD");
    expect(Object.keys(revision.files)).toEqual(["parts/agent.baml"]);
    const then = agentAt(calculator, revision);
    const model = localModel("m", "http://127.0.0.1:1/v1");
    const thread = { id: "thr_x" as never, events: [], state: {} as never };
    expect((await then.nextStep.request(thread, { defaultModel: model })).body).toContain("Before.");
    expect((await calculator.nextStep.request(thread, { defaultModel: model })).body).not.toContain(
      "Before.",
    );
    expect(then.nextStep.version).not.toBe(calculator.nextStep.version);
    expect(then.nextStep.parse('{"intent": "add", "a": 1}', { events: [] })).toMatchObject({
      ok: true,
      value: { a: 1 },
      fidelity: { grade: "exact" },
    });
    expect(git(path, "status", "--porcelain")).toBe(" M app/baml_src/parts/agent.baml\n");
    // A long process may ask with many revisions: none leaves anything behind that waits for its end.
    const listeners = process.listenerCount("exit");
    agentAt(calculator, revision);
    expect(process.listenerCount("exit")).toBe(listeners);
  });

  it("an unknown revision, no repository, or sources that do not compile are said", async () => {
    const path = repository();
    await expect(readRevision(join(path, "app"), "nowhere")).rejects.toThrow(
      'there is no revision "nowhere"',
    );
    await expect(readRevision(join(path, "app"), "--help")).rejects.toThrow('there is no revision "--help"');
    await expect(readRevision(path, "HEAD")).rejects.toThrow("has no .baml files in baml_src");
    await expect(readRevision(folder(), "HEAD")).rejects.toThrow("is not in a git repository");
    expect(() => agentAt(calculator, { name: "v1", files: { "a.baml": "function X(" } })).toThrow(
      /^v1: the BAML sources do not compile: .*\n/,
    );
  });

  it("run beside those of now, case by case", async () => {
    const revision = await readRevision(join(repository(), "app"), "HEAD");
    const model = await startScriptedModel([ADD, ADD, ADD, '{"intent": "add", "a": 1}', "no", "no"]);
    const choice = { ...localModel("local", model.url), retry: { attempts: 1 } };
    const variants: Variant[] = [
      { label: "now", client: "local", model: choice },
      { label: "HEAD", client: "local", model: choice, revision: "HEAD", prompts: revision },
    ];
    const { variants: results } = await evaluate({ ...COMMON, variants });
    await model.close();
    expect(model.requests[3]?.messages[0]?.text).toContain("Before.");
    expect(results.map(({ label, rate }) => [label, rate.passed])).toEqual([
      ["now", 3],
      ["HEAD", 1],
    ]);
    expect(results[1]?.comparisons).toEqual([
      expect.objectContaining({ with: "variant", label: "now", worse: 2, verdict: "unclear" }),
    ]);
  });
});
