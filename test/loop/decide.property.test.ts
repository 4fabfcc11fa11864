import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import type { Command } from "../../src/loop/command.ts";
import { decide } from "../../src/loop/decide.ts";
import { perform } from "../../src/loop/perform.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ThreadEvent } from "../../src/thread/events.ts";
import { appendEvents, type Thread, threadOf } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { START, walk, walks, walksTo } from "../thread/random-events.ts";
import { walkerAgent } from "./walker-agent.ts";

const numRuns = propertyRuns(500);
vi.setConfig({ testTimeout: 60_000 });
const agent = walkerAgent();

const textOf = (command: Command) => canonicalJson(toJson(command));

/** The commands that random threads lead to; all are in the table of decide.test.ts. */
const COMMANDS = [
  "ask_model",
  "ask_for_help",
  "delegate",
  "drop_steps",
  "judge_step",
  "refuse_step",
  "request_approval",
  "run_tool",
  "run_tools",
  "sleep",
  "tell_progress",
  "wait",
  "wait_for_event",
];

describe("decide", () => {
  it("the same events give the same command: again, from JSON, and for another copy of the agent", {
    tags: "F5.3",
  }, () => {
    const other = walkerAgent();
    const seen = new Set<string>();
    const examples = walksTo(COMMANDS, (thread) => [decide(thread, agent).type]);
    fc.assert(
      fc.property(walks, (numbers) => {
        walk(numbers, (thread) => {
          const command = decide(thread, agent);
          seen.add(command.type);
          const text = textOf(command);
          expect(textOf(decide(thread, agent))).toBe(text);
          expect(textOf(decide(thread, other))).toBe(text);
        });
        const thread = walk(numbers);
        const copy: ThreadEvent[] = JSON.parse(JSON.stringify(thread.events));
        expect(textOf(decide(threadOf(thread.id, copy), agent))).toBe(textOf(decide(thread, agent)));
      }),
      { numRuns: numRuns + examples.length, examples },
    );
    expect([...seen]).toEqual(expect.arrayContaining(COMMANDS));
  });

  it("something is to be done exactly while the thread is running, and the model is asked only when nothing is awaited", {
    tags: "F12.1",
  }, () => {
    fc.assert(
      fc.property(walks, (numbers) => {
        walk(numbers, (thread) => {
          const { state } = thread;
          const command = decide(thread, agent);
          expect(command.type === "wait").toBe(state.status.kind !== "running");
          if (command.type !== "ask_model") return;
          expect(state).toMatchObject({ calls: [], request: null, ended: null, pausedBy: null, stop: null });
        });
      }),
      { numRuns },
    );
  });

  it("whatever is decided can be done: its events fit the thread it was decided for", {
    tags: "F8.1",
  }, async () => {
    await fc.assert(
      fc.asyncProperty(walks, async (numbers) => {
        let thread = walk(numbers);
        // Followed until it waits: no thread is driven in circles.
        for (let rounds = 0; decide(thread, agent).type !== "wait"; rounds++) {
          expect(rounds).toBeLessThan(60);
          const before = thread.state.seq;
          thread = await performed(thread);
          expect(thread.state.seq).toBeGreaterThan(before);
        }
      }),
      { numRuns },
    );
  });
});

async function performed(thread: Thread): Promise<Thread> {
  const command = decide(thread, agent);
  if (command.type === "wait") return thread;
  const delegation = { refuse: () => undefined, start: async () => undefined };
  const tools = { clock: fakeClock(START + 100_000), signal: new AbortController().signal, delegation };
  const fresh = walkerAgent();
  let now = thread;
  for await (const { events } of perform(command, thread, fresh, tools)) {
    now = appendEvents(now, typeof events === "function" ? events(now) : events, START + 100_000);
  }
  return now;
}
