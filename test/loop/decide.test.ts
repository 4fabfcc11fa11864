import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { type CallId, callIdAt, childThreadId } from "../../src/base/ids.ts";
import type { Command } from "../../src/loop/command.ts";
import { decide } from "../../src/loop/decide.ts";
import { askHuman, delegate, finish, progress, sleep, tool, waitForEvent } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { NewEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";
import { upcast } from "../../src/thread/upcast.ts";

type ExampleStep = {
  [I in "look" | "write" | "pay" | "checked" | "ask" | "nap" | "await" | "hand" | "tell" | "done"]: {
    readonly intent: I;
  };
}["look" | "write" | "pay" | "checked" | "ask" | "nap" | "await" | "hand" | "tell" | "done"];

const agent = defineAgent(scriptedSteps<ExampleStep>([]), {
  name: "example",
  severalSteps: "in_order",
  steps: {
    look: tool(() => 1, { readOnly: true }),
    write: tool(() => 1, { version: "1" }),
    pay: tool(() => 1, { approval: "always", version: "1" }),
    checked: tool(() => 1, { judge: () => ({ verdict: "pass", reason: "fine" }), version: "1" }),
    ask: askHuman(() => "which one?"),
    nap: sleep(() => ({ seconds: 60 })),
    await: waitForEvent(() => ({ name: "paid" })),
    hand: delegate({ agent: "helper" }),
    tell: progress(() => "at work"),
    done: finish(() => "done"),
  },
  prefetch: { customer: { run: () => "Ada" } },
  limits: { consecutiveErrors: 2, repeats: 2 },
  budget: { steps: 6 },
});

const ada = { channel: "web", id: "ada" };
const error = { name: "Error", message: "out of order" };

/* The events of a thread in short. The first two are always there: numbers of calls begin at 3, the prefetched result. */
const started: readonly NewEvent[] = [{ type: "message_received", data: { text: "go", from: ada } }];
const fetched: NewEvent = {
  type: "prefetched",
  data: { name: "customer", arguments: {}, as: "parameter", outcome: { kind: "result", result: "Ada" } },
};
const ready = [...started, fetched];
const first = callIdAt(4);
const second = callIdAt(5);
const proposed = (
  intent: string,
  callId: CallId = first,
  grade: "exact" | "doubtful" = "exact",
): NewEvent => ({
  type: "step_proposed",
  data: {
    callId,
    step: { intent },
    fidelity: grade === "exact" ? { grade, reasons: [] } : { grade, reasons: ["prose"] },
  },
});
const beside = (intent: string, callId: CallId): NewEvent => ({
  type: "step_proposed",
  data: { callId, step: { intent }, fidelity: { grade: "exact", reasons: [] }, alongside: true },
});
const missed = (intent: string, callId: CallId): NewEvent => ({
  type: "step_proposed",
  data: { callId, step: { intent }, fidelity: { grade: "exact", reasons: [] }, missed: { requester: ada } },
});
const ran = (callId: CallId = first): NewEvent => ({
  type: "tool_started",
  data: { callId, intent: "write", key: `key ${callId}`, attempt: 1 },
});
const failed = (callId: CallId = first): NewEvent => ({ type: "tool_failed", data: { callId, error } });
const settled = (callId: CallId = first): NewEvent => ({
  type: "tool_finished",
  data: { callId, result: 1 },
});
const child = { callId: first, threadId: childThreadId(startThread({ agent: "example" }, 0).id, first) };
const handed: NewEvent = {
  type: "child_requested",
  data: { ...child, agent: "helper", input: "sweep" },
};
const begun: NewEvent = { type: "child_started", data: { ...child, agent: "helper" } };
const turn = (seq: number, outcome: (callId: CallId) => NewEvent): readonly NewEvent[] => {
  const callId = callIdAt(seq);
  return [proposed("write", callId), ran(callId), outcome(callId)];
};

const noStep: NewEvent = { type: "step_refused", data: { reason: "unparseable", message: "no" } };
const refused = (callId: CallId): NewEvent => ({
  type: "step_refused",
  data: { callId, reason: "unknown_intent", message: "no" },
});
const dropped = (callId: CallId): NewEvent => ({
  type: "steps_dropped",
  data: { callIds: [callId], steps: [{ intent: "done" }], reason: "no" },
});
/* The same step twice, and what the model is told then. */
const told: readonly NewEvent[] = [
  ...ready,
  ...turn(4, settled),
  ...turn(7, settled),
  { type: "step_refused", data: { reason: "repeated", message: "again" } },
];

/* Two steps in turn, each with the same outcome as before, twice; and what the model is told then. */
const look = (seq: number, result: number): readonly NewEvent[] => {
  const callId = callIdAt(seq);
  return [proposed("look", callId), ran(callId), { type: "tool_finished", data: { callId, result } }];
};
const inTurn = [...ready, ...turn(4, settled), ...look(7, 5), ...turn(10, settled), ...look(13, 5)];
const toldInTurn: readonly NewEvent[] = [
  ...inTurn,
  { type: "step_refused", data: { reason: "repeated", message: "again", inTurn: 2 } },
];

type Row = readonly [what: string, events: readonly NewEvent[], command: Command["type"], says?: object];

/** What has happened → what to do now. */
const TABLE: readonly Row[] = [
  // the model's turn
  ["nothing but a message", started, "prefetch", { names: ["customer"] }],
  ["all that is fetched beforehand is there", ready, "ask_model"],
  ["a tool has its result", [...ready, ...turn(4, settled)], "ask_model"],
  ["a tool failed", [...ready, ...turn(4, failed)], "ask_model"],
  [
    "the second error in a row",
    [...ready, ...turn(4, failed), ...turn(7, failed)],
    "ask_for_help",
    { kind: "escalation", callId: null },
  ],
  [
    "the same step with the same outcome twice",
    [...ready, ...turn(4, settled), ...turn(7, settled)],
    "refuse_step",
    { callId: null, reason: "repeated" },
  ],
  ["the same step after the model was told", [...told, proposed("write", callIdAt(11))], "refuse_step"],
  [
    "the same step after it was told, and gave an answer that was no step",
    [...told, noStep, proposed("write", callIdAt(12))],
    "refuse_step",
    { reason: "repeated" },
  ],
  [
    "the same step after it was told, and named a step that there is not",
    [...told, proposed("fly", callIdAt(11)), refused(callIdAt(11)), proposed("write", callIdAt(13))],
    "refuse_step",
    { reason: "repeated" },
  ],
  [
    "the same step after it was told, and ended before somebody had written",
    [...told, proposed("done", callIdAt(11)), dropped(callIdAt(11)), proposed("write", callIdAt(13))],
    "refuse_step",
    { reason: "repeated" },
  ],
  [
    "the same step after it was told, and did something else",
    [
      ...told,
      proposed("look", callIdAt(11)),
      ran(callIdAt(11)),
      settled(callIdAt(11)),
      proposed("write", callIdAt(14)),
    ],
    "run_tool",
  ],
  [
    "the same two steps in turn with the same outcomes twice",
    inTurn,
    "refuse_step",
    {
      callId: null,
      reason: "repeated",
      inTurn: 2,
      message: expect.stringContaining("the last 2 steps in turn, 2 times"),
    },
  ],
  [
    "the same two steps in turn twice, with another outcome of one",
    [...ready, ...turn(4, settled), ...look(7, 5), ...turn(10, settled), ...look(13, 6)],
    "ask_model",
  ],
  [
    "the same two steps in turn twice, and a message in between",
    [
      ...ready,
      ...turn(4, settled),
      ...look(7, 5),
      { type: "message_received", data: { text: "and?", from: ada } },
      ...turn(11, settled),
      ...look(14, 5),
    ],
    "ask_model",
  ],
  [
    "either of the two after the model was told",
    [...toldInTurn, proposed("write", callIdAt(17))],
    "refuse_step",
    { reason: "repeated" },
  ],
  [
    "the other of the two after the model was told",
    [...toldInTurn, proposed("look", callIdAt(17))],
    "refuse_step",
    { reason: "repeated" },
  ],
  [
    "something else after the model was told of the two",
    [...toldInTurn, proposed("done", callIdAt(17))],
    "finish",
  ],
  [
    "the two again and again after the model was told of them, and did something else in between",
    [
      ...toldInTurn,
      ...look(17, 1),
      ...turn(20, settled),
      ...look(23, 5),
      ...turn(26, settled),
      ...look(29, 5),
    ],
    "ask_for_help",
    { kind: "escalation", question: expect.stringContaining("the same steps in turn") },
  ],
  [
    "the answer was no step",
    [...ready, { type: "step_refused", data: { reason: "unparseable", message: "no" } }],
    "ask_model",
  ],

  // a step was proposed
  [
    "a step that the agent does not have",
    [...ready, proposed("fly")],
    "refuse_step",
    { reason: "unknown_intent" },
  ],
  ["a tool that only looks", [...ready, proposed("look")], "run_tool", { callId: first, intent: "look" }],
  [
    "a tool that only looks, doubtful",
    [...ready, proposed("look", first, "doubtful")],
    "run_tool",
    { intent: "look" },
  ],
  ["a tool with effects", [...ready, proposed("write")], "run_tool", { callId: first, intent: "write" }],
  [
    "a tool that always needs approval",
    [...ready, proposed("pay")],
    "request_approval",
    { intent: "pay", reasons: [{ kind: "policy" }] },
  ],
  ["a tool with a judge", [...ready, proposed("checked")], "judge_step", { intent: "checked" }],
  ["a question of the model", [...ready, proposed("ask")], "ask_human", { intent: "ask" }],
  ["a sleep", [...ready, proposed("nap")], "sleep", { intent: "nap" }],
  ["a wait for an event", [...ready, proposed("await")], "wait_for_event", { intent: "await" }],
  ["a step for another agent", [...ready, proposed("hand")], "delegate", { callIds: [first] }],
  [
    "a step for another agent, doubtful",
    [...ready, proposed("hand", first, "doubtful")],
    "refuse_step",
    { reason: "doubtful" },
  ],
  ["a note of progress", [...ready, proposed("tell")], "tell_progress", { intent: "tell" }],
  ["the last step", [...ready, proposed("done")], "finish", { intent: "done" }],
  [
    "the last step with another behind it",
    [...ready, proposed("done"), proposed("look", second)],
    "drop_steps",
    { callIds: [second] },
  ],
  [
    "tools that only look, proposed together",
    [...ready, proposed("look"), beside("look", second)],
    "run_tools",
    { callIds: [first, second] },
  ],
  [
    "the same, after a crash while they ran",
    [...ready, proposed("look"), beside("look", second), ran(), ran(second)],
    "run_tools",
    { callIds: [first, second] },
  ],
  [
    "the first of them failed",
    [...ready, proposed("look"), beside("look", second), ran(), ran(second), failed()],
    "run_tool",
    { callId: second },
  ],
  [
    "the last step, proposed without having read a message",
    [...ready, ...started, missed("done", callIdAt(5))],
    "drop_steps",
    { callIds: [callIdAt(5)] },
  ],
  [
    "the last step, and a message after it",
    [...ready, proposed("done"), ...started],
    "drop_steps",
    { callIds: [first] },
  ],
  [
    "the first of two steps failed",
    [...ready, proposed("write"), proposed("look", second), ran(), failed()],
    "drop_steps",
    { callIds: [second] },
  ],
  [
    "the judge was content",
    [
      ...ready,
      proposed("checked"),
      { type: "step_judged", data: { callId: first, verdict: "pass", reason: "fine" } },
    ],
    "run_tool",
    { intent: "checked" },
  ],
  [
    "the judge refused",
    [
      ...ready,
      proposed("checked"),
      { type: "step_judged", data: { callId: first, verdict: "refuse", reason: "no" } },
    ],
    "refuse_step",
    { reason: "judge", message: "no" },
  ],

  // a process died
  [
    "a tool was started and nobody knows what became of it",
    [...ready, proposed("write"), ran()],
    "mark_unknown",
    { callId: first },
  ],
  [
    "a tool that only looks was started and nobody knows",
    [...ready, proposed("look"), ran()],
    "run_tool",
    { intent: "look" },
  ],
  [
    "its outcome is known to be unknown",
    [
      ...ready,
      proposed("write"),
      ran(),
      { type: "tool_unknown", data: { callId: first, reason: "it died" } },
    ],
    "ask_for_help",
    { kind: "unknown_outcome", callId: first },
  ],

  [
    "the other agent may not have begun",
    [...ready, proposed("hand"), handed],
    "delegate",
    { callIds: [first] },
  ],

  // somebody else's turn, or nobody's
  [
    "people were asked",
    [
      ...ready,
      proposed("ask"),
      { type: "human_asked", data: { kind: "question", question: "which?", callId: first } },
    ],
    "wait",
  ],
  [
    "it sleeps",
    [
      ...ready,
      proposed("nap"),
      { type: "sleep_started", data: { callId: first, until: "2026-01-01T00:01:00.000Z" } },
    ],
    "wait",
  ],
  [
    "it awaits an event",
    [...ready, proposed("await"), { type: "event_awaited", data: { callId: first, name: "paid" } }],
    "wait",
  ],
  ["another agent works on it", [...ready, proposed("hand"), handed, begun], "wait"],
  ["it is paused", [...ready, { type: "paused", data: { by: ada } }], "wait"],
  ["it is cancelled", [...ready, { type: "cancelled", data: { by: ada } }], "wait"],
  ["it has finished", [...ready, { type: "finished", data: { result: "done" } }], "wait"],
];

describe("decide, as a table of what has happened and what to do now", { tags: "F12.1" }, () => {
  it.each(TABLE.map((row) => ({ row, what: row[0] })))("$what", ({ row: [, events, type, says = {}] }) => {
    const thread = appendEvents(startThread({ agent: "example" }, 0), events, 0);
    expect(decide(thread, agent)).toMatchObject({ type, ...says });
  });

  it("three steps in turn are seen as well, and a thread of release 0.1.0 goes on as it would have then", () => {
    const round = (seq: number) => [...turn(seq, settled), ...look(seq + 3, 5), ...look(seq + 6, 6)];
    const decideFor = (start: Parameters<typeof startThread>[0]) =>
      decide(appendEvents(startThread(start, 0), [...ready, ...round(4), ...round(13)], 0), agent);
    expect(decideFor({ agent: "example" })).toMatchObject({ type: "refuse_step", inTurn: 3 });
    const { v, data } = upcast("thread_started", 1, { agent: "example" });
    expect([v, data]).toEqual([2, { agent: "example", earlier: true }]);
    expect(decideFor({ agent: "example", earlier: true }).type).toBe("reach_budget");
  });

  it("a budget that is used up comes before the model", () => {
    const turns = [4, 7, 10, 13, 16, 19].flatMap((seq) =>
      turn(seq, (callId) => ({ type: "tool_finished", data: { callId, result: seq } })),
    );
    const thread = appendEvents(startThread({ agent: "example" }, 0), [...ready, ...turns], 0);
    expect(decide(thread, agent)).toEqual({ type: "reach_budget", budget: "steps", limit: 6, used: 6 });
  });
});
