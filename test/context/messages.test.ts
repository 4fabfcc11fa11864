import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventBlocks } from "../../src/context/blocks/context-blocks.ts";
import { parseMessages, renderMessages } from "../../src/context/formats/messages.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyEvents, eventsOf, finishedTool, message, proposed } from "./events.ts";

const runs = { numRuns: propertyRuns(300) };

describe("a thread as chat messages", () => {
  it("the model's own steps are assistant messages, the rest is the user's", {
    tags: ["F3.4", "F2.3"],
  }, () => {
    const events = eventsOf(
      message("divide 6 by 2"),
      proposed(3, { intent: "divide", a: 6, b: 2 }),
      finishedTool(3, 3),
      message("thanks"),
    );
    expect(renderMessages(eventBlocks(events))).toEqual([
      { role: "user", content: "<message_received>\ndivide 6 by 2\n</message_received>" },
      { role: "assistant", content: '{"intent":"divide","a":6,"b":2}' },
      {
        role: "user",
        content: "<divide_result>\n3\n</divide_result>\n\n<message_received>\nthanks\n</message_received>",
      },
    ]);
  });

  it("the messages parse back to exactly the blocks and to who said them", { tags: "F3.12" }, () => {
    fc.assert(
      fc.property(anyEvents, fc.boolean(), (events, labelled) => {
        const shown = eventBlocks(events, labelled ? { untrusted: () => "somewhere" } : {});
        const read = parseMessages(renderMessages(shown));
        expect(read.map(({ block }) => block)).toEqual(shown.flatMap(({ blocks }) => blocks));
        // Only a step that the model proposed may stand under its name.
        const spoken = shown.flatMap(({ fromModel, blocks }) => blocks.map(() => fromModel));
        read.forEach(({ fromModel }, index) => {
          if (fromModel) expect(spoken[index]).toBe(true);
        });
      }),
      runs,
    );
  });

  it("earlier messages stay as they are, except that the last may grow at its end", { tags: "F3.15" }, () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(12), (events, count) => {
        const before = renderMessages(eventBlocks(events.slice(0, count)));
        const after = renderMessages(eventBlocks(events));
        expect(after.slice(0, Math.max(0, before.length - 1))).toEqual(before.slice(0, -1));
        const grown = after[before.length - 1]?.content ?? "";
        expect(grown.startsWith(before.at(-1)?.content ?? "")).toBe(true);
      }),
      runs,
    );
  });

  it("refuses messages that are no rendering", () => {
    for (const content of ["hello", "[]", '{"a":1}']) {
      expect(() => parseMessages([{ role: "assistant", content }])).toThrow("rendered context");
    }
  });
});
