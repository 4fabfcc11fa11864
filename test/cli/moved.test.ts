import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
    expect(settings).toMatch(/^TWELVEFOLD_MODEL=anthropic\/claude-sonnet-4-5,openai\/gpt-5-mini\n/m);
    expect(settings).toMatch(/^TWELVEFOLD_ATTEMPTS=3\n/m);
    expect(printed).toContain("copy it to .env; a key alone would ask another model");
    expect(settings).toContain("# DESK_NAME=\n");
    expect(read("MOVED.md")).toContain(
      "the key of anthropic is read from ANTHROPIC_API_KEY now, not CLAUDE_KEY",
    );
    expect(printed).toContain("left: install what the moved code needs of big.js");
    const local = agentBaml.replace("client Desk", 'client "openai/gpt-4o"');
    expect((await moved({ "baml_src/agent.baml": local })).read(".env.example")).toMatch(
      /^TWELVEFOLD_MODEL=openai\/gpt-4o$/m,
    );
    const elsewhere = agentBaml.replace("client Desk", 'client "vertex-ai/gemini"');
    expect((await moved({ "baml_src/agent.baml": elsewhere })).printed).toContain(
      "left: say in .env which model answers: TWELVEFOLD_MODEL=provider/model (the client was vertex-ai/gemini)",
    );
  });

  it("lists the options of a client that no setting holds", async () => {
    const clients = `client<llm> Desk {
  provider anthropic
  retry_policy Patient
  options {
    model "claude-sonnet-4-5"
    api_key env.ANTHROPIC_API_KEY
    temperature 0.1
    max_tokens 99
  }
}
retry_policy Patient {
  max_retries 1
}
`;
    const { printed } = await moved({ "baml_src/clients.baml": clients });
    expect(printed).toMatch(
      /left: say the options of Desk in code, where you want them: temperature 0\.1, max_tokens 99 \(/,
    );
  });

  it("says that a thread of JSON has tags now", async () => {
    const code = `export class Thread {
  events: { type: "user_input" | "tool_response"; data: string }[] = [];
  serializeForLLM() { return JSON.stringify(this.events); }
}
`;
    const plain = Object.keys(WORKSHOP_AGENT).filter((name) => name.startsWith("src/"));
    const { printed, read } = await moved(Object.fromEntries(plain.map((name) => [name, code])));
    expect(printed).toContain("the old thread was JSON; the model reads tags now");
    expect(read("src/agent.ts")).not.toContain("formatters");
  });

  it("says that sources do not compile, and which generators are left out", async () => {
    const python =
      'generator py {\n  output_type "python/pydantic"\n  output_dir "../"\n  version "0.80.0"\n}\nclass {\n';
    const { printed } = await moved({ "baml_src/more.baml": python });
    expect(printed).toMatch(/left: of 2 generators one is kept/);
    expect(printed).toMatch(/left: the BAML sources do not compile: /);
    expect((await moved()).printed).not.toMatch(/compile|generators one/);
  });

  it("follows no link out of the old agent, and names what it did not read", async () => {
    const cwd = mkdtempSync(join(home, "cwd-"));
    writeWorkshopAgent(join(cwd, "old"), WORKSHOP_AGENT);
    mkdirSync(join(cwd, "private"));
    writeFileSync(join(cwd, "private/key.baml"), "sk-secret");
    symlinkSync(join(cwd, "private"), join(cwd, "old/baml_src/more"));
    symlinkSync(join(cwd, "private/key.baml"), join(cwd, "old/src/key.ts"));
    const printed = await initFrom(cwd);
    expect(printed).toContain("left: links are not followed, and not copied: baml_src/more, src/key.ts");
    expect(existsSync(join(cwd, "desk/baml_src/more"))).toBe(false);
    renameSync(join(cwd, "old/baml_src"), join(cwd, "sources"));
    symlinkSync(join(cwd, "sources"), join(cwd, "old/baml_src"));
    await expect(initFrom(cwd, { force: true })).rejects.toThrow("baml_src is a link: name the folder");
  });

  it("guides coding agents by what the moved project has", async () => {
    const { read } = await moved();
    expect(read("AGENTS.md")).toContain("`npm run test:baml` runs the");
    expect(read("AGENTS.md")).not.toMatch(/offline model|`Tools`/);
  });

  it("copies no secret, not in the comments about the old code either", async () => {
    const { read, printed } = await moved({ ".env": "ANTHROPIC_API_KEY=sk-secret\n" });
    expect(printed).toContain("left: copy your settings, which hold secrets: the old .env to .env here");
    expect(() => read(".env")).toThrow();
    expect(read(".env.example")).not.toContain("sk-secret");
    const token = `ghp_${"a1B2".repeat(9)}`;
    const loop = `switch (step.intent) {\n  case "plus":\n    const token = "${token}";\n    break;\n}\n`;
    const plain = Object.keys(WORKSHOP_AGENT).filter((name) => name.startsWith("src/"));
    const agent = (await moved(Object.fromEntries(plain.map((name) => [name, loop])))).read("src/agent.ts");
    expect(agent).toContain("const token = ");
    expect(agent).not.toContain(token);
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
