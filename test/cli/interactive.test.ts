import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/commands/run.ts";
import { createSession } from "../../src/cli/session.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** A terminal with a person who gives these answers, then ends the input. */
function person(...answers: string[]) {
  const lines: string[] = [];
  const asked: string[] = [];
  const terminal: Terminal = {
    interactive: true,
    colors: false,
    out: (text) => lines.push(text),
    err: (text) => lines.push(text),
    ask: async (question) => {
      asked.push(question);
      return answers.shift();
    },
  };
  const store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
  const opened = createSession({
    terminal,
    env: { TWELVEFOLD_STORE: store, USER: "ada" },
    folder: root,
    json: false,
  });
  close = opened.close;
  return { session: opened.session, asked, text: () => lines.join("\n") };
}

describe("at a terminal", () => {
  it("Enter approves", { tags: "F7.12" }, async () => {
    const { session, asked, text } = person("");
    expect(await run(session, "calculator", ["divide 12 by 2 and then add 12"], {})).toBe(0);
    expect(asked).toEqual([expect.stringContaining("Enter approves")]);
    expect(text()).toMatch(/ada: approved[\s\S]*= 6[\s\S]*\b18\b/);
  });

  it("any text denies with that feedback", { tags: "F7.12" }, async () => {
    const { session, asked, text } = person("use 4 instead of 2", "");
    expect(await run(session, "calculator", ["divide 12 by 2"], {})).toBe(0);
    expect(asked).toHaveLength(2);
    expect(text()).toMatch(/denied: use 4 instead of 2[\s\S]*divide a=12 b=4[\s\S]*= 3/);
  });

  it("a question is answered in place", { tags: "F7.1" }, async () => {
    const { session, text } = person("lets try 12 instead");
    expect(await run(session, "calculator", ["multiply 3 and feee9f9e"], {})).toBe(0);
    expect(text()).toMatch(/request_more_information[\s\S]*multiply a=3 b=12[\s\S]*36/);
  });

  it("the end of the input leaves the request open and says how to answer it", async () => {
    const { session, text } = person();
    expect(await run(session, "calculator", ["divide 12 by 2"], {})).toBe(0);
    expect(text()).toMatch(/approve: npx twelvefold approve thr_\w+\.\d+/);
  });
});
