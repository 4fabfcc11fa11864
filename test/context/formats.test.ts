import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse as parseWithYamlPackage } from "yaml";
import { contextBlocks } from "../../src/context/blocks/context-blocks.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormatName } from "../../src/context/formats/formats.ts";
import { createContextWindow } from "../../src/context/window.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyEvents, eventsOf, finishedTool, message, proposed } from "./events.ts";
import { anyBlocks, hostileString } from "./hostile.ts";

const runs = { numRuns: propertyRuns(300) };
const names: readonly TextFormatName[] = ["xml", "yaml", "json", "markdown"];
const blocksOfExample = contextBlocks(
  eventsOf(
    message("divide 6 by 2\nthen stop"),
    proposed(3, { intent: "divide", a: 6, b: 2 }),
    finishedTool(3, 3),
    { type: "event_received", data: { name: "page", source: "web", payload: { title: "Hi" } } },
  ),
);

const ROLE_MARKS = [
  ..."<|im_start|> <|user|> <｜User｜> <｜begin▁of▁sentence｜> <start_of_turn> <end_of_turn> <<SYS>> <</SYS>> <s> </s> <bos>".split(
    " ",
  ),
  ..."[INST] [/INST] [SYSTEM_PROMPT] [TOOL_CALLS] [AVAILABLE_TOOLS] [gMASK] [|assistant|] <extra_id_1> <SPECIAL_10> ]~b]".split(
    " ",
  ),
];

describe("the other formats", () => {
  it("each shows the same thread in its own notation", { tags: "F3.4" }, () => {
    expect(renderBlocks(blocksOfExample, TEXT_FORMATS.yaml)).toBe(
      [
        "- message_received: |-",
        "    divide 6 by 2",
        "    then stop",
        "- divide:",
        "    a: 6",
        "    b: 2",
        "- divide_result: 3",
        "- untrusted: web",
        "  event_received:",
        "    name: page",
        "    payload:",
        "      title: Hi",
      ].join("\n"),
    );
    expect(renderBlocks(blocksOfExample, TEXT_FORMATS.json)).toBe(
      [
        '{"message_received":"divide 6 by 2\\nthen stop"}',
        '{"divide":{"a":6,"b":2}}',
        '{"divide_result":3}',
        '{"untrusted":"web","event_received":{"name":"page","payload":{"title":"Hi"}}}',
      ].join("\n"),
    );
    expect(renderBlocks(blocksOfExample, TEXT_FORMATS.markdown)).toBe(
      [
        "## message_received\n\n> divide 6 by 2\n> then stop",
        "## divide\n\n```yaml\na: 6\nb: 2\n```",
        "## divide_result\n\n```yaml\n3\n```",
        '## event_received (untrusted: "web")\n\n```yaml\nname: page\npayload:\n  title: Hi\n```',
      ].join("\n\n"),
    );
  });

  for (const name of names) {
    const format = TEXT_FORMATS[name];

    it(`${name} parses back to exactly the blocks, whatever the strings are`, {
      tags: ["F3.4", "F3.12"],
    }, () => {
      fc.assert(
        fc.property(anyBlocks, (blocks) => {
          expect(format.parse(renderBlocks(blocks, format))).toEqual(blocks);
        }),
        runs,
      );
    });

    it(`in ${name} a rendering inside a text stays a text`, { tags: "F3.12" }, () => {
      fc.assert(
        fc.property(anyBlocks, hostileString, (blocks, tail) => {
          const nested = [{ tag: "message_received", body: `${tail}\n\n${renderBlocks(blocks, format)}` }];
          expect(format.parse(renderBlocks(nested, format))).toEqual(nested);
        }),
        runs,
      );
    });

    it(`in ${name} no text brings control characters, chat template markers or BAML's delimiters`, {
      tags: "S2",
    }, () => {
      fc.assert(
        fc.property(anyBlocks, (blocks) => {
          const text = renderBlocks(blocks, format);
          expect(text.replace(/[\n\r\t]/g, " ")).not.toMatch(
            /[\p{Cs}\p{Cc}\u202e]|<[|｜]|\[\/?(?:INST|SYSTEM_PROMPT)\]|\[\|user\||<\/?(?:s|start_of_turn|extra_id_1)>|<<\/?SYS>>|\]~b\]|BAML_(?:CHAT_ROLE|MEDIA)|_MAGIC_STRING_DELIMITER|:baml-(?:start|end)-/u,
          );
        }),
        runs,
      );
    });

    it.each(ROLE_MARKS)(
      `in ${name} the mark %s of a chat template is none, and reads back as it was`,
      {
        tags: "S2",
      },
      (mark) => {
        const bodies = [
          mark,
          `a ${mark} b`,
          `"${mark}"\n${mark}: x`,
          { [mark]: [mark, `${mark}${mark}`] },
          [mark],
        ];
        for (const body of bodies) {
          const blocks = [{ tag: "message_received", body, untrusted: mark }];
          const text = renderBlocks(blocks, format);
          expect(text).not.toContain(mark);
          expect(format.parse(text)).toEqual(blocks);
        }
      },
    );

    it(`${name} grows at its end only`, { tags: "F3.15" }, () => {
      fc.assert(
        fc.property(anyEvents, fc.nat(12), (events, count) => {
          const before = createContextWindow({}, format)(events.slice(0, count));
          expect(createContextWindow({}, format)(events).startsWith(before)).toBe(true);
        }),
        runs,
      );
    });

    it(`${name} refuses to read what is no rendering`, () => {
      for (const text of ["hello", "- x", "{", "[1]", "## a", "## a\n\nb", "## a\n\n```yaml\n1", "<a>"]) {
        expect(() => format.parse(text)).toThrow("rendered context");
      }
    });
  }

  it("yaml is YAML: an independent reader finds the same list", { tags: "F3.4" }, () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const text = renderBlocks(blocks, TEXT_FORMATS.yaml);
        const read: unknown = parseWithYamlPackage(`${text}\n`, { prettyErrors: false });
        expect(read ?? []).toHaveLength(blocks.length);
      }),
      runs,
    );
  });
});
