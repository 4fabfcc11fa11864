import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type InitOptions, init } from "../../src/cli/commands/init.ts";
import { createSession } from "../../src/cli/session.ts";
import { WORKSHOP_AGENT, writeWorkshopAgent } from "./workshop-agent.ts";

const home = mkdtempSync(join(tmpdir(), "twelvefold-moved-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** `init --from old` in a folder, without a terminal; gives what it printed. */
async function initFrom(cwd: string, options: InitOptions = {}): Promise<string> {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const ask = () => Promise.reject(new Error("this was asked"));
  const terminal = { interactive: false, colors: false, out: say, err: say, ask };
  const { session } = createSession({ terminal, env: {}, folder: cwd, json: false });
  expect(await init(session, "desk", { yes: true, from: "old", ...options })).toBe(0);
  return lines.join("\n");
}

/** What `init --from` writes for an agent that differs from the usual one in these files. */
async function moved(differences: Readonly<Record<string, string>> = {}, options: InitOptions = {}) {
  const cwd = mkdtempSync(join(home, "cwd-"));
  writeWorkshopAgent(join(cwd, "old"), { ...WORKSHOP_AGENT, ...differences });
  const printed = await initFrom(cwd, options);
  return { printed, read: (file: string) => readFileSync(join(cwd, "desk", file), "utf8") };
}

const agentBaml = WORKSHOP_AGENT["baml_src/agent.baml"] ?? "";

describe("twelvefold init --from", { tags: "E1" }, () => {
  it("keeps every BAML source as it is, but for the generator", async () => {
    const { read } = await moved();
    for (const [name, text] of Object.entries(WORKSHOP_AGENT)) {
      if (name.startsWith("baml_src/") && !name.endsWith("generators.baml")) expect(read(name)).toBe(text);
    }
    expect(read("baml_src/generators.baml")).toMatch(/^generator typescript \{[\s\S]*module_format "esm"/);
  });

  it("keeps the tags, ends and asks as before, and leaves each tool's code in its place as a comment", async () => {
    const { read } = await moved();
    const agent = read("src/agent.ts");
    expect(agent).toContain('message_received: ({ data }) => [{ tag: "user_input", body: data.text }],');
    expect(agent).toContain('tool_finished: ({ data }) => [{ tag: "tool_response", body: data.result }],');
    expect(agent).toContain("done_for_now: finish(({ message }) => message),");
    expect(agent).toContain("request_more_information: askHuman(({ message }) => message),");
    expect(agent).toMatch(
      /\/\/ {3}result = new Big\(step\.left\)\.plus\(step\.right\)\.toString\(\);\n[\s\S]*plus: tool\(\(step\) => notMoved\(step\), \{ approval: "always" \}\),/,
    );
  });

  it("allows prose where the prompt asks for it, and says so; elsewhere it does not", async () => {
    const asked = await moved();
    expect(asked.read("src/agent.ts")).toContain('prose: "before"');
    expect(asked.printed).toContain('asks for free text ("Before the JSON")');
    const plain = agentBaml.replace(/ {4}Before the JSON.*\n/, "");
    const { printed, read } = await moved({ "baml_src/agent.baml": plain });
    expect(read("src/agent.ts")).not.toContain("prose");
    expect(printed).not.toContain("free text");
  });

  it("turns clients into settings, and lists what cannot be turned", async () => {
    const { read, printed } = await moved();
    const settings = read(".env.example");
    expect(settings).toContain("# TWELVEFOLD_MODEL=anthropic/claude-sonnet-4-5,openai/gpt-5-mini\n");
    expect(settings).toContain("# TWELVEFOLD_ATTEMPTS=3\n");
    expect(settings).toContain("# DESK_NAME=\n");
    expect(read("MOVED.md")).toContain(
      "the key of anthropic is read from ANTHROPIC_API_KEY now, not CLAUDE_KEY",
    );
    expect(printed).toContain("left: install what the moved code needs of big.js");
    const local = agentBaml.replace("client Desk", 'client "openai/gpt-4o"');
    expect((await moved({ "baml_src/agent.baml": local })).read(".env.example")).toMatch(
      /^# TWELVEFOLD_MODEL=openai\/gpt-4o$/m,
    );
    const elsewhere = agentBaml.replace("client Desk", 'client "vertex-ai/gemini"');
    expect((await moved({ "baml_src/agent.baml": elsewhere })).printed).toContain(
      "left: say in .env which model answers: TWELVEFOLD_MODEL=provider/model (the client was vertex-ai/gemini)",
    );
  });

  it("copies no secret", async () => {
    const { read, printed } = await moved({ ".env": "ANTHROPIC_API_KEY=sk-secret\n" });
    expect(printed).toContain("left: copy your settings, which hold secrets: the old .env to .env here");
    expect(() => read(".env")).toThrow();
    expect(read(".env.example")).not.toContain("sk-secret");
  });

  it("refuses a folder without such an agent, and two ways at once", async () => {
    const other = { "baml_src/agent.baml": "class Nothing {\n  a int\n}\n" };
    await expect(moved(other)).rejects.toThrow("takes the thread as one string and answers with");
    const cwd = mkdtempSync(join(home, "cwd-"));
    mkdirSync(join(cwd, "old"));
    await expect(initFrom(cwd)).rejects.toThrow("there is no baml_src in");
    await expect(moved({}, { ownTheLoop: true })).rejects.toThrow("leave out --own-the-loop");
  });
});
