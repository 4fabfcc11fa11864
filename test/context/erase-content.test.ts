import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eraseContent } from "../../src/context/redaction/erase-content.ts";
import { EVENTS } from "../../src/thread/events.ts";
import { fold } from "../../src/thread/fold.ts";
import type { ThreadState } from "../../src/thread/state.ts";
import { SAMPLES } from "../fixtures/threads/samples.ts";
import { propertyRuns } from "../property-runs.ts";
import { walk, walks, walksTo } from "../thread/random-events.ts";

const examples = walksTo(Object.keys(EVENTS), ({ events }) => events.slice(-1).map(({ type }) => type));

describe("erasing what was said", { tags: "F5.10" }, () => {
  it("leaves a thread whose events still follow each other, with the same status, calls and requests", () => {
    fc.assert(
      fc.property(walks, (numbers) => {
        const { events, state } = walk(numbers);
        const erased = fold(events.map(eraseContent));
        expect(erased.status.kind).toBe(state.status.kind);
        expect(erased.calls.map(({ callId, phase }) => [callId, phase.kind])).toEqual(
          state.calls.map(({ callId, phase }) => [callId, phase.kind]),
        );
        expect([erased.request?.seq, erased.usage]).toEqual([state.request?.seq, state.usage]);
        expect(idsOf(erased)).toEqual(idsOf(state));
      }),
      { numRuns: propertyRuns(200) + examples.length, examples },
    );
  });

  it("leaves nothing of what people, models and tools said, and is done once", () => {
    const left = new Set<string>();
    for (const events of Object.values(SAMPLES)) {
      for (const [index, event] of events.entries()) {
        const { version } = EVENTS[event.type];
        const stored = { ...event, seq: index + 1, at: "2026-01-01T00:00:00.000Z", v: version };
        const erased = eraseContent(stored);
        expect(eraseContent(erased)).toBe(erased);
        if (event.type !== "data_erased") for (const text of textsIn(erased.data)) left.add(text);
      }
    }
    expect(
      [...left].filter((text) => !STRUCTURE.has(text) && !/^call_|^\d{4}-|^([a-z0-9])\1{63}$/.test(text)),
    ).toEqual([]);
  });
});

const idsOf = ({ requesters }: ThreadState) => [
  requesters.unknown,
  requesters.known.map(({ channel, id }) => `${channel}:${id}`),
];

/** Placeholders, names of steps, agents, events and channels, ids of people and threads, and words of the package itself. */
const STRUCTURE = new Set(
  `(erased) *:ada U123 ada add approved budget calculator call clerk count cron delegate deny did_not_happen divide done_for_now doubtful error exact low memory negated notes openai/gpt-5-mini pass policy repaired_syntax report result slack slack:* slack:U123 sleep steps stock subtract summarize summarize_result system terminal thr:call_5 thr_child thr_clerk thr_people thr_people.3 thr_waits.3 tick tolerant unknown_outcome unparseable untrusted wait_for_report webhook worker yes_no`
    .split(" ")
    .concat("web page", "[api key 1]"),
);

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
