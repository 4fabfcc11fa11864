import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { createProgram } from "../../src/cli/program.ts";
import { createSession } from "../../src/cli/session.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, requestIdOf } from "../../src/index.ts";
import { startOfflineModel } from "../../src/model/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { agentAt } from "../../src/workbench/revision.ts";

const page = readFileSync("docs/workbench.md", "utf8");
const fences = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text = ""]) =>
    text.trim(),
  );
/** The commands of the page's first two sections. */
const [fromFailure = [], fromEdit = []] = fences("bash").map((text) => text.split("\n"));
const [printed = ""] = fences("text");
const [written = ""] = fences("baml");

const project = mkdtempSync(join(tmpdir(), "twelvefold-walk-"));
const sources = join(project, "baml_src");
const prompt = join(sources, "calculator.baml");

const env = { TWELVEFOLD_STORE: join(project, "threads.db") };

/** Runs a command line in the project, in this process, with the prompts that are there now and the built-in model. */
async function runLine(line: string, ids: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  let code: number | undefined;
  const program = createProgram(async (command, json) => {
    const terminal = {
      interactive: false,
      colors: false,
      out: (text: string) => void out.push(text),
      err: () => {},
      ask: async () => undefined,
    };
    const person = verifiedBy("terminal", "ada");
    const { session, close } = createSession({ terminal, env, folder: project, json, person });
    const files = Object.fromEntries(
      readdirSync(sources).map((name) => [name, readFileSync(join(sources, name), "utf8")]),
    );
    const agents = [agentAt(calculator, { name: "now", files })];
    // The prompts are read from the project: no client is generated.
    const runtime = async () => createRuntime({ agents, store: await session.store(), worker: false });
    const own = { ...session, config: async () => ({ agents }), requireFreshClient: async () => {}, runtime };
    try {
      code = await command(own);
    } finally {
      await close();
    }
  });
  const text = Object.entries(ids).reduce((so, [name, id]) => so.replace(name, id), line);
  const words = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
  await program.parseAsync(["node", ...words.slice(1)]);
  return { code, out: out.join("\n") };
}

describe("docs/workbench.md, run", { tags: ["F2.4", "F2.12", "F2.20"], timeout: 60_000 }, () => {
  beforeAll(async () => {
    mkdirSync(sources);
    for (const name of ["calculator.baml", "clients.baml", "generators.baml", "human_tools.baml"])
      copyFileSync(join("baml_src", name), join(sources, name));
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", project, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]);
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "prompts");
    // Production: somebody denies a step, and the thread waits for the approval of the next one.
    const offline = await startOfflineModel();
    const store = await openSqliteStore(env.TWELVEFOLD_STORE);
    const runtime = createRuntime({ agents: [calculator], store, model: offline.choice });
    const from = verifiedBy("terminal", "ada");
    const input = { message: "divide 12 by 2", from };
    const { threadId } = await runtime.launch({ agent: "calculator", input });
    const { state } = await runtime.settled(threadId);
    const digest = state.request?.type === "approval" ? state.request.digest : null;
    const decision = { kind: "denied", feedback: "by 4, not by 2" } as const;
    await runtime.respond(requestIdOf(threadId, state.request?.seq ?? 0), { decision, digest }, from);
    await runtime.settled(threadId);
    await runtime.stop();
    await offline.close();
    await store.close();
  });

  it("a failure in production becomes a regression test in three commands", async () => {
    expect(fromFailure).toHaveLength(3);
    const [find = "", make = "", test = ""] = fromFailure;
    const listed = await runLine(find);
    const id = /thr_\w+/.exec(listed.out)?.[0] ?? "";
    const made = await runLine(make, { "thr_…": id });
    expect([made.code, made.out]).toEqual([0, expect.stringContaining("DividesByFour")]);
    const text = readFileSync(join(sources, "thread_tests.baml"), "utf8");
    expect(text.replace(id, "thr_…").trim()).toBe(written);
    // The built-in model would do the same again, before anybody has denied it.
    const tested = await runLine(test);
    expect([tested.code, tested.out]).toEqual([
      1,
      expect.stringContaining("DetermineNextStep::DividesByFour"),
    ]);
    expect(tested.out).toContain('"intent": "divide"');
    const kept = join(sources, "thread_tests.baml");
    writeFileSync(kept, readFileSync(kept, "utf8").replace("divide 12 by 2", "multiply 12 by 2"));
    expect((await runLine(test)).code).toBe(0);
  });

  it("an edit of a prompt is safe to deploy after two commands", async () => {
    expect(fromEdit).toHaveLength(2);
    const edited = readFileSync(prompt, "utf8").replace(
      "You are a calculator",
      "You are a patient calculator",
    );
    writeFileSync(prompt, edited);
    const [test = "", check = ""] = fromEdit;
    expect((await runLine(test)).code).toBe(0);
    const { code, out } = await runLine(check);
    expect(code).toBe(0);
    expect(out.replace(/thr_\w+/, "thr_…")).toBe(printed);
  });
});
