import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/context/context.ts";
import type { NewEvent } from "../../src/thread/events.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyEvents, eventsOf, finishedTool, message, next, proposed } from "./events.ts";

const fetched = (result: string): NewEvent => ({
  type: "prefetched",
  data: { name: "news", arguments: {}, as: "parameter", outcome: { kind: "result", result } },
});

describe("reading a thread that grows", () => {
  it("as chat messages, too, only what is new is read", { tags: ["F3.15", "F3.4"] }, () => {
    const read: number[] = [];
    const context = createContext({
      formatters: {
        message_received: ({ seq }) => {
          read.push(seq);
          return undefined;
        },
      },
    });
    let events = eventsOf(message("one"), message("two"));
    context.messages(events);
    events = next(events, message("three"));
    expect(context.messages(events)[0]?.content).toContain("three");
    context.prefetched(events);
    context.entries(events);
    expect(read).toEqual([2, 3, 4]);
  });

  it("gives what reading it all at once gives, after every event and compaction", {
    tags: ["F3.15", "F12.3"],
  }, () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, fc.nat(), fc.nat(), (some, more, one, other) => {
        let events = some;
        for (const event of more.slice(1)) events = next(events, event);
        const [from = 1, to = 1] = [1 + (one % events.length), 1 + (other % events.length)].sort(
          (left, right) => left - right,
        );
        const data = { from, to, method: "summarize", replacement: "less" } as const;
        events = next(events, { type: "context_compacted", data });
        events = next(events, message("then"));
        const growing = createContext({ redact: {} });
        for (let length = 1; length <= events.length; length += 1) {
          const now = events.slice(0, length);
          const fresh = createContext({ redact: {} });
          expect(growing.messages(now)).toEqual(fresh.messages(now));
          expect(growing.entries(now)).toEqual(fresh.entries(now));
        }
      }),
      // Each case reads the thread at every length.
      { numRuns: Math.ceil(propertyRuns(300) / 5) },
    );
  });

  it("forgets what another writer's events have taken the place of", { tags: ["F12.4", "F3.8"] }, () => {
    const context = createContext({ redact: {} });
    const start = eventsOf(message("go"), fetched("old"));
    expect(context.prefetched(start)).toEqual({ news: "old" });
    const dropped = next(start, message("password=dropped-1"));
    expect(context.vault(dropped).secretFor("[secret:1]")).toBe("dropped-1");
    const instead = next(next(start, fetched("new")), message("password=stands-1"));
    expect(context.prefetched(instead)).toEqual({ news: "new" });
    expect(context.vault(instead).secretFor("[secret:1]")).toBe("stands-1");
    expect(context.messages(start)).toEqual(createContext().messages(start));
    const called = next(next(start, proposed(4, { intent: "look" })), finishedTool(4, "seen"));
    expect(context.messages(called).map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });
});
