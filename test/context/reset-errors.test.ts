import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineAgent, type ErrorLimits } from "../../src/agent/agent.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { contextBlocks } from "../../src/context/blocks/context-blocks.ts";
import type { ContextOptions } from "../../src/context/context.ts";
import { advance } from "../../src/loop/advance.ts";
import type { Write } from "../../src/loop/journal.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { appendEvents, startThread, type Thread, threadOf } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { answer, ofType, person, runAgent } from "./run-agent.ts";

type Step =
  | { intent: "fetch"; url: string }
  | { intent: "post"; url: string }
  | { intent: "look"; at: string }
  | { intent: "ask"; question: string }
  | { intent: "done"; message: string };

const FETCH: Step = { intent: "fetch", url: "a" };
const POST: Step = { intent: "post", url: "b" };
const LOOK: Step = { intent: "look", at: "sky" };
const DONE: Step = { intent: "done", message: "done" };
const BAD = { unparseable: "I will not say." };

const IS_DOWN = new Error("a is down");
const SAYS_NO = new Error("b says no");

interface Options {
  readonly limits?: ErrorLimits;
  readonly severalSteps?: "first" | "in_order";
  readonly context?: ContextOptions;
  readonly steps?: number;
}

/** `look` succeeds, each time with another result; `fetch` and `post` fail. */
function resetting(script: readonly ScriptedAnswer<Step>[], options: Options = {}) {
  const nextStep = scriptedSteps<Step>(script);
  let looks = 0;
  const agent = defineAgent(nextStep, {
    name: "fetcher",
    limits: { onLimit: "reset", ...options.limits },
    severalSteps: options.severalSteps ?? "first",
    context: options.context ?? {},
    ...(options.steps === undefined ? {} : { budget: { steps: options.steps } }),
    steps: {
      fetch: tool(() => Promise.reject(IS_DOWN), { readOnly: true }),
      post: tool(() => Promise.reject(SAYS_NO), { idempotent: true }),
      look: tool(() => `blue ${++looks}`, { readOnly: true }),
      ask: askHuman(({ question }) => question),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep };
}

const asksBecauseStuck = { kind: "awaiting_human", request: { kind: "escalation" } };

function resets(thread: Thread) {
  return ofType(thread, "context_compacted").filter(({ method }) => method === "reset_errors");
}

describe("resetting part of the context at a limit on errors", () => {
  it("the failed attempts become one line for the model, stay in the thread, and errors count anew", {
    tags: "F9.5",
  }, async () => {
    const { agent, nextStep } = resetting([LOOK, FETCH, BAD, FETCH, DONE]);
    const { thread } = await runAgent(agent);
    expect(thread.state.status.kind).toBe("finished");
    expect(nextStep.prompts[3]).toContain("<fetch_error>");
    expect(nextStep.prompts[4]).toBe(
      [
        "<message_received>\ngo\n</message_received>",
        "<look>\nat: sky\n</look>",
        "<look_result>\nblue 1\n</look_result>",
        "<folded_errors>\nfetch failed 2 times (a is down). an answer could not be used once (The answer holds no JSON object. Answer with exactly one.)\n</folded_errors>",
      ].join("\n\n"),
    );
    expect(resets(thread)).toEqual([
      { from: 6, to: 12, method: "reset_errors", replacement: expect.any(String) },
    ]);
    expect(thread.events[5]?.type).toBe("step_proposed");
    expect(thread.events[11]?.type).toBe("tool_failed");
    expect(ofType(thread, "tool_failed")).toHaveLength(2);
  });

  it("with nothing successful since the reset a person is asked, never twice reset", {
    tags: "F9.5",
  }, async () => {
    const { agent } = resetting([FETCH, FETCH, FETCH, BAD, POST, FETCH]);
    const { thread, runtime } = await runAgent(agent);
    expect(thread.state.status).toMatchObject({
      ...asksBecauseStuck,
      request: { question: expect.stringContaining("also after its failed attempts were set aside") },
    });
    expect(resets(thread)).toHaveLength(1);
    await runtime.stop();
  });

  it("a person who says to go on, and a success, make another reset possible", { tags: "F9.5" }, async () => {
    const three = [FETCH, FETCH, FETCH];
    const asked = resetting([...three, ...three, ...three, DONE]);
    const { thread, runtime } = await runAgent(asked.agent);
    const after = await answer(runtime, thread, "approved");
    expect(after.state.status.kind).toBe("finished");
    expect(resets(after)).toHaveLength(2);
    await runtime.stop();
    const succeeded = resetting([BAD, BAD, BAD, LOOK, BAD, BAD, BAD, DONE]);
    const { thread: other } = await runAgent(succeeded.agent);
    expect(other.state.status.kind).toBe("finished");
    expect(resets(other)).toHaveLength(2);
  });

  it("a tool that fails between successes of others gets one fresh start, and their results stay", {
    tags: ["F9.4", "F9.5"],
  }, async () => {
    const { agent, nextStep } = resetting([FETCH, LOOK, FETCH, LOOK, FETCH, LOOK, FETCH, LOOK, FETCH, FETCH]);
    const { thread } = await runAgent(agent);
    const shown = nextStep.prompts[5];
    expect(shown).not.toContain("fetch_error");
    expect(shown).not.toContain("<fetch>");
    expect(shown).toContain("blue 1");
    expect(shown).toContain("blue 2");
    expect(resets(thread)).toHaveLength(1);
    expect(thread.state.status).toMatchObject({
      ...asksBecauseStuck,
      request: { question: expect.stringContaining("fetch failed 6 times") },
    });
  });

  it("with several steps in order, what succeeded among what failed is not hidden", {
    tags: "F9.5",
  }, async () => {
    const both = { steps: [LOOK, FETCH, POST] } as const;
    const { agent } = resetting([both, both, DONE], {
      severalSteps: "in_order",
      limits: { attemptsPerTool: 2 },
    });
    const { thread: after } = await runAgent(agent);
    expect(resets(after)).toHaveLength(1);
    expect(
      contextBlocks(after.events)
        .map(({ tag }) => tag)
        .slice(0, -1),
    ).toEqual([
      "message_received",
      "look",
      "look_result",
      "folded_errors",
      "look",
      "look_result",
      "folded_errors",
    ]);
  });

  it("a step that succeeds again and again is a person's, not reset", {
    tags: ["F9.5", "F9.7"],
  }, async () => {
    const stuck = scriptedSteps<Step>(Array(6).fill(LOOK));
    const agent = defineAgent(stuck, {
      name: "looker",
      limits: { onLimit: "reset" },
      steps: {
        fetch: tool(() => "ok"),
        post: tool(() => "ok"),
        look: tool(() => "blue", { readOnly: true }),
        ask: askHuman(({ question }) => question),
        done: finish(() => "done"),
      },
    });
    const { thread } = await runAgent(agent);
    expect(thread.state.status).toMatchObject(asksBecauseStuck);
    expect(resets(thread)).toHaveLength(0);
  });

  it("the line holds no secret, also where it is cut", { tags: ["F9.5", "F3.8"] }, async () => {
    const secret = `AB-${"7".repeat(40)}`;
    const at = "x".repeat(150);
    const agent = defineAgent(scriptedSteps<Step>([FETCH, FETCH, FETCH, DONE]), {
      name: "fetcher",
      limits: { onLimit: "reset" },
      context: { redact: { patterns: [{ kind: "badge", pattern: /AB-\d{40}/g }] } },
      steps: {
        fetch: tool(() => Promise.reject(new Error(at + secret + at)), { readOnly: true }),
        post: tool(() => "ok"),
        look: tool(() => "ok"),
        ask: askHuman(({ question }) => question),
        done: finish(() => "done"),
      },
    });
    const { thread } = await runAgent(agent);
    const line = String(resets(thread)[0]?.replacement);
    expect(line.length).toBeLessThanOrEqual(300);
    expect(line).not.toMatch(/7{3}/);
  });

  it("a reset that no limit asked for, or a second one, does not fit a thread", {
    tags: "F9.5",
  }, async () => {
    const { agent } = resetting([FETCH, FETCH, FETCH, BAD, DONE]);
    const { thread } = await runAgent(agent);
    const upTo = (seq: number) => threadOf(thread.id, thread.events.slice(0, seq));
    const reset = { type: "context_compacted", data: { from: 2, to: 2, method: "reset_errors" } } as const;
    expect(() => appendEvents(upTo(2), [reset], 0)).toThrow("there are no errors in a row");
    expect(() => appendEvents(upTo(13), [reset], 0)).toThrow("nothing has succeeded since");
  });
});

describe("a reset and time", () => {
  it("a replay makes the same thread, and finds a reset that today's agent would not make", {
    tags: ["F12.3", "F9.5"],
  }, async () => {
    const { agent } = resetting([FETCH, LOOK, FETCH, BAD, POST, FETCH, FETCH, FETCH]);
    const { thread } = await runAgent(agent);
    expect(resets(thread)).toHaveLength(1);
    expect(ofType(thread, "context_compacted").map(({ method }) => method)).toEqual([
      "fold_errors",
      "reset_errors",
    ]);
    const copy = await replayThread(thread, resetting([]).agent);
    expect(canonicalJson(toJson(copy))).toBe(canonicalJson(toJson(thread)));
    const asking = resetting([], { limits: { onLimit: "ask" } });
    await expect(replayThread(thread, asking.agent)).rejects.toThrow("reset_errors");
  });

  it("a process that ends before or after any write of a reset: the thread comes out the same", {
    tags: ["F12.5", "F9.5"],
  }, async () => {
    const script = [LOOK, FETCH, BAD, FETCH, DONE] as const;
    const { thread: whole } = await runAgent(resetting(script).agent);
    const types = (thread: Thread) =>
      thread.events.map(({ type }) => type).filter((type) => type !== "tool_started");
    let deaths = 0;
    for (const when of ["before", "after"] as const) {
      for (let writes = 1; ; writes += 1) {
        const thread = await interrupted(script, writes, when);
        if (thread === undefined) break;
        deaths += 1;
        expect(resets(thread)).toHaveLength(1);
        expect(types(thread)).toEqual(types(whole));
        expect(contextBlocks(thread.events)).toEqual(contextBlocks(whole.events));
      }
    }
    expect(deaths).toBeGreaterThan(8);
  });

  it("whatever fails in whatever order, every thread ends or asks, and no reset follows another", {
    tags: ["F9.5", "F9.3"],
  }, async () => {
    const answers = fc.constantFrom<ScriptedAnswer<Step>>(FETCH, POST, LOOK, BAD, {
      steps: [LOOK, FETCH, POST],
    });
    const options = fc.record({
      consecutiveErrors: fc.integer({ min: 1, max: 4 }),
      attemptsPerTool: fc.integer({ min: 1, max: 4 }),
      repeats: fc.integer({ min: 2, max: 4 }),
      severalSteps: fc.constantFrom("first" as const, "in_order" as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(answers, { maxLength: 25 }), options, async (script, given) => {
        const { severalSteps, ...limits } = given;
        const { agent } = resetting([...script, DONE], { limits, severalSteps, steps: 40 });
        const { thread, runtime } = await runAgent(agent);
        await runtime.stop();
        expect(["finished", "awaiting_human"]).toContain(thread.state.status.kind);
        if (thread.state.request !== null) {
          expect(thread.state.request).toMatchObject({ type: "question" });
          expect(["escalation", "budget"]).toContain(
            thread.state.request.type === "question" ? thread.state.request.kind : "",
          );
        }
        const marks = thread.events.flatMap(({ type, data }) =>
          type === "tool_finished"
            ? ["success"]
            : "method" in data && data.method === "reset_errors"
              ? ["reset"]
              : [],
        );
        expect(marks.join(" ")).not.toContain("reset reset");
        // What the model reads of failures are those since the last reset.
        const last = thread.events.findLast(
          ({ data }) => "method" in data && data.method === "reset_errors",
        )?.seq;
        const failures = thread.events.filter(
          ({ type, seq }) => (type === "tool_failed" || type === "step_refused") && seq > (last ?? 0),
        );
        const shown = contextBlocks(thread.events).filter(({ tag }) => /_error$|^step_refused$/.test(tag));
        expect(shown).toHaveLength(failures.length);
      }),
      { numRuns: propertyRuns(150) },
    );
  });
});

class Death extends Error {}

/** The loop on a disk of its own; it dies at the nth write, before or after it is on disk. */
async function live(
  disk: { thread: Thread },
  script: readonly ScriptedAnswer<Step>[],
  dies: { readonly at: number; readonly when: "before" | "after" } | null,
): Promise<void> {
  let thread = disk.thread;
  let writes = 0;
  const journal = {
    get thread() {
      return thread;
    },
    async append({ events, when }: Write) {
      thread = appendEvents(thread, typeof events === "function" ? events(thread) : events, 0);
      if (when === "now") await this.flush();
    },
    async flush() {
      if (disk.thread === thread) return;
      writes += 1;
      const dying = dies?.at === writes;
      if (dying && dies.when === "before") throw new Death();
      disk.thread = thread;
      if (dying) throw new Death();
    },
  };
  const { agent } = resetting(script.slice(disk.thread.state.modelCalls));
  await advance(journal, agent, { clock: fakeClock(), signal: new AbortController().signal });
}

/** A run whose process ends at its nth write, taken up by another one; `undefined` when there is no nth write. */
async function interrupted(
  script: readonly ScriptedAnswer<Step>[],
  at: number,
  when: "before" | "after",
): Promise<Thread | undefined> {
  const opening = { type: "message_received", data: { text: "go", from: person } } as const;
  const disk = { thread: appendEvents(startThread({ agent: "fetcher" }, 0), [opening], 0) };
  try {
    await live(disk, script, { at, when });
    return undefined;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  }
  await live(disk, script, null);
  return disk.thread;
}
