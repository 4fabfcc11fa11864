import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { add } from "../../src/cli/commands/add.ts";
import { init } from "../../src/cli/commands/init.ts";
import { ADDITIONS } from "../../src/cli/scaffold/additions.ts";
import { createSession } from "../../src/cli/session.ts";

const home = mkdtempSync(join(tmpdir(), "twelvefold-add-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The command line in a new project, or in an empty folder. */
async function project({ empty = false } = {}) {
  const lines: string[] = [];
  const terminal = {
    interactive: false,
    colors: false,
    out: (text: string) => lines.push(text),
    err: (text: string) => lines.push(text),
    ask: async () => undefined,
  };
  const parent = mkdtempSync(join(home, "p-"));
  const folder = empty ? parent : join(parent, "desk");
  const open = (cwd: string) => createSession({ terminal, env: {}, folder: cwd, json: false }).session;
  if (!empty) await init(open(parent), "desk", { yes: true });
  lines.length = 0;
  const session = open(folder);
  const files = () =>
    new Map(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
    );
  return { folder, session, files, text: () => lines.join("\n") };
}

describe("twelvefold add", { tags: "E12" }, () => {
  it("lists what there is", async () => {
    const { session, text } = await project({ empty: true });
    expect(await add(session, undefined, {})).toBe(0);
    expect(text()).toMatch(
      /^agent +calculator +\S.*\nagent +deploybot +\S.*\nagent +support +\S.*\nrecipe +hand-written-loop +\S.*\n(?:recipe +[a-z-]+ +\S.*\n){8}(?:channel +(?:chat|discord|email|sms|teams|telegram|terminal|webhook) +\S.*\n?){8}$/,
    );
  });

  it.each([
    [
      "calculator",
      [
        "baml_src/calculator.baml",
        "baml_src/calculator_tests.baml",
        "src/agents/calculator/agent.ts",
        "test/calculator.test.ts",
      ],
    ],
    [
      "deploybot",
      [
        "baml_src/deploybot.baml",
        "baml_src/deploybot_tests.baml",
        ...[
          ...[
            "agent",
            "demo-site",
            "demo",
            "environments",
            "git",
            "health",
            "pipeline",
            "rollback",
            "rules",
            "stale",
          ],
        ].map((name) => `src/agents/deploybot/${name}.ts`),
        "test/deploybot.test.ts",
      ],
    ],
    [
      "support",
      [
        "baml_src/support.baml",
        "baml_src/support_tests.baml",
        ...["agent", "demo-shop", "demo", "mail", "memory", "money", "rules", "shop"].map(
          (name) => `src/agents/support/${name}.ts`,
        ),
        "test/support.test.ts",
      ],
    ],
    [
      "hand-written-loop",
      [
        "baml_src/calculator.baml",
        "baml_src/calculator_tests.baml",
        "examples/hand-written-loop.ts",
        "test/hand-written-loop.test.ts",
      ],
    ],
    ["channel/chat", ["src/channels/chat.md", "src/channels/chat.ts", "test/chat.test.ts"]],
    ["channel/discord", ["src/channels/discord.md", "src/channels/discord.ts", "test/discord.test.ts"]],
    ["channel/teams", ["src/channels/teams.md", "src/channels/teams.ts", "test/teams.test.ts"]],
    ["channel/telegram", ["src/channels/telegram.md", "src/channels/telegram.ts", "test/telegram.test.ts"]],
    ["channel/email", ["src/channels/email.md", "src/channels/email.ts", "test/email.test.ts"]],
    ["channel/sms", ["src/channels/sms.md", "src/channels/sms.ts", "test/sms.test.ts"]],
    ["channel/terminal", ["src/channels/terminal.md", "src/channels/terminal.ts", "test/terminal.test.ts"]],
    ["webhook", ["src/channels/webhook.md", "src/channels/webhook.ts", "test/webhook.test.ts"]],
  ])(
    "copies the %s with its test, as a project writes it, and names what comes next",
    async (name, wanted) => {
      const { session, files, text } = await project();
      const before = files();
      expect(await add(session, name, {})).toBe(0);
      const added = [...files()].filter(([file]) => !before.has(file));
      expect(added.map(([file]) => file).sort()).toEqual(wanted);
      for (const [file, content] of added) {
        expect(text()).toContain(`wrote ${file}`);
        expect(content).not.toMatch(/from "[./]+(?:src\/)?index\.ts"|DetermineNextStep/);
      }
      for (const [file, content] of before) expect(files().get(file)).toBe(content);
      expect(text()).toContain("next: ");
    },
  );

  it("copies each recipe with its test", { tags: "F10.5" }, async () => {
    const { session, files } = await project();
    const before = files();
    const names = ADDITIONS.filter(({ kind }) => kind === "recipe").map(({ name }) => name);
    for (const name of names) await add(session, name, {});
    const added = [...files()].filter(([file]) => !before.has(file) && file.endsWith(".ts"));
    expect(added.map(([file]) => file).sort()).toEqual(
      [...names.map((name) => `examples/${name}.ts`), ...names.map((name) => `test/${name}.test.ts`)].sort(),
    );
    for (const [, content] of added) expect(content).not.toContain("../src/");
  });

  it("names packages in the versions that it works with, in its guide as well", async () => {
    const { session, folder, text } = await project();
    await add(session, "email", {});
    const named = /it needs: npm install (.*)/.exec(text())?.[1]?.split(" ") ?? [];
    expect(named).toHaveLength(3);
    const guide = readFileSync(join(folder, "src/channels/email.md"), "utf8");
    for (const one of named)
      expect([one, guide.includes(one)]).toEqual([expect.stringMatching(/@\d+$/), true]);
  });

  it("writes nothing over what its owner has changed, and what is there word for word stays", async () => {
    const { session, folder, files, text } = await project();
    await add(session, "calculator", {});
    const before = files();
    await add(session, "hand-written-loop", {});
    await add(session, "calculator", {});
    expect(text()).toContain("all of it is there already");
    writeFileSync(join(folder, "src/agents/calculator/agent.ts"), "mine");
    await expect(add(session, "calculator", {})).rejects.toThrow(
      /nothing was written: .*already has .*agent\.ts; --force/,
    );
    expect(await add(session, "calculator", { force: true })).toBe(0);
    for (const [file, content] of before) expect(files().get(file)).toBe(content);
  });

  it("brings the BAML that a prompt needs where the project has none", async () => {
    const { session, folder } = await project({ empty: true });
    writeFileSync(join(folder, "package.json"), "{}");
    await add(session, "calculator", {});
    for (const name of ["human_tools", "clients", "generators"])
      expect(existsSync(join(folder, `baml_src/${name}.baml`))).toBe(true);
  });

  it("names the packages that the project lacks, and no others", async () => {
    const { session, folder, text } = await project({ empty: true });
    const named = { name: "shop", dependencies: { hono: "4" }, devDependencies: null };
    writeFileSync(join(folder, "package.json"), JSON.stringify(named));
    await add(session, "webhook", {});
    expect(text()).toMatch(/it needs: npm install (?!.*\bhono( |$)).*@hono\/node-server/);
    expect(text()).toContain("this project has no twelvefold.config.ts");
    const full = await project();
    await add(full.session, "webhook", {});
    expect(full.text()).not.toMatch(/it needs|twelvefold\.config\.ts: write/);
  });

  it("says that a project's own agent and the added one need two names", async () => {
    const { session, folder, text } = await project();
    const path = join(folder, "package.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"name": "desk"', '"name": "calculator"'));
    await add(session, "calculator", {});
    expect(text()).toContain("the project's own agent is called calculator too");
  });

  it("writes nothing where the project declares the same names, and takes another file for what is missing", async () => {
    const { session, folder, files } = await project();
    writeFileSync(join(folder, "baml_src/own.baml"), "enum AddTool {\n  A\n}\n");
    const before = files();
    await expect(add(session, "calculator", { force: true })).rejects.toThrow(
      /nothing was written: .*declarations of the same names.*: type AddTool \(baml_src\/own\.baml\)/,
    );
    expect(files()).toEqual(before);
    const other = await project({ empty: true });
    writeFileSync(join(other.folder, "package.json"), "{}");
    mkdirSync(join(other.folder, "baml_src"));
    writeFileSync(join(other.folder, "baml_src/clients.baml"), "client<llm> Mine {\n}\n");
    await add(other.session, "calculator", {});
    expect(other.files().get("baml_src/clients.baml")).toContain("Mine");
    expect(other.files().get("baml_src/added_clients.baml")).toContain("client<llm> Default");
  });

  it("refuses a package.json that it cannot read, and writes nothing", async () => {
    const { session, folder } = await project({ empty: true });
    for (const wrong of ["{", "[]"]) {
      writeFileSync(join(folder, "package.json"), wrong);
      await expect(add(session, "webhook", {})).rejects.toThrow("package.json is not a JSON object");
    }
    expect(readdirSync(folder)).toEqual(["package.json"]);
  });

  it("names what there is to add, and that it wants a project", async () => {
    const { session } = await project({ empty: true });
    await expect(add(session, "calculater", {})).rejects.toThrow(
      /known: calculator, deploybot, support, hand-written-loop, .*take-over, vote, chat, discord, email, sms, teams, telegram, terminal, webhook/,
    );
    await expect(add(session, "webhook", {})).rejects.toThrow("there is no package.json");
  });
});
