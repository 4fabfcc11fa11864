import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeclaredType, readReturnType } from "../../src/prompts/baml/declared-type.ts";
import { bamlFunction } from "../../src/prompts/baml/generated-client.ts";
import { partialReader } from "../../src/prompts/call/partials.ts";
import { readAnswer } from "../../src/prompts/call/read-answer.ts";
import { openaiChat } from "../../src/prompts/wire/openai-chat.ts";
import { propertyRuns } from "../property-runs.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { HOSTILE_FUNCTIONS, hostileCompletion } from "./completions/hostile-sizes.ts";

/** The text in parts, cut where the numbers say; also between the halves of a letter that takes two. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((x, y) => x - y), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

interface Sent {
  readonly parts: readonly string[];
  readonly end: string;
  readonly noise: string;
  readonly chunk: number;
  readonly finish: string | null;
}

/** Reads a stream of these parts as a server might send it. Gives what was read and each text shown meanwhile. */
async function receive({ parts, end, noise, chunk, finish }: Sent) {
  const choices = [
    ...parts.map((content) => ({ delta: { content } })),
    ...(finish === null ? [] : [{ delta: {}, finish_reason: finish }]),
  ];
  const events = choices.map(
    (choice) => `${noise}data: ${JSON.stringify({ choices: [choice] })}${end}${end}`,
  );
  const texts: string[] = [];
  const read = await readAnswer(
    { status: 200, headers: {}, body: inChunks(Buffer.from(events.join("")), chunk) },
    { format: openaiChat, secrets: [], onText: (text) => texts.push(text), now: () => 0 },
  );
  return { read, texts };
}

const sent = fc.record({
  number: fc.nat(20_000),
  places: fc.array(fc.nat(), { maxLength: 30 }),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  noise: fc.constantFrom("", ": alive\n", "\n\n", "event: x\nid: 1\n"),
  chunk: fc.constantFrom(1, 2, 3, 7, 1_000, 1_000_000),
});

describe("any stream", { tags: ["S1", "S6"], timeout: 300_000 }, () => {
  it("gives the text that was sent, however it is cut, and nothing for an end that was not said", async () => {
    const property = fc.asyncProperty(sent, fc.constantFrom("stop", null), async (how, finish) => {
      const text = hostileCompletion(how.number).text.slice(0, how.chunk < 10 ? 3_000 : 200_000);
      const { read, texts } = await receive({ ...how, parts: cut(text, how.places), finish });
      if (finish === null) expect(read.kind).not.toBe("replied");
      else expect(read).toMatchObject({ kind: "replied", reply: { text } });
      expect(texts.every((shown) => text.startsWith(shown))).toBe(true);
    });
    await fc.assert(property, { numRuns: Math.min(propertyRuns(150), 1_000) });
  });

  const types = new Map<string, DeclaredType>();

  function typeOf(name: string): DeclaredType {
    const type = types.get(name) ?? readReturnType(getBamlFiles(), name);
    types.set(name, type);
    return type;
  }

  /** What of these texts, one after another, reaches the native parser, and what is shown. */
  function readPartials(name: (typeof HOSTILE_FUNCTIONS)[number] | "NextPlan", texts: readonly string[]) {
    const fn = bamlFunction(b, name);
    const parsed: string[] = [];
    const shown: string[] = [];
    const parseStream: typeof fn.parseStream = (text, options) => {
      parsed.push(text);
      return fn.parseStream(text, options);
    };
    const read = partialReader({ ...fn, parseStream }, { tb: undefined, type: typeOf(name) }, (partial) =>
      shown.push(JSON.stringify(partial)),
    );
    for (const text of texts) read(text);
    return { parsed, shown };
  }

  it("gives the native parser no partial that would be expensive, and shows none twice in a row", () => {
    let reached = 0;
    const property = fc.property(
      fc.nat(20_000),
      fc.nat(),
      fc.constantFrom(...HOSTILE_FUNCTIONS),
      (number, place, name) => {
        const { text } = hostileCompletion(number);
        const beginning = text.slice(0, place % (text.length + 1));
        const { parsed, shown } = readPartials(name, [beginning, beginning, text]);
        reached += parsed.length;
        for (const one of parsed) {
          expect(one.length).toBeLessThanOrEqual(16_000);
          for (const bracket of [/[{[]/, /[}\]]/])
            expect(one.split(bracket).length - 1).toBeLessThanOrEqual(40);
        }
        expect(shown.every((partial, index) => partial !== shown[index - 1])).toBe(true);
      },
    );
    fc.assert(property, { numRuns: Math.min(propertyRuns(150), 1_000) });
    expect(reached).toBeGreaterThan(0);
  });

  it("shows no partial of steps within steps once it would take the parser long", () => {
    const step = '{"intent":"refund","order_id":"A1","amount":40}';
    const plan = (steps: string) => `{"intent":"plan","aim":"a","steps":[${steps}`;
    const text = plan(plan(plan(Array(20).fill(step).join())));
    const beginnings = Array.from({ length: 80 }, (_, index) => text.slice(0, (index + 1) * 12));
    const { parsed } = readPartials("NextPlan", beginnings);
    expect(parsed.length).toBeGreaterThan(0);
    expect(Math.max(...parsed.map(({ length }) => length))).toBeLessThan(400);
  });

  it.each([
    ["brackets in a text that close nothing", "}".repeat(800)],
    ["brackets in a text that are never closed", "[".repeat(800)],
    ["quotes that nothing parts", '" x '.repeat(800)],
    ["fences", "```json\\n".repeat(300)],
    ["backticks", "`".repeat(800)],
    ["a text without end", "x".repeat(20_000)],
    ["tags of thoughts", "<think>".repeat(2_000)],
  ])("shows no partial of %s", (_, piece) => {
    for (const beginning of ['{"intent":"', '{"intent":"done_for_now","message":"'])
      expect(readPartials("NextStep", [beginning + piece])).toEqual({ parsed: [], shown: [] });
  });
});
