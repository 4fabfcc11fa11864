import { mkdtempSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { approve } from "../../src/cli/commands/answer.ts";
import { list } from "../../src/cli/commands/list.ts";
import { run } from "../../src/cli/commands/run.ts";
import { resume } from "../../src/cli/commands/threads.ts";
import { accountPerson, createSession, type Session } from "../../src/cli/session.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { verifiedBy } from "../../src/humans/principal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** A terminal with a person who gives these answers, then ends the input. */
function person(...answers: (string | undefined)[]) {
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
    env: { TWELVEFOLD_STORE: store, USER: "eve" },
    folder: root,
    json: false,
    person: verifiedBy("terminal", "ada"),
  });
  close = opened.close;
  return { session: opened.session, asked, text: () => lines.join("\n") };
}

describe("at a terminal", () => {
  it("Enter approves", { tags: "F7.12" }, async () => {
    const { session, asked, text } = person("");
    expect(await run(session, "calculator", ["divide 12 by 2 and then add 12"], {})).toBe(0);
    expect(asked).toEqual([expect.stringContaining("Press Enter to approve")]);
    expect(text()).toMatch(/terminal:ada approved[\s\S]*= 6[\s\S]*\b18\b/);
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

  it("approve with a thread's id shows the card and asks; only a yes approves it", {
    tags: "F7.12",
  }, async () => {
    const { session, asked, text } = person(undefined, "", "no", "yes");
    await run(session, "calculator", ["divide 12 by 2"], {});
    const [requestId = "", threadId = ""] = /(thr_\w+)\.\d+/.exec(text()) ?? [];
    for (const _ of ["nothing", "no"]) {
      expect(await approve(session, threadId, {})).toBe(0);
      expect(text()).toContain("nothing was decided");
    }
    expect(text()).not.toContain("= 6");
    expect(await approve(session, threadId, {})).toBe(0);
    expect(asked.filter((question) => question.includes("Approve this?"))).toHaveLength(3);
    expect(text()).toContain("= 6");
    await expect(approve(session, requestId, {})).rejects.toMatchObject({ code: "conflict" });
  });

  it("where nobody can be asked, approve needs the id of the request", { tags: "F7.6" }, async () => {
    const { session, text } = person();
    await run(session, "calculator", ["divide 12 by 2"], {});
    const [requestId = "", threadId = ""] = /(thr_\w+)\.\d+/.exec(text()) ?? [];
    const alone = { ...session, terminal: { ...session.terminal, interactive: false } };
    await expect(approve(alone, threadId, {})).rejects.toThrow(`twelvefold approve ${requestId}`);
    expect(await approve(alone, requestId, {})).toBe(0);
    expect(text()).toContain("= 6");
  });
});

describe("a request that is answered elsewhere while it is asked about here", { tags: "F7.6" }, () => {
  it("ends the question, and the thread is followed on", async () => {
    const { session, text } = person();
    const terminal: Terminal = {
      ...session.terminal,
      ask: async (_question, signal) => {
        const [requestId = ""] = /thr_\w+\.\d+/.exec(await listed(session)) ?? [];
        const other = { ...session, terminal: { ...session.terminal, interactive: false } };
        await approve(other, requestId, {});
        return await new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
      },
    };
    expect(await run({ ...session, terminal }, "calculator", ["divide 12 by 2"], {})).toBe(0);
    expect(text()).toMatch(
      /terminal:ada approved[\s\S]*This has been answered elsewhere[\s\S]*The result is 6\.$/,
    );
  });

  it("takes no answer that comes too late, says so, and goes on", async () => {
    const { session, text } = person();
    const terminal: Terminal = {
      ...session.terminal,
      ask: async () => {
        const [requestId = ""] = /thr_\w+\.\d+/.exec(await listed(session)) ?? [];
        const other = { ...session, terminal: { ...session.terminal, interactive: false } };
        await approve(other, requestId, {});
        return "take 3";
      },
    };
    expect(await run({ ...session, terminal }, "calculator", ["divide 12 by 2"], {})).toBe(0);
    expect(text()).toMatch(/answered first: this answer does not count[\s\S]*The result is 6\.$/);
    expect(text()).not.toContain("denied");
  });

  it("resume asks about a thread that waits, or says how to answer it", async () => {
    const { session, asked, text } = person(undefined, "");
    await run(session, "calculator", ["divide 12 by 2"], {});
    const [, threadId = ""] = /(thr_\w+)\.\d+/.exec(text()) ?? [];
    const alone = { ...session, terminal: { ...session.terminal, interactive: false } };
    expect(await resume(alone, threadId)).toBe(0);
    expect(asked).toHaveLength(1);
    expect(text()).toMatch(/approve: npx twelvefold approve thr_\w+\.\d+\n[^\n]*$/);
    expect(await resume(session, threadId)).toBe(0);
    expect(asked).toHaveLength(2);
    expect(text()).toContain("The result is 6.");
    await expect(resume(session, threadId)).rejects.toThrow("cannot be resumed");
  });
});

/** What `list` prints. */
async function listed(session: Session): Promise<string> {
  const lines: string[] = [];
  const terminal: Terminal = { ...session.terminal, out: (text) => lines.push(text) };
  await list({ ...session, terminal }, { limit: 10 });
  return lines.join("\n");
}

describe("who sits at the terminal", { tags: "F7.11" }, () => {
  it("is the account of the process, never what the environment says", () => {
    const { username } = userInfo();
    const before = process.env["USER"];
    process.env["USER"] = "somebody-else";
    try {
      expect(accountPerson()).toMatchObject({ channel: "terminal", id: username });
    } finally {
      if (before === undefined) delete process.env["USER"];
      else process.env["USER"] = before;
    }
  });

  it("is named by its number where the account has no name", () => {
    const nameless = () => {
      throw Object.assign(new Error("ENOENT: no such user"), { code: "ERR_SYSTEM_ERROR" });
    };
    expect(accountPerson(nameless).id).toMatch(/^uid-\d+$/);
    expect(accountPerson(() => ({ username: "" })).id).toMatch(/^uid-\d+$/);
    expect(accountPerson(() => ({ username: "grace" })).id).toBe("grace");
  });
});
