import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createSession } from "../../src/cli/session.ts";

const src = join(import.meta.dirname, "../../src");
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A project with these settings and two agents, one of which has a model of its own. */
function session(settings: string, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-settings-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  const config = `
import { defineAgent, defineConfig, finish } from ${JSON.stringify(join(src, "index.ts"))};

const never = async () => { throw new Error("not asked"); };
const agent = (name, more) => defineAgent(
  { name: "Next", version: "1", call: never, request: never, parse: never, ...more },
  { name, steps: { done: finish(({ intent }) => intent) } },
);
const agents = [agent("plain"), agent("calm", { ownModel: ["openai/calm"] })];
export default defineConfig({ agents, ${settings} });
`;
  writeFileSync(join(folder, "twelvefold.config.mjs"), config);
  const said: string[] = [];
  const terminal = {
    interactive: false,
    colors: false,
    out: (text: string) => said.push(text),
    err: (text: string) => said.push(text),
    ask: async () => undefined,
  };
  const opened = createSession({ terminal, env, folder, json: false });
  closers.push(opened.close);
  return { session: opened.session, said };
}

describe("the model of a project", () => {
  it("is waited for as the configuration says, and as the environment says before it", {
    tags: "F9.9",
  }, async () => {
    const settings = "timeouts: { firstToken: 300_000, total: 3_600_000 }, retry: { attempts: 5 }";
    const { session: both } = session(settings, { TWELVEFOLD_TIMEOUT_TOTAL: "60" });
    expect(await both.model()).toMatchObject({
      timeouts: { firstToken: 300_000, total: 60_000 },
      retry: { attempts: 5 },
    });
  });

  it("may not be waited for in a way that cannot be", { tags: "F9.9" }, async () => {
    const { session: wrong } = session("timeouts: { fistToken: 1 }");
    await expect(wrong.model()).rejects.toThrow('timeouts: unknown option "fistToken"');
  });

  it("is not what is said to answer for an agent with its own", { tags: "F2.8" }, async () => {
    const env = { OPENAI_API_KEY: "k" };
    const { session: one, said } = session("", env);
    await one.model();
    expect(said).toEqual(["model: openai/gpt-5-mini", "  calm uses its own: openai/calm"]);
  });
});
