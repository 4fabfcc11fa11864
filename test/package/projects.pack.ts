import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { writeWorkshopAgent } from "../cli/workshop-agent.ts";
import { newProject, root } from "./packed.ts";

const archive = inject("archive");
const tools = inject("tools");
let installed = "";
beforeAll(() => {
  installed = newProject(archive);
});

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })),
});
const NODE_24 = join(root, "node_modules", ".bin");
const node22 = () => join(tools, "node-22", "bin");

interface Place {
  readonly cwd: string;
  /** The folder of the Node to run. */
  readonly node?: string;
  readonly input?: string;
}

/** Runs a command with the tools' package managers and a certain Node, without any provider's key. */
function run(command: string, args: readonly string[], { cwd, node = NODE_24, input = "" }: Place) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/_API_KEY$|^TWELVEFOLD_|^npm_(?:lifecycle|package|config_user)|^NODE_ENV$/.test(name),
  );
  const path = [node, join(tools, ".bin"), process.env.PATH].join(delimiter);
  const env = { ...Object.fromEntries(kept), PATH: path, SCARF_ANALYTICS: "false", CI: "1" };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    // What waits for ever fails.
    ...{ cwd, env, input, encoding: "utf8", timeout: 240_000 },
    shell: process.platform === "win32",
  });
  return { status, output: `${stdout}${stderr}${error?.message ?? ""}` };
}

