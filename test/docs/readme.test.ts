import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calculate } from "../../examples/hand-written-loop.ts";
import { approve, launch, startAgents } from "../../examples/in-your-product.ts";
import { renderThread, requestIdOf } from "../../src/index.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { INJECTIONS } from "../../src/workbench/attack/injections/all.ts";
import { run } from "./run-snippets.ts";
import { asUserWrites } from "./shown-code.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

function fences(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

/** Runs a command line of the README as it stands, with an empty store and no provider's key. */
function runLine(line: string) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_/.test(name)),
  );
  const store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
  const [status, stdout, stderr] = (() => {
    const done = spawnSync(line, {
      cwd: root,
      shell: true,
      encoding: "utf8",
      env: { ...env, TWELVEFOLD_STORE: store, npm_config_loglevel: "error" },
    });
    return [done.status, done.stdout, done.stderr];
  })();
  return { status, stdout, stderr };
}

/** What each command of the README prints. A command that is not here fails the test. */
const EXPECTED: Record<string, RegExp> = {
  'npm start -- "can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?"':
    /approve: +npx twelvefold approve thr_/,
  "npm run test:baml": /BAML tests: \d+ passed \(built-in offline model\)/,
  'npx twelvefold run calculator "what is 12 plus 30"': /\b42\b/,
  "npx twelvefold list": /no threads/,
  'npx twelvefold prompt calculator "what is 12 plus 30"': /^POST [\s\S]*what is 12 plus 30/,
  "npx twelvefold --help": /Exit codes/,
};

/** The suite itself; and a server that does not end by itself, in a test below. */
const ELSEWHERE = ["npm test", "npm run serve"];

describe("README", () => {
  const lines = fences("sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line !== "" && !ELSEWHERE.includes(line));

  it.each(lines)("runs: %s", { timeout: 60_000 }, (line) => {
    const { status, stdout, stderr } = runLine(line);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(EXPECTED[line] ?? /this command is not in the test's table/);
  });

  it("runs: npm run serve", { timeout: 60_000 }, async () => {
    const store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
    const env = {
      ...process.env,
      TWELVEFOLD_STORE: store,
      TWELVEFOLD_PORT: "0",
      TWELVEFOLD_MODEL: "offline",
    };
    const child = spawn("npm", ["run", "serve"], { cwd: root, env, detached: true });
    const closed = once(child, "close");
    let printed = "";
    for await (const data of child.stdout) {
      printed += String(data);
      if (/^API:/m.test(printed)) break;
    }
    const page = await fetch(/inbox: (http:\S+)/.exec(printed)?.[1] ?? "");
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<h1")]);
    process.kill(-(child.pid ?? 0), "SIGTERM");
    await closed;
  });

  it("quotes its files as a user writes them", () => {
    const quoted = [...readme.matchAll(/<!-- file: (\S+) -->\n```ts\n([\s\S]*?)```/g)];
    expect(quoted.length).toBe(4);
    for (const [, path = "", text = ""] of quoted) {
      const file = asUserWrites(path);
      // In a clone that has a tool more, its handler stands between the lines of the agent.
      const lines = path.startsWith("src/agents/")
        ? text.split("\n").filter((line) => line !== "")
        : [text.trimEnd()];
      const places = lines.map((line) => file.indexOf(`${line}\n`));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places).not.toContain(-1);
    }
    expect(fences("ts").length).toBe(quoted.length);
  });
});

describe("versions that pages name", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

  it("the archive that `npm pack` makes has the version of package.json", () => {
    const pages = ["README.md", "docs/start.md"].map((page) => readFileSync(join(root, page), "utf8"));
    for (const page of pages) {
      const named = [...page.matchAll(/twelvefold-(\d[\w.-]*)\.tgz/g)].map(([, one]) => one);
      expect(new Set(named)).toEqual(new Set([version]));
    }
  });

  it("the README compares with the versions that its benches install", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "bench/peers/package.json"), "utf8"));
    const packages = {
      "AI SDK": "ai",
      LangGraph: "@langchain/langgraph",
      Mastra: "@mastra/core",
      "OpenAI Agents": "@openai/agents",
    };
    for (const [name, installed] of Object.entries(packages)) {
      const named = [...readme.matchAll(new RegExp(`${name} (\\d[\\d.]*\\d)`, "g"))].map(([, one]) => one);
      expect(named.length, name).toBe(2);
      expect(new Set(named), name).toEqual(new Set([dependencies[installed]]));
    }
  });
});

