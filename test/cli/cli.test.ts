import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cli } from "./run-cli.ts";

const QUESTION = "can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?";
const REQUEST = /approve: npx twelvefold approve (thr_\w+\.\d+)/;

describe("twelvefold", { timeout: 60_000 }, () => {
  it("launches from the command line, stops at the approval and goes on from another process", {
    tags: "F6.1",
  }, async () => {
    const twelvefold = cli();
    const started = await twelvefold(["run", "calculator", QUESTION]);
    expect(started.code).toBe(0);
    expect(started.stderr).toContain("built-in offline model");
    expect(started.stderr).toMatch(/→ multiply a=3 b=4\n= 12\n→ divide a=12 b=2/);
    const request = REQUEST.exec(started.stdout)?.[1] ?? "";
    const threadId = request.split(".")[0] ?? "";

    const approved = await twelvefold(["approve", request]);
    expect(approved.code).toBe(0);
    expect(approved.stdout).toMatch(/\b18\b/);

    const [again, shown, verified, listed] = await Promise.all([
      twelvefold(["approve", request]),
      twelvefold(["show", threadId]),
      twelvefold(["verify", threadId]),
      twelvefold(["list", "--json"]),
    ]);
    expect(again.code).toBe(4);
    expect(again.stderr).toMatch(/closed: the thread is finished/);
    expect(shown.stdout).toMatch(/Approval needed: divide a=12 b=2[\s\S]*approved[\s\S]*= 6[\s\S]*✓/);
    expect(verified.stdout).toContain("unaltered");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      threads: [{ threadId, status: "finished" }],
      next: null,
    });
  });

  it("a denial's feedback reaches the model", { tags: "F7.5" }, async () => {
    const twelvefold = cli();
    const started = await twelvefold(["run", "calculator", "divide 100 by 4"]);
    const request = REQUEST.exec(started.stdout)?.[1] ?? "";
    const denied = await twelvefold(["deny", request, "use 5 instead of 4"]);
    expect(denied.stderr).toContain("→ divide a=100 b=5");
    expect(denied.stdout).toMatch(REQUEST);
  });

  it("approves with edited arguments, and refuses an edit that does not fit the type", {
    tags: "F7.9",
  }, async () => {
    const twelvefold = cli();
    const started = await twelvefold(["run", "calculator", "divide 100 by 4"]);
    const request = REQUEST.exec(started.stdout)?.[1] ?? "";
    const wrong = await twelvefold(["approve", request, "--edit", '{"b": "lots"}']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("the edit is not valid")]);
    const edited = await twelvefold(["approve", request, "--edit", '{"b": 8}', "--json"]);
    expect(edited.code).toBe(0);
    const { events } = JSON.parse(edited.stdout);
    expect(events.find((event: { type: string }) => event.type === "tool_finished").data.result).toBe(12.5);
  });

  it("pauses, resumes, forks, takes messages and cancels", async () => {
    const twelvefold = cli();
    const started = await twelvefold(["run", "calculator", "divide 9 by 3"]);
    const threadId = /thr_\w+/.exec(started.stdout)?.[0] ?? "";
    expect((await twelvefold(["pause", threadId])).stdout).toContain("paused");
    expect((await twelvefold(["pause", threadId])).code).toBe(4);
    expect((await twelvefold(["resume", threadId])).stdout).toMatch(REQUEST);
    const kept = await twelvefold(["message", threadId, "and add 1"]);
    // A newer message of the requester: the approver is asked again.
    expect(kept.stdout).toMatch(REQUEST);
    const out = await twelvefold(["leave-out", threadId, "2", "--reason", "not mine"]);
    expect(out.stdout).toMatch(/^Left out of the context from here on by .+: event 2\n$/);
    expect(await twelvefold(["leave-out", threadId, "two"])).toMatchObject({ code: 2 });
    const forked = await twelvefold(["fork", threadId, "--at", "2"]);
    const copy = /forked as (thr_\w+)/.exec(forked.stdout)?.[1] ?? "";
    expect((await twelvefold(["resume", copy])).stdout).toContain(copy);
    expect((await twelvefold(["cancel", threadId, "--reason", "enough"])).stdout).toBe("cancelled\n");
    const refused = await twelvefold(["message", threadId, "hello"]);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("cancelled")]);
  });

  it("shows a thread as Markdown, a page, a graph and the request that would come next", {
    tags: ["F5.6", "F0.4", "F2.2"],
  }, async () => {
    const twelvefold = cli();
    const started = await twelvefold(["run", "calculator", "multiply 3 and 4", "--json"]);
    const { threadId } = JSON.parse(started.stdout);
    const forms = ["markdown", "html", "graph", "request", "context", "json"];
    const shown = await Promise.all(forms.map((form) => twelvefold(["show", threadId, "--as", form])));
    const [markdown, html, graph, request, context, json] = shown.map(({ stdout }) => stdout);
    expect(shown.map(({ code }) => code)).toEqual(forms.map(() => 0));
    expect(markdown).toMatch(/^# Thread thr_[\s\S]*multiply 3 and 4/);
    expect(html).toMatch(/^<!doctype html>[\s\S]*<svg[\s\S]*<\/html>\n$/);
    expect(graph).toMatch(/^flowchart TD[\s\S]*Multiply[\s\S]*Finished/);
    expect(request).toMatch(/^POST [\s\S]*authorization: \[redacted\][\s\S]*<multiply_result>/);
    expect(request).toContain(context?.trimEnd());
    expect(JSON.parse(json ?? "")).toMatchObject({ threadId });
  });

  const BAD: [string[], number, RegExp][] = [
    [["show", "thr_unknown"], 3, /there is no thread thr_unknown/],
    [["show", "../etc"], 3, /not a thread's id/],
    [["show", "\u001b[31mthr"], 3, /"\[U\+001B]\[31mthr" is not a thread's id/],
    [["approve", "thr_unknown.7"], 3, /there is no thread/],
    [["run", "nobody", "hello"], 3, /no agent "nobody"; known: calculator/],
    [["run", "calculator"], 2, /say what the agent should do/],
    [["list", "--status", "happy"], 2, /--status takes running/],
    [["list", "--limit", "x"], 2, /whole number/],
    [["diff", "--last", "0"], 2, /at least 1/],
    [["show", "thr_abcd", "--as", "poem"], 2, /--as takes timeline/],
    [["nonsense"], 2, /unknown command/],
    [["\u001b[31mx"], 2, /unknown command '\[U\+001B\]\[31mx'/],
    [["list", "--\u202ex"], 2, /unknown option '--\[U\+202E\]x'/],
    [["fork", "thr_abcd"], 2, /--at/],
    [["answer", "thr_abcd.3"], 2, /give one of/],
  ];
  it.each(BAD)("%j fails with %i and one clear line", async (args, code, message) => {
    const result = await cli()(args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it("a store in a place that can hold none ends with the code of storage", async () => {
    const result = await cli(join(fileURLToPath(import.meta.url), "threads.db"))(["list"]);
    expect(result.code).toBe(5);
    expect(result.stderr).toMatch(/the database .*threads\.db failed/);
  });

  it("approve with a thread's id names the request to approve where nobody can be asked", async () => {
    const twelvefold = cli();
    const { stdout } = await twelvefold(["run", "calculator", "divide 9 by 3"]);
    const requestId = REQUEST.exec(stdout)?.[1] ?? "";
    const refused = await twelvefold(["approve", requestId.split(".")[0] ?? ""]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`nobody can be asked here; approve by the request's id`);
    expect(refused.stderr).toContain(requestId);
  });

  it("serve --help says who gets in without keys", async () => {
    const { stdout } = await cli()(["serve", "--help"]);
    expect(stdout).toMatch(/everybody who\s+has the printed address, or the token in it/);
  });

  it("an empty list says how to begin, or that nothing fits", { tags: "F6.2" }, async () => {
    const twelvefold = cli();
    const lists = [["list"], ["list", "--pending"], ["list", "--limit", "3"]];
    const [all, pending, few] = await Promise.all(lists.map((args) => twelvefold(args)));
    expect(all?.stdout).toBe('no threads; start one with: npx twelvefold run calculator "…"\n');
    expect(pending?.stdout).toBe("no threads match\n");
    expect(few?.stdout).toBe(all?.stdout);
  });

  it("a chosen provider without its key says which variable and how to get on", async () => {
    const result = await cli()(["run", "calculator", "1 plus 1"], { TWELVEFOLD_MODEL: "openai/gpt-5-mini" });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/OPENAI_API_KEY[\s\S]*offline/);
  });

  it("--version is that of the package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await cli()(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("--help teaches every command", async () => {
    const { stdout } = await cli()(["--help"]);
    for (const name of [
      "run",
      "list",
      "show",
      "approve",
      "deny",
      "answer",
      "message",
      "pause",
      "resume",
      "cancel",
      "fork",
      "verify",
      "model",
      "prompt",
      "tokens",
      "serve",
      "key",
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    }
    expect((await cli()(["approve", "--help"])).stdout).toMatch(
      /Example:[\s\S]*--?digest|digest[\s\S]*Example:/,
    );
  });
});
