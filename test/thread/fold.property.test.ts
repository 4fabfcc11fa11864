import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { EVENTS, type EventType, type ThreadEvent } from "../../src/thread/events.ts";
import { EMPTY_STATE, fold, transition } from "../../src/thread/fold.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { STATUS_KINDS, type StatusKind, type ThreadState } from "../../src/thread/state.ts";
import { propertyRuns } from "../property-runs.ts";
import { walk, walks, walksTo } from "./random-events.ts";

const numRuns = propertyRuns(500);
vi.setConfig({ testTimeout: 60_000 });

/** What must be true of the state for each status: exactly one of these may hold. */
const HOLDS: { readonly [K in StatusKind]: (state: ThreadState) => boolean } = {
  finished: ({ ended }) => ended?.kind === "finished",
  failed: ({ ended }) => ended?.kind === "failed",
  cancelled: ({ ended }) => ended?.kind === "cancelled",
  paused: ({ ended, pausedBy }) => ended === null && pausedBy !== null,
  awaiting_human: (state) => goesOn(state) && state.request?.type === "question",
  awaiting_approval: (state) => goesOn(state) && state.request?.type === "approval",
  awaiting_time: (state) => isFree(state) && phaseOf(state) === "sleeping",
  awaiting_event: (state) => isFree(state) && phaseOf(state) === "awaiting_event",
  awaiting_child: (state) => isFree(state) && phaseOf(state) === "awaiting_child",
  running: (state) =>
    isFree(state) && !["sleeping", "awaiting_event", "awaiting_child"].includes(phaseOf(state) ?? ""),
};

const goesOn = ({ ended, pausedBy }: ThreadState) => ended === null && pausedBy === null;
const isFree = (state: ThreadState) => goesOn(state) && state.request === null;
const phaseOf = (state: ThreadState) => state.calls[0]?.phase.kind;

/** Walks that have been at every status and have every type of event. */
const examples = walksTo([...STATUS_KINDS, ...Object.keys(EVENTS)], ({ state, events }) => [
  state.status.kind,
  ...events.slice(-1).map(({ type }) => type),
]);

describe("fold", () => {
  it("any events that append accepts fold to one closed status", { tags: "F5.1" }, () => {
    const seen = new Set<StatusKind>();
    const types = new Set<EventType>();
    fc.assert(
      fc.property(walks, (numbers) => {
        const last = walk(numbers, ({ state }) => {
          const holding = STATUS_KINDS.filter((kind) => HOLDS[kind](state));
          expect(holding).toEqual([state.status.kind]);
          seen.add(state.status.kind);
        });
        for (const event of last.events) types.add(event.type);
      }),
      { numRuns: numRuns + examples.length, examples },
    );
    // The walk is worth something only when it comes everywhere.
    expect([...seen].sort()).toEqual([...STATUS_KINDS].sort());
    expect(types.size).toBe(Object.keys(EVENTS).length);
  });

  it("an event that does not fit throws and changes nothing; appending returns a new thread", {
    tags: "F12.2",
  }, () => {
    let refused = 0;
    fc.assert(
      fc.property(walks, (numbers) => {
        walk(numbers, undefined, (before, error) => {
          refused += 1;
          expect(error).toMatchObject({ code: "illegal_event" });
          expect(Object.isFrozen(before.state)).toBe(true);
          expect(before.state.seq).toBe(before.events.length);
        });
      }),
      { numRuns: numRuns + examples.length, examples },
    );
    expect(refused).toBeGreaterThan(numRuns);
  });

  it("folding everything, the rest, or a copy from JSON gives what was folded step by step", {
    tags: "F12.1",
  }, () => {
    fc.assert(
      fc.property(walks, fc.nat(), (numbers, cut) => {
        const { events, state } = walk(numbers);
        const text = canonicalJson(toJson(state));
        expect(canonicalJson(toJson(fold(events)))).toBe(text);
        const at = cut % (events.length + 1);
        expect(canonicalJson(toJson(fold(events.slice(at), fold(events.slice(0, at)))))).toBe(text);
        const copy: ThreadEvent[] = JSON.parse(JSON.stringify(events));
        expect(canonicalJson(toJson(fold(copy)))).toBe(text);
        expect(projectionOf(fold(copy))).toEqual(projectionOf(state));
      }),
      { numRuns },
    );
  });

  it("events out of order, missing or twice are refused", { tags: "F5.1" }, () => {
    fc.assert(
      fc.property(walks, fc.nat(), (numbers, cut) => {
        const { events } = walk(numbers);
        const at = cut % events.length;
        const event = events[at];
        if (event === undefined) return;
        expect(() => fold([...events.slice(0, at + 1), event])).toThrow("does not fit here");
        if (at + 1 < events.length) {
          expect(() => fold([...events.slice(0, at), ...events.slice(at + 1)])).toThrow("does not fit here");
        }
        expect(() => transition(EMPTY_STATE, { ...event, seq: 2 })).toThrow("its number must be 1");
      }),
      { numRuns },
    );
  });

  it("what is awaited belongs to an open call, and everything follows the first call", {
    tags: "F5.1",
  }, () => {
    fc.assert(
      fc.property(walks, (numbers) => {
        walk(numbers, ({ state }) => {
          const [first, ...later] = state.calls;
          for (const { group, phase } of later) {
            // Neighbours of one group run at once, and some of them may be jobs.
            const running = group === first?.group ? ["started", "awaiting_event"] : [];
            expect(["proposed", ...running]).toContain(phase.kind);
          }
          if (state.request?.callId !== undefined) {
            expect(state.request.callId).toBe(state.calls[0]?.callId);
          }
          expect(new Set(state.calls.map((call) => call.callId)).size).toBe(state.calls.length);
        });
      }),
      { numRuns },
    );
  });
});