describe("numbers that pages quote", () => {
  const read = (page: string) => readFileSync(join(root, page), "utf8");

  it("completions that were read right and wrong: those of the table, which a test measures", () => {
    const rows = read("docs/messy-completions.md").matchAll(/^\| ([^|]+) \| (\d+) \| (\d+) \| \d+ \|$/gm);
    const table = new Map(Array.from(rows, ([, reader = "", right, wrong]) => [reader, { right, wrong }]));
    const [ours, baml] = [table.get("`promptFunction`"), table.get("BAML alone")];
    const text = readme.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      `Twelvefold reads ${ours?.right} correctly and ${ours?.wrong} wrongly without noticing; for BAML's parser alone it is ${baml?.right} and ${baml?.wrong}`,
    );
    const sdk = table.get("AI SDK `parsePartialJson`");
    expect(text).toContain(
      `read ${ours?.wrong} wrongly without noticing, the AI SDK's parser for partial JSON ${sdk?.wrong}`,
    );
  });

  it("injections that are tried", () => {
    for (const page of ["README.md", "docs/workbench.md"])
      expect(read(page)).toContain(`tries ${INJECTIONS.length} injections`);
  });
});

describe("the whole program", () => {
  it("has fewer than 25 lines and prints what stands under it", async () => {
    const file = join(root, "examples/first-program.ts");
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.length).toBeLessThan(25);
    expect(await run({ file })).toEqual(fences("text")[0]?.trimEnd().split("\n"));
  });
});

describe("in your own product", () => {
  it("launches, and approves with another runtime on the same file", { tags: ["F6.1", "F5.3"] }, async () => {
    const model = await startOfflineModel();
    const file = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
    const choice = model.choice;
    const first = await startAgents(file, choice);
    const waiting = await launch(first, "divide 12 by 2", "ada");
    await first.stop();
    await first.store.close();
    const { request } = waiting.state;
    if (request?.type !== "approval") throw new Error(`it waits for ${request?.type}`);
    const second = await startAgents(file, choice);
    const id = requestIdOf(waiting.id, request.seq);
    await expect(approve(second, id, "another digest", "ada")).rejects.toThrow("version");
    const done = await approve(second, id, request.digest, "ada");
    expect(done.state.status).toMatchObject({ kind: "finished", result: expect.stringContaining("6") });
    await second.stop();
    await second.store.close();
    await model.close();
  });
});

describe("the loop by hand", () => {
  let model: Awaited<ReturnType<typeof startOfflineModel>>;
  beforeAll(async () => {
    model = await startOfflineModel();
    process.env["TWELVEFOLD_BASE_URL"] = model.url;
    process.env["TWELVEFOLD_API_KEY"] = "none";
    process.env["TWELVEFOLD_MODEL_NAME"] = OFFLINE_MODEL_NAME;
  });
  afterAll(() => model.close());

  it("the hand-written loop runs and has fewer than 30 lines", { tags: "F8.8" }, async () => {
    const lines = readFileSync(join(root, "examples/hand-written-loop.ts"), "utf8")
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.length).toBeLessThan(30);
    const { state } = await calculate("multiply 3 and 4, then divide the result by 2 and then add 12", () => {
      throw new Error("asked");
    });
    expect(state.status).toMatchObject({ kind: "finished", result: expect.stringMatching(/\b18\b/) });
  });

  it("the final answer is plain language", { tags: "F1.5" }, async () => {
    const { state } = await calculate("multiply 3 and feee9f9e", async () => "lets try 12 instead");
    const result = expect.stringMatching(/^[A-Z][^{}]*\b36\b[^{}]*\.$/);
    expect(state.status).toMatchObject({ kind: "finished", result });
  });

  it("records the model's own question, the person's answer and the end", { tags: "F8.8" }, async () => {
    const asked: string[] = [];
    const thread = await calculate("multiply 3 and feee9f9e", async (question) => {
      asked.push(question);
      return "lets try 12 instead";
    });
    expect(thread.events.map(({ type }) => type)).toEqual([
      "thread_started",
      "message_received",
      "step_proposed",
      "human_asked",
      "human_responded",
      "step_proposed",
      "tool_started",
      "tool_finished",
      "step_proposed",
      "finished",
    ]);
    expect(thread.events[2]?.data).toMatchObject({ step: { intent: "request_more_information" } });
    expect(thread.events[3]?.data).toMatchObject({ kind: "question", question: asked[0] });
    const shown = renderThread(thread);
    expect(shown).toContain("<request_more_information>");
    expect(shown).toContain("lets try 12 instead");
  });
});

describe(".env.example", () => {
  it("lists every setting that the sources read", () => {
    const example = readFileSync(join(root, ".env.example"), "utf8");
    const sources = readdirSync(join(root, "src"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(root, "src", name), "utf8"));
    const settings = new Set(sources.flatMap((text) => text.match(/TWELVEFOLD_[A-Z_]+[A-Z]/g) ?? []));
    expect(settings.size).toBeGreaterThan(8);
    for (const setting of settings) expect(example).toContain(setting);
  });
});
