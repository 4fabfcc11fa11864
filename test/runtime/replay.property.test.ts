import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConflictError } from "../../src/base/errors.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { EventType, HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { type FullStep, fullAgent } from "./full-agent.ts";

const ada = verifiedBy("terminal", "ada");
const bob = verifiedBy("web", "bob", "Bob");

const step: fc.Arbitrary<FullStep> = fc.oneof(
  fc.record({ intent: fc.constant("add" as const), a: fc.nat(3), b: fc.nat(3) }),
  fc.record({ intent: fc.constant("pay" as const), amount: fc.constantFrom(5, 50, 500), to: fc.string() }),
  fc.record({ intent: fc.constant("put" as const), value: fc.nat(2) }),
  fc.record({ intent: fc.constant("fail" as const), message: fc.constantFrom("down", "up") }),
  fc.record({ intent: fc.constant("refund" as const), amount: fc.constantFrom(5, 50, 500) }),
  fc.record({ intent: fc.constant("lookup" as const), id: fc.constantFrom("known", "unknown") }),
  fc.record({ intent: fc.constant("nap" as const), seconds: fc.nat(100) }),
  fc.record({ intent: fc.constant("await" as const), name: fc.constantFrom("ready", "paid") }),
  fc.record({ intent: fc.constant("tell" as const), message: fc.string() }),
  fc.record({ intent: fc.constant("ask" as const), message: fc.string() }),
);
const answer: fc.Arbitrary<ScriptedAnswer<FullStep>> = fc.oneof(
  { weight: 6, arbitrary: step },
  {
    weight: 2,
    arbitrary: fc
      .tuple(step, fc.array(step, { minLength: 1, maxLength: 3 }))
      .map(([first, more]): ScriptedAnswer<FullStep> => ({ steps: [first, ...more] })),
  },
  {
    weight: 1,
    arbitrary: step.map((value) => ({
      step: value,
      fidelity: { grade: "doubtful" as const, reasons: ["negated"] },
    })),
  },
  { weight: 1, arbitrary: fc.string().map((unparseable) => ({ unparseable })) },
  { weight: 1, arbitrary: fc.constant({ throws: new Error("the provider is down") }) },
);
const plan = fc.record({
  script: fc.array(answer, { maxLength: 8 }),
  people: fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }),
  severalSteps: fc.constantFrom("first" as const, "in_order" as const, "concurrent" as const),
  whenBusy: fc.constantFrom("steer" as const, "queue" as const, "interrupt" as const),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** Who writes to a thread that has come to its end is told that the provider is down. */
const DOWN: readonly ScriptedAnswer<FullStep>[] = Array(500).fill({
  throws: new Error("the provider is down"),
});

/** Runs a plan with people who approve, deny, edit, answer, write, pause and resume. */
async function run({ script, people, ...settings }: Plan): Promise<Thread> {
  let drawn = 0;
  const draw = (below: number) => (people[drawn++ % people.length] ?? 0) % below;
  const fake = fakeClock();
  let ticks = 0;
  // Every look at the clock sees a later time, as in life.
  const clock = { ...fake, now: () => fake.now() + ticks++ };
  let threadId: ThreadId | undefined;
  const during = async () => {
    if (threadId === undefined) return;
    const what = draw(12);
    const done =
      what === 0
        ? runtime.message(threadId, "by the way", bob)
        : what === 1
          ? runtime.pause(threadId, bob, "wait")
          : what === 2 && draw(4) === 0
            ? runtime.cancel(threadId, bob)
            : undefined;
    await done?.catch(() => {});
  };
  const end: ScriptedAnswer<FullStep> =
    draw(2) === 0 ? { intent: "done", message: "end" } : { intent: "nothing" };
  const { agent } = fullAgent([...script, end, ...DOWN], { ...settings, onModel: during, onTool: during });
  const runtime: Runtime = createRuntime({ agents: [agent], store: createMemoryStore(), clock });
  ({ threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } }));
  for (let turns = 0; turns < 25; turns++) {
    const thread = await runtime.settled(threadId);
    if (thread.state.ended !== null) break;
    await fake.advance(1_000);
    await turn(runtime, thread, draw, (ms) => fake.advance(ms)).catch((error: unknown) => {
      // Somebody else may have cancelled or answered in between.
      if (!(error instanceof ConflictError)) throw error;
    });
  }
  await runtime.stop();
  return runtime.get(threadId);
}

async function turn(
  runtime: Runtime,
  { id, state }: Thread,
  draw: (below: number) => number,
  pass: (ms: number) => Promise<void>,
) {
  const { status } = state;
  if (draw(8) === 0) await runtime.message(id, "one more thing", ada);
  switch (status.kind) {
    case "paused":
      return runtime.resume(id, ada);
    case "awaiting_time":
      await pass(101_000);
      return runtime.message(id, "and now?", ada);
    case "awaiting_event": {
      if (draw(2) === 0) await pass(61_000);
      const { callId, name } = status;
      return runtime.receive(id, { name, source: "test", payload: { ok: true }, callId }).catch(() => {});
    }
    case "awaiting_approval": {
      if (draw(6) === 0) {
        await pass(3_601_000);
        return runtime.message(id, "too late?", ada);
      }
      const { seq, digest, card } = status.request;
      const decisions: readonly HumanDecision[] = [
        { kind: "approved" },
        { kind: "approved" },
        { kind: "denied", feedback: "not this" },
        { kind: "approved", editedStep: { ...card.arguments, intent: card.intent, amount: 20 } },
      ];
      const decision = decisions[draw(4)] ?? { kind: "approved" };
      const by = draw(2) === 0 ? ada : bob;
      return runtime.respond(requestIdOf(id, seq), { digest, decision }, by).catch(() => {});
    }
    case "awaiting_human": {
      const { seq, kind } = status.request;
      const decisions: readonly HumanDecision[] =
        kind === "question"
          ? [{ kind: "answered", text: "that one" }]
          : kind === "unknown_outcome"
            ? [
                { kind: "happened", result: 1 },
                { kind: "did_not_happen" },
                { kind: "denied", feedback: "leave it" },
              ]
            : [
                { kind: "approved" },
                { kind: "answered", text: "try b" },
                { kind: "denied", feedback: "stop" },
              ];
      const decision = decisions[draw(decisions.length)] ?? { kind: "approved" };
      return runtime.respond(requestIdOf(id, seq), { decision, digest: null }, ada);
    }
    default:
      return undefined;
  }
}

const textOf = (thread: Thread) => canonicalJson(toJson(thread));

describe("replay", () => {
  it("replaying the recorded outputs reproduces any thread byte for byte", {
    tags: "F12.3",
    timeout: 600_000,
  }, async () => {
    const seen = new Set<EventType>();
    await fc.assert(
      fc.asyncProperty(plan, async (drawn) => {
        const thread = await run(drawn);
        for (const event of thread.events) seen.add(event.type);
        const { agent } = fullAgent([], { severalSteps: drawn.severalSteps, whenBusy: drawn.whenBusy });
        const again = await replayThread(thread, agent);
        expect(textOf(again)).toBe(textOf(thread));
      }),
      { numRuns: propertyRuns(200) },
    );
    // The plans are worth something only when they come to where replaying is hard.
    const hard: readonly EventType[] = [
      "approval_requested",
      "paused",
      "sleep_started",
      "step_refused",
      "steps_dropped",
    ];
    expect([...seen]).toEqual(expect.arrayContaining([...hard, "tool_failed", "human_responded"]));
  });
});
