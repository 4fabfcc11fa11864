import { afterEach, describe, expect, it, vi } from "vitest";
import { callIdAt, parseThreadId } from "../../src/base/ids.ts";
import { followThread } from "../../src/cli/commands/follow.ts";
import { list } from "../../src/cli/commands/list.ts";
import { run } from "../../src/cli/commands/run.ts";
import { show } from "../../src/cli/commands/show.ts";
import { findThread } from "../../src/cli/find-thread.ts";
import { follow } from "../../src/cli/follow.ts";
import { localTime } from "../../src/cli/local-time.ts";
import { createSession, type Session } from "../../src/cli/session.ts";
import { createWorkingLine } from "../../src/cli/working-line.ts";
import { createMemoryStore, defineAgent, finish, fold, type Runtime, tool } from "../../src/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { createThread, numberEvents, startSample } from "../../src/testing/store-contract/samples.ts";

type Step = { intent: "look"; id: string } | { intent: "done"; message: string };

const runtimes: Runtime[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

/** A session at a terminal that notes what it shows: `>` marks lines on standard output, `~` the line that changes. */
function atTerminal(
  options: { readonly input?: string; readonly json?: boolean; readonly tty?: boolean } = {},
) {
  const shown: string[] = [];
  const { session } = createSession({
    terminal: {
      interactive: false,
      colors: false,
      out: (text) => void shown.push(`> ${text}`),
      err: (text) => void shown.push(text),
      ...(options.tty === true
        ? { status: (text: string) => void shown.push(`~ ${text}`), columns: () => 60 }
        : {}),
      ...(options.input === undefined ? {} : { input: async () => options.input ?? "" }),
      ask: async () => undefined,
    },
    env: {},
    folder: ".",
    json: options.json ?? false,
  });
  const store = createMemoryStore();
  const agent = defineAgent(
    scriptedSteps<Step>([
      { intent: "look", id: "A-1020" },
      { intent: "done", message: "it is there" },
    ]),
    {
      name: "looks",
      steps: { look: tool(async () => "found", { readOnly: true }), done: finish(({ message }) => message) },
    },
  );
  const runtime = createRuntime({ agents: [agent], store });
  runtimes.push(runtime);
  const here: Session = {
    ...session,
    store: async () => store,
    runtime: async () => runtime,
    runtimeWithModel: async () => runtime,
    config: async () => ({ agents: [agent] }),
  };
  return { session: here, store, runtime, shown, text: () => shown.join("\n") };
}

const id = (text: string) => parseThreadId(text) ?? expect.unreachable();

describe("threads at the terminal", { tags: ["F0.3", "E9"] }, () => {
  it("a message is piped in, and the thread's id and the message stand there before the model answers", async () => {
    const { session, shown } = atTerminal({ input: "where is A-1020?\n" });
    expect(await run(session, "looks", [], {})).toBe(0);
    expect(shown[0]).toMatch(/^thread: thr_/);
    expect(shown[2]).toMatch(/^▸ .*: where is A-1020\?$/);
    expect(shown.at(-1)).toBe("> it is there");
    const empty = atTerminal({ input: "  \n" });
    await expect(run(empty.session, "looks", [], {})).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("a line shows what is done, for how long, and what the model writes; it leaves nothing behind", () => {
    const { session, shown } = atTerminal({ tty: true });
    let now = 0;
    const line = createWorkingLine(session, () => now);
    const state = fold(numberEvents(1, [startSample()]));
    line.moved(state);
    now = 12_300;
    line.partial({ intent: "done", message: `${"x".repeat(800)} the end` });
    expect(shown.at(-1)).toMatch(/^~ \S the model answers · 12 s {2}….*the end"$/);
    expect(shown.at(-1)?.length).toBeLessThanOrEqual(62);
    // What has not begun is not shown.
    line.partial({ intent: null, message: null });
    expect(shown.at(-1)).toMatch(/ 12 s$/);
    line.partial({ intent: "done", message: null });
    expect(shown.at(-1)).toMatch(/ 12 s {2}done$/);
    line.above(() => session.terminal.err("a step"));
    expect(shown.slice(-3)).toEqual([
      "~ ",
      "a step",
      expect.stringMatching(/^~ \S the model answers · 12 s/),
    ]);
    line.hide();
    expect(shown.at(-1)).toBe("~ ");
  });

  it("the line says that the model answers as soon as it does, whatever was done before", () => {
    const { session, shown } = atTerminal({ tty: true });
    let now = 0;
    const line = createWorkingLine(session, () => now);
    const state = fold(numberEvents(1, [startSample()]));
    line.moved({
      ...state,
      status: { kind: "awaiting_child", callId: callIdAt(3), threadId: id("thr_child1111") },
    });
    now = 9_000;
    expect(shown.at(-1)).toMatch(/ another agent works · 0 s$/);
    line.partial({ intent: "done" });
    expect(shown.at(-1)).toMatch(/ the model answers · 0 s {2}done$/);
    line.hide();
  });

  it("a thread is named by the beginning of its id, by a request, or by `last`", async () => {
    const { session, store } = atTerminal();
    await expect(findThread(session, "last")).rejects.toMatchObject({ code: "not_found" });
    const one = await createThread(store, { id: id("thr_abcdef1111") });
    const two = await createThread(store, { id: id("thr_abcxyz2222"), at: Date.UTC(2026, 5, 1) });
    for (const text of [one, `${one}.7`, "thr_abcd", "abcd", "thr_abcd….7", "thr_abcd..."])
      expect([text, await findThread(session, text)]).toEqual([text, one]);
    expect(await findThread(session, "last")).toBe(two);
    await expect(findThread(session, "abc")).rejects.toThrow(/several ids: thr_abcxyz2222, thr_abcdef1111/);
    // Every thread has an event 4: which one is the last may have changed since somebody looked.
    await expect(findThread(session, "last.4")).rejects.toThrow(/names no request.*npx twelvefold list/);
    for (const text of ["ab", "zzz", "thr_", "%", "", "../x"])
      await expect(findThread(session, text)).rejects.toMatchObject({ code: "not_found" });
  });

  it("a list says what a thread is about, what it was found by, which are interrupted, and the zone of its times", async () => {
    vi.stubEnv("TZ", "Asia/Tokyo");
    const { session, store, text, shown } = atTerminal();
    const begun = {
      agent: "looks",
      wantsAdvance: true,
      subject: "left alone",
      title: "looks wants to run it",
    };
    await createThread(store, { projection: begun });
    await createThread(store, {
      texts: ["refund A-1020"],
      findable: [{ seq: 2, text: "please refund A-1020 to Ada" }],
      projection: { status: "awaiting_approval", pendingRequest: 2, subject: "the order of Ada" },
    });
    await list(session, { limit: 10 });
    expect(text()).toMatch(/interrupted .* 2026-01-01 09:00 GMT\+9 {2}left alone/);
    // It was asked and has been answered.
    expect(text()).not.toContain("wants to run it");
    shown.length = 0;
    await list(session, { limit: 10, search: "refund a-10" });
    expect(text()).toMatch(/the order of Ada\n>? {4,}please refund A-1020 to Ada {2}thr_\w+\.2$/);
    const scripted = atTerminal({ json: true });
    await createThread(scripted.store, { projection: { pendingRequest: 1, status: "awaiting_human" } });
    await list(scripted.session, { limit: 10 });
    const page: { threads: { threadId: string; requestId: string }[] } = JSON.parse(
      scripted.shown[0]?.slice(2) ?? "",
    );
    expect(page.threads[0]?.requestId).toBe(`${page.threads[0]?.threadId}.1`);
  });

  it("nothing that a model wrote reaches the terminal as a command, in a result or in JSON", {
    tags: "S4",
  }, async () => {
    const hostile = "\u009b2J\u001b[2J\u007f\u202e\u{e0041}\u2028";
    const ends = (json: boolean) => {
      const at = atTerminal({ json });
      const agent = defineAgent(scriptedSteps<Step>([{ intent: "done", message: hostile }]), {
        name: "looks",
        steps: {
          look: tool(() => "found", { readOnly: true }),
          done: finish(({ message }) => ({ [message]: message })),
        },
      });
      const runtime = createRuntime({ agents: [agent], store: at.store });
      runtimes.push(runtime);
      const session = { ...at.session, runtime: async () => runtime, runtimeWithModel: async () => runtime };
      return { ...at, session };
    };
    for (const json of [false, true]) {
      const { session, shown, text } = ends(json);
      expect(await run(session, "looks", [hostile], {})).toBe(0);
      await show(session, "last", { as: "timeline" });
      await followThread(session, "last");
      await list(session, { limit: 10 });
      expect(text()).not.toMatch(/[[\p{Cc}\p{Cf}\u2028]--[\n]]/v);
      const [whole = ""] = json ? shown.filter((one) => one.startsWith("> {")) : [];
      if (json) expect(JSON.parse(whole.slice(2)).status.result).toEqual({ [hostile]: hostile });
    }
  });

  it("`show` gives the numbers that `fork` takes, and its times have a zone; steps that only read have no grade", async () => {
    vi.stubEnv("TZ", "America/New_York");
    const { session, shown, text } = atTerminal();
    await run(session, "looks", ["go"], {});
    shown.length = 0;
    await show(session, "last", { as: "timeline" });
    expect(text()).toMatch(/started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d (EDT|EST|GMT-[45])/);
    expect(text()).toMatch(/^> +3 .*→ look id=.A-1020.$/m);
    expect(text()).not.toMatch(/\[/);
    expect(localTime("2026-07-01T12:00:00.000Z")).toMatch(/^2026-07-01 08:00:00 (EDT|GMT-4)$/);
  });

  it("`follow` shows a thread that others work on until it rests, and says so if nobody does", async () => {
    const { session, runtime, store, shown, text } = atTerminal();
    const { threadId } = await runtime.launch({
      agent: "looks",
      input: { message: "go", from: session.person },
    });
    expect(await followThread(session, threadId)).toBe(0);
    expect(shown.at(-1)).toBe("> it is there");
    shown.length = 0;
    const left = await createThread(store, { projection: { agent: "looks", wantsAdvance: true } });
    expect(await followThread(session, left)).toBe(0);
    expect(text()).toContain(`npx twelvefold resume ${left}`);
    expect((await store.read(left)).length).toBe(1);
  });

  it("Ctrl-C leaves a clean line and nothing half done", async () => {
    const { session, runtime, shown } = atTerminal({ tty: true });
    const sleeping = {
      ...runtime,
      settled: (_: unknown, signal?: AbortSignal) =>
        new Promise<never>((__, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    };
    const threadId = await createThread(await session.store(), { projection: { agent: "looks" } });
    const code = follow(session, sleeping, threadId);
    await expect.poll(() => shown.some((line) => line.includes("the model answers"))).toBe(true);
    process.emit("SIGINT");
    expect(await code).toBe(130);
    expect(shown.at(-2)).toBe("~ ");
    expect(shown.at(-1)).toBe(`Interrupted; nothing is lost. To go on: npx twelvefold resume ${threadId}`);
  });
});
