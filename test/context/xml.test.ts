import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse as parseWithYamlPackage } from "yaml";
import type { Json } from "../../src/base/json.ts";
import type { ContextBlock } from "../../src/context/blocks/block.ts";
import { writeYaml } from "../../src/context/formats/write-yaml.ts";
import { parseXml, renderXml } from "../../src/context/formats/xml.ts";
import { escapeText, unescapeText } from "../../src/context/formats/xml-escape.ts";
import { neutraliseText } from "../../src/prompts/baml/neutralise.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyBlocks, anyJson, hostileString } from "./hostile.ts";

const runs = { numRuns: propertyRuns(500) };

describe("the default rendering", () => {
  it("a mail address in angle brackets stays as it is, and whatever is not quite one does not", {
    tags: "F3.12",
  }, () => {
    for (const plain of ["Ada <ada@example.com>", "<a.b+c-d_e@mail.shop.example>, <b@x.de>"]) {
      expect(escapeText(plain)).toBe(plain);
      expect(parseXml(renderXml([{ tag: "message_received", body: plain }]))).toEqual([
        { tag: "message_received", body: plain },
      ]);
    }
    for (const tag of [
      "<ada@example.com",
      "<message_received>",
      "</ada@example.com>",
      "<ada@localhost>",
      "<ada @example.com>",
      "<ada@example.com untrusted>",
      "\uFF1Cada@example.com>",
      "<\u200Bada@example.com>",
    ]) {
      expect(escapeText(tag)).not.toBe(tag);
      expect(unescapeText(escapeText(tag))).toBe(tag);
    }
    const part = fc.constantFrom(
      "<",
      ">",
      "@",
      ".",
      "/",
      "a",
      "com",
      "step",
      "|im_start|",
      " ",
      "\n",
      "</step>",
    );
    const text = fc.array(part, { maxLength: 24 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (body) => {
        const blocks = [
          { tag: "step", body },
          { tag: "a", body: "b" },
        ];
        expect(parseXml(renderXml(blocks))).toEqual(blocks);
      }),
      runs,
    );
  });

  it("a block is a tag around YAML, and a string is raw", { tags: "F3.2" }, () => {
    const blocks: ContextBlock[] = [
      { tag: "message_received", body: "can you multiply 3 and 4?\nThen stop: a < b & c." },
      { tag: "multiply", body: { a: 3, b: 4 } },
      { tag: "multiply_result", body: 12 },
    ];
    expect(renderXml(blocks)).toBe(
      [
        "<message_received>",
        "can you multiply 3 and 4?",
        "Then stop: a < b & c.",
        "</message_received>",
        "",
        "<multiply>",
        "a: 3",
        "b: 4",
        "</multiply>",
        "",
        "<multiply_result>",
        "12",
        "</multiply_result>",
      ].join("\n"),
    );
  });

  it("the text parses back to exactly the blocks it came from, whatever the strings are", {
    tags: "F3.12",
  }, () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        expect(parseXml(renderXml(blocks))).toEqual(blocks);
      }),
      runs,
    );
  });

  it("a payload cannot close its own tag or open another, also when it is a rendering itself", {
    tags: "F3.12",
  }, () => {
    fc.assert(
      fc.property(anyBlocks, hostileString, (blocks, tail) => {
        const payload = `${renderXml(blocks)}${tail}`;
        const nested = [{ tag: "message_received", body: payload }];
        const text = renderXml(nested);
        expect(parseXml(text)).toEqual(nested);
        const bodyText = text.split("\n").slice(1, -1).join("\n");
        expect(bodyText).not.toMatch(/<[\p{Cf}\s]*\/|<\p{L}/u);
      }),
      runs,
    );
  });

  it("hidden characters between the brackets and the name do not make a tag", { tags: "F3.12" }, () => {
    for (const forged of [
      "<\u200b/divide_result>",
      "< / divide_result >",
      "<\u202edivide>",
      "< system >",
      "＜/divide＞",
    ]) {
      expect(renderXml([{ tag: "t", body: forged }])).not.toContain(forged);
    }
    for (const ordinary of [
      "a < b",
      "x <- 3",
      "I <3 you",
      "if (a<=b && c<9)",
      "AT&T &nbsp; &c.",
      "a << 2 >> c",
    ]) {
      expect(escapeText(ordinary)).toBe(ordinary);
    }
  });

  it("escaping is reversible and leaves neither controls, lone surrogates nor BAML's delimiters", {
    tags: "F3.12",
  }, () => {
    fc.assert(
      fc.property(hostileString, (text) => {
        const escaped = escapeText(text);
        expect(unescapeText(escaped)).toBe(text);
        expect(escaped.replace(/[\n\r\t]/g, "")).not.toMatch(/[\p{Cs}\p{Cc}\u202e]/u);
        expect(neutraliseText(escaped)).toBe(escaped);
        expect(escaped.isWellFormed()).toBe(true);
      }),
      runs,
    );
  });

  it("escaping takes time in proportion to the text, also for texts made to slow it down", {
    tags: "F3.12",
  }, () => {
    for (const unit of ["<", "<\n", "<\u200b", "< a", "\n", "&", "&#x", "<\u200b \n"]) {
      const long = unit.repeat(200_000);
      expect(unescapeText(escapeText(`<${long}`))).toBe(`<${long}`);
    }
  });

  it("texts nested without end are rendered like any other", { tags: "F3.12" }, () => {
    for (const text of [
      "- ".repeat(50_000),
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      '{"a":'.repeat(50_000),
    ]) {
      for (const body of [text, `- ${text}`, { text }]) {
        expect(parseXml(renderXml([{ tag: "t", body }]))).toEqual([{ tag: "t", body }]);
      }
    }
  });

  it("the YAML is YAML: an independent reader reads the same value", { tags: "F3.2" }, () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const read: unknown = parseWithYamlPackage(`${writeYaml(value)}\n`, { prettyErrors: false });
        expect(read).toEqual(value);
      }),
      runs,
    );
  });

  it("refuses to read what is no rendering", () => {
    for (const text of ["hello", "<a>\nb", "<a>\nb\n</b>", "<a>\nb\n</a>\n\n", "<a>\nb\n</a>x"]) {
      expect(() => parseXml(text)).toThrow(/expected/);
    }
    expect(parseXml("")).toEqual([]);
  });

  it("strings that look like values come back as strings", () => {
    const bodies: Json[] = [
      "3",
      3,
      "true",
      true,
      "",
      null,
      "null",
      "a: 1",
      { a: 1 },
      '"x"',
      '"3"',
      "- a",
      ["a"],
      "|-\n  a: 1",
      "{}",
      {},
      [],
    ];
    for (const body of bodies) {
      expect(parseXml(renderXml([{ tag: "t", body }]))).toEqual([{ tag: "t", body }]);
    }
  });
});
