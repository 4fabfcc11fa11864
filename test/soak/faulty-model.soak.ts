import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { b } from "../../baml_client/index.ts";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import type { Agent } from "../../src/agent/agent.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { type Fault, startFaultyModel } from "../../src/model/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Thread } from "../../src/thread/thread.ts";

const THREADS = Number(process.env["SOAK_THREADS"] ?? 1000);
const ADDITIONS = 3;
const ada = verifiedBy("web", "ada");
const folder = mkdtempSync(join(tmpdir(), "twelvefold-faulty-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Faults that the model itself is to blame for and that leave no step: each must become exactly one refusal. */
const MISTAKES: readonly Fault[] = ["garbage", "unknown_intent", "missing_fields", "empty", "truncated"];
const OTHERS: readonly Fault[] = ["two_steps", "rate_limited", "server_error", "hang", "reset"];
const RATES = Object.fromEntries([...MISTAKES, ...OTHERS].map((fault) => [fault, 0.03]));

const impatient = promptFunction(b, "DetermineNextStep", {
  bamlFiles: getBamlFiles,
  // Longer than the rest of the process ever keeps the loop busy: only a hanging model may run into them.
  timeouts: { connect: 10_000, firstToken: 8000, idle: 8000, total: 30_000 },
  retry: { attempts: 3, firstDelay: 5, maxDelay: 20 },
});
const adder = (name: string, onLimit: "ask" | "reset"): Agent => ({
  ...calculator,
  name,
  limits: { ...calculator.limits, onLimit },
  nextStep: {
    ...calculator.nextStep,
    call: (thread, options) => impatient.call([calculator.context.render(thread)], options),
  },
});
const AGENTS = [adder("asking", "ask"), adder("resetting", "reset")];

/** The good answer: so many additions, then the end. */
function nextStep(thread: string): string {
  const done = thread.split("</add_result>").length - 1;
  const step =
    done < ADDITIONS ? { intent: "add", a: done, b: 10 } : { intent: "done_for_now", message: "added" };
  return JSON.stringify(step, null, 2);
}

/** What a person is asked because of faults. */
const ASKED = new Set(["escalation", "provider", "budget"]);

function endedOrAsks({ state }: Thread): boolean {
  const { status } = state;
  return status.kind === "finished" || (status.kind === "awaiting_human" && ASKED.has(status.request.kind));
}

describe(`a model that fails three times in ten, ${THREADS} threads`, () => {
  it("every thread ends or asks a person; only the model's mistakes use up the error budget", {
    tags: ["F9.5", "F9.9", "F9.3"],
  }, async () => {
    const model = await startFaultyModel({
      seed: Number(process.env["SOAK_SEED"] ?? 1),
      rates: RATES,
      answer: (request) => nextStep(request.messages.at(-1)?.text ?? ""),
    });
    const store = await openSqliteStore(join(folder, "threads.db"));
    const runtime = createRuntime({
      agents: AGENTS,
      store,
      model: localModel("faulty", model.url),
      concurrency: 64,
    });
    const problems: unknown[] = [];
    runtime.subscribe((seen) => {
      if (seen.kind === "problem") problems.push(seen.error);
    });
    try {
      const ids = await Promise.all(
        Array.from({ length: THREADS }, async (_, index) => {
          const agent = AGENTS[index % AGENTS.length]?.name ?? "";
          const { threadId } = await runtime.launch({ agent, input: { message: "add", from: ada } });
          return threadId;
        }),
      );
      const asked: Record<string, number> = {};
      let open = ids;
      let rounds = 0;
      for (; open.length > 0; rounds++) {
        expect(rounds, "rounds of people saying: go on").toBeLessThan(20);
        const threads = await Promise.all(open.map((id) => runtime.settled(id)));
        for (const thread of threads)
          expect(endedOrAsks(thread), JSON.stringify(thread.state.status)).toBe(true);
        const waiting = threads.filter(({ state }) => state.request !== null);
        await Promise.all(
          waiting.map(({ id, state: { request } }) => {
            if (request?.type !== "question") throw new Error("unreachable");
            asked[request.kind] = (asked[request.kind] ?? 0) + 1;
            return runtime.respond(
              requestIdOf(id, request.seq),
              { decision: { kind: "approved" }, digest: null },
              ada,
            );
          }),
        );
        open = waiting.map(({ id }) => id);
      }
      const served = (fault: Fault) => model.served.filter((one) => one === fault).length;
      const mistakes = MISTAKES.reduce((sum, fault) => sum + served(fault), 0);
      let refusals = 0;
      let resets = 0;
      for (const id of ids) {
        const { events, state } = await runtime.get(id);
        expect(state.status).toEqual({ kind: "finished", result: "added" });
        expect(events.filter(({ type }) => type === "tool_finished")).toHaveLength(ADDITIONS);
        expect(events.length, "events of a thread").toBeLessThan(100);
        refusals += events.filter(({ type }) => type === "step_refused").length;
        resets += events.filter(
          ({ type, data }) => type === "context_compacted" && data.method === "reset_errors",
        ).length;
        // An escalation follows three mistakes in a row, and nothing else.
        events.forEach((event, index) => {
          if (event.type !== "human_asked" || event.data.kind !== "escalation") return;
          const before = events.slice(0, index).filter(({ type }) => type !== "notified");
          expect(before.slice(-3).map(({ type }) => type)).toEqual(Array(3).fill("step_refused"));
        });
      }
      console.log(
        `${model.served.length} requests, ${mistakes} mistakes, ${resets} resets, asked ${JSON.stringify(asked)}`,
      );
      expect(resets).toBeGreaterThan(THREADS / 1000);
      expect(refusals, "refused steps, one for each mistake").toBe(mistakes);
      expect(problems).toEqual([]);
      expect(mistakes).toBeGreaterThan(0.1 * model.served.length);
    } finally {
      await runtime.stop();
      await store.close();
      await model.close();
    }
  });
});