/** A project that `init` has written into an empty folder; it takes the packed package for the published one. */
function written(name: string, options: readonly string[], manager = "npm"): string {
  const parent = mkdtempSync(join(tmpdir(), "twelvefold-init-"));
  const bin = join(installed, "node_modules", "twelvefold", "bin", "twelvefold.mjs");
  const agent = `npm_config_user_agent=${manager}/1.0.0`;
  const made = run("env", [agent, "node", bin, "init", name, "--yes", ...options], { cwd: parent });
  expect(made.status, made.output).toBe(0);
  const file = join(parent, name, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  manifest.dependencies.twelvefold = `file:${archive}`;
  writeFileSync(file, JSON.stringify(manifest, null, 2));
  return join(parent, name);
}

function succeeds(command: string, args: readonly string[], place: Place): string {
  const { status, output } = run(command, args, place);
  expect(status, `${command} ${args.join(" ")}: ${output}`).toBe(0);
  return output;
}

function install(cwd: string): void {
  succeeds("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd });
}

/** Yarn resolves BAML's native code for every platform; a stub stands for those that are not this one. */
function leaveOutOtherPlatforms(cwd: string): void {
  const stub = mkdtempSync(join(tmpdir(), "twelvefold-stub-"));
  writeFileSync(join(stub, "package.json"), JSON.stringify({ name: "stub", version: "0.0.0" }));
  const modules = join(installed, "node_modules");
  const baml = JSON.parse(readFileSync(join(modules, "@boundaryml", "baml", "package.json"), "utf8"));
  const others = Object.keys(baml.optionalDependencies).filter((name) => !existsSync(join(modules, name)));
  const file = join(cwd, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  manifest.resolutions = Object.fromEntries(others.map((name) => [name, `file:${stub}`]));
  writeFileSync(file, JSON.stringify(manifest, null, 2));
}

/** Puts a text in the place of another one in a file that holds it once. */
function edit(file: string, place: string, text: string): void {
  const [before, after, ...more] = readFileSync(file, "utf8").split(place);
  if (after === undefined || more.length > 0) throw new Error(`${file} does not hold "${place}" once`);
  writeFileSync(file, `${before}${text}${after}`);
}

/** Does what SKILL.md of the project says: a tool with approval, and its tests. */
function addToolBySkill(cwd: string): void {
  const skill = readFileSync(join(cwd, ".agents/skills/twelvefold/SKILL.md"), "utf8");
  const [prompt = "", handler = "", test = "", bamlTest = ""] = Array.from(
    skill.matchAll(/^```\w+\n([\s\S]*?)^```/gm),
    ([, code = ""]) => code,
  );
  edit(join(cwd, "baml_src/agent.baml"), "type Tools = Deposit | Withdraw\n", prompt);
  edit(
    join(cwd, "src/agent.ts"),
    "      request_more_information:",
    `${handler}      request_more_information:`,
  );
  writeFileSync(join(cwd, "test/transfer.test.ts"), test);
  edit(
    join(cwd, "baml_src/agent_tests.baml"),
    "test AsksForAMissingAmount {",
    `${bamlTest}\ntest AsksForAMissingAmount {`,
  );
}

describe("a project that init has written", { tags: ["E1", "F2.1"] }, () => {
  it("starts and passes its tests at once, offline, under Node 22 and 24; its inbox is served", () => {
    const cwd = written("desk", []);
    install(cwd);
    for (const node of [NODE_24, node22()]) {
      const tested = succeeds("npm", ["test"], { cwd, node });
      expect(tested).toMatch(/BAML tests: 3 passed \(built-in offline model\)[\s\S]*pass 2[\s\S]*fail 0/);
      const started = succeeds("npm", ["start", "--", "deposit 50, then withdraw 20"], { cwd, node });
      const [approve = ""] = /(?<=npx )twelvefold approve \S+/.exec(started) ?? [];
      expect(succeeds("npx", approve.split(" "), { cwd, node })).toContain("= 30");
      writeFileSync(join(cwd, ".twelvefold", "account.jsonl"), "");
    }
    expect(
      run("timeout", ["-s", "INT", "8", "npx", "twelvefold", "serve", "--port", "0"], { cwd }).output,
    ).toMatch(/inbox: http:/);
    // Whoever knows no more than what the project says can add a tool that people approve.
    addToolBySkill(cwd);
    expect(succeeds("npm", ["test"], { cwd })).toMatch(/BAML tests: 4 passed[\s\S]*pass 4[\s\S]*fail 0/);
    expect(succeeds("npm", ["start", "--", "deposit 50, then transfer 20"], { cwd })).toContain(
      "twelvefold approve",
    );
  });

  it("with its own loop does the same", () => {
    const cwd = written("own", ["--own-the-loop"]);
    install(cwd);
    for (const node of [NODE_24, node22()]) {
      expect(succeeds("npm", ["test"], { cwd, node })).toMatch(/3 passed[\s\S]*pass 2[\s\S]*fail 0/);
      const words = ["start", "--", "deposit 50, then withdraw 20"];
      expect(succeeds("npm", words, { cwd, node, input: "\n" })).toMatch(
        /<withdraw_result>[\s\S]*<done_for_now>/,
      );
      const alone = run("npm", words, { cwd, node });
      expect([alone.status, alone.output]).toEqual([1, expect.stringContaining("nobody answers")]);
    }
  });

  it("is installed and tested by pnpm and bun as well", () => {
    for (const manager of ["pnpm", "bun"]) {
      const cwd = written(`with-${manager}`, ["--no-serve"], manager);
      succeeds(manager, ["install"], { cwd });
      expect(succeeds(manager, ["run", "test"], { cwd }), manager).toMatch(
        /3 passed[\s\S]*pass 2[\s\S]*fail 0/,
      );
    }
  });

  it("is installed and tested by pnpm 10, and its command has all that it needs", () => {
    // Written with npm: whoever installs it may use another one.
    const cwd = written("with-pnpm-10", ["--no-serve"]);
    const pnpm = join(tools, "pnpm-10/bin/pnpm.cjs");
    succeeds("node", [pnpm, "install"], { cwd });
    expect(succeeds("node", [pnpm, "run", "test"], { cwd })).toMatch(/3 passed[\s\S]*pass 2[\s\S]*fail 0/);
    expect(succeeds("node", [pnpm, "exec", "twelvefold", "add", "webhook"], { cwd })).toContain("wrote");
  });

  it("is installed and tested by yarn, 1 and 4", () => {
    for (const [version, file] of [
      ["1", "yarn-1/bin/yarn.js"],
      ["4", "@yarnpkg/cli-dist/bin/yarn.js"],
    ] as const) {
      const cwd = written(`with-yarn-${version}`, ["--no-serve"], "yarn");
      leaveOutOtherPlatforms(cwd);
      succeeds("node", [join(tools, file), "install", ...(version === "4" ? ["--no-immutable"] : [])], {
        cwd,
      });
      expect(succeeds("node", [join(tools, file), "run", "test"], { cwd }), version).toMatch(
        /3 passed[\s\S]*pass 2[\s\S]*fail 0/,
      );
    }
  });

  it("after an edit of its prompt compiles what a step lacks, and its client follows", () => {
    const cwd = written("edited", ["--no-serve"]);
    install(cwd);
    succeeds("npm", ["run", "generate"], { cwd });
    const prompt = join(cwd, "baml_src", "agent.baml");
    const text = readFileSync(prompt, "utf8");
    const tool =
      'class Transfer {\n  intent "transfer" @description("move money to another account")\n  reasoning string\n  amount int | float\n}\n\n';
    writeFileSync(prompt, text.replace("type Tools = ", `${tool}type Tools = Transfer | `));
    const lacking = run("npm", ["test"], { cwd });
    expect(lacking.status).not.toBe(0);
    expect(lacking.output).toContain("not generated from the current baml_src: generating it");
    expect(lacking.output).toMatch(/'transfer' is missing|no code handles transfer/);
    const agent = join(cwd, "src", "agent.ts");
    const handler = '      transfer: tool(({ amount }) => amount, { approval: "always" }),\n';
    const code = readFileSync(agent, "utf8");
    writeFileSync(
      agent,
      code.replace("      request_more_information", `${handler}      request_more_information`),
    );
    succeeds("npm", ["test"], { cwd });
    expect(succeeds("npm", ["start", "--", "transfer 7"], { cwd })).toContain("Approval needed: transfer");
  });
});

describe("a production install", { tags: ["E2"] }, () => {
  it("has nothing that only tests or other stores need, and runs without it", () => {
    const cwd = written("lean", []);
    install(cwd);
    succeeds("npm", ["run", "generate"], { cwd });
    rmSync(join(cwd, "node_modules"), { recursive: true });
    succeeds("npm", ["install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund"], { cwd });
    const { packages } = lockSchema.parse(
      JSON.parse(readFileSync(join(cwd, "node_modules", ".package-lock.json"), "utf8")),
    );
    const names = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ""));
    for (const name of ["tsx", "esbuild", "gpt-tokenizer", "typescript", "pg", "vitest", "htmx.org"])
      expect(names).not.toContain(name);
    const withScripts = Object.entries(packages).filter(
      ([, { hasInstallScript }]) => hasInstallScript === true,
    );
    // Of BAML, refused in the project's package.json.
    expect(withScripts.map(([path]) => path)).toEqual(["node_modules/@scarf/scarf"]);
    const started = succeeds("env", ["NODE_ENV=production", "npm", "start", "--", "withdraw 20"], { cwd });
    expect(started).toContain("Approval needed: withdraw");
  });
});

describe("an agent that init has moved", { tags: ["E1"] }, () => {
  it("passes its tests at once and asks before it acts, offline, with its own prompt and tags", () => {
    const old = writeWorkshopAgent(mkdtempSync(join(tmpdir(), "twelvefold-old-")));
    const cwd = written("moved", ["--no-serve", "--from", old]);
    install(cwd);
    for (const node of [NODE_24, node22()]) {
      expect(succeeds("npm", ["test"], { cwd, node })).toMatch(/pass 2[\s\S]*fail 0/);
      const started = succeeds("npm", ["start", "--", "plus 2 and 3"], { cwd, node });
      expect(started).toContain("Approval needed: plus");
      expect(succeeds("npx", ["twelvefold", "prompt", "moved", "plus 2 and 3"], { cwd, node })).toContain(
        "<user_input>",
      );
    }
  });
});

describe("what is added to a project", { tags: ["E12"] }, () => {
  it("passes its own test there, one by one and all together", () => {
    const cwd = written("more", ["--no-serve"]);
    install(cwd);
    for (const [name, passed] of [
      ["calculator", 3],
      ["deploybot", 4],
      ["hand-written-loop", 5],
      ["webhook", 7],
      ["support", 8],
      ["chain improve orchestrate own-loop route sections take-over vote", 16],
    ] as const) {
      for (const one of name.split(" ")) succeeds("npx", ["twelvefold", "add", one], { cwd });
      expect(succeeds("npm", ["test"], { cwd }), name).toMatch(
        new RegExp(`pass ${passed}\\b[\\s\\S]*fail 0`),
      );
    }
  });
});

describe("docs/start.md", { tags: ["E1", "E12"] }, () => {
  it("goes from an empty folder to an agent of one's own: every command runs", () => {
    const page = readFileSync(join(root, "docs", "start.md"), "utf8");
    const [first = [], ...more] = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) =>
      block.trim().split("\n"),
    );
    const [begin, enter, ...then] = first;
    expect([begin, enter]).toEqual(["npx twelvefold init my-agent --yes", "cd my-agent"]);
    // As `npx` would, with the packed package.
    const cwd = written("my-agent", []);
    const outputs = [...then, ...more.flat()].map((line) => {
      if (line !== "npm run serve") return succeeds("sh", ["-c", line], { cwd });
      // It would serve for ever; it is interrupted once it has begun.
      const { output } = run("timeout", ["-s", "INT", "8", "npx", "twelvefold", "serve", "--port", "0"], {
        cwd,
      });
      expect(output).toMatch(/inbox: http:/);
      return output;
    });
    expect(outputs.join("\n")).toContain("Approval needed: withdraw");
  });
});
