import { b } from "../../baml_client/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { handClient } from "../hand-loop.ts";
import { messageFor } from "../instant-model.ts";
import { type Compared, median, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

const STEP = '{"intent":"multiply","a":3,"b":4}';
const EVENT =
  "<multiply>\nintent: multiply\na: 3\nb: 4\n</multiply>\n<multiply_result>\n12\n</multiply_result>\n";
/** Completions made to slow a parser down: unguarded, some of them take minutes. */
const HOSTILE: readonly string[] = [
  "{".repeat(100_000),
  '{"a":'.repeat(20_000),
  '[{"intent":"add","a":1,'.repeat(500),
  '{"intent":"add","a":1,"b":2}'.repeat(2_000),
  `{"intent":"add",${'"'.repeat(5_000)}`,
  `{intent: add, ${"x: [".repeat(15)}${"a: 'b', ".repeat(700)}`,
  `{"intent":"add","a":${"9".repeat(50_000)}}`,
  "```json\n".repeat(5_000),
];
/** Calls to a round: single ones are too short to be timed. */
const CALLS = 20;

/** A prompt function beside the bare generated call: building, sending, guard, parser and gate. */
export const prompts: BenchRow = async ({ modelUrl, quick, tick }) => {
  const next = promptFunction(b, "DetermineNextStep", { model: localModel("instant", modelUrl) });
  const registry = handClient(modelUrl);
  const rows: Compared[] = [];
  const compare = async (what: string, ours: () => unknown, hand: () => unknown): Promise<void> => {
    const times = await sideBySide(
      quick ? 11 : 41,
      () => repeat(ours),
      () => repeat(hand),
      () => tick(what),
    );
    const { ratio } = times;
    rows.push({
      what,
      ours: times.ours / CALLS,
      hand: times.hand / CALLS,
      ratio,
      unit: "ms",
      budget: { atMost: 1.4 },
    });
  };
  for (const steps of quick ? [100] : [10, 100, 300]) {
    const thread = messageFor("prompts", 1e9) + EVENT.repeat(steps);
    await compare(
      `a prompt call over HTTP, of a thread of ${steps}`,
      () => next.call([thread]),
      () => b.DetermineNextStep(thread, { clientRegistry: registry }),
    );
  }
  await compare(
    "guard, parse and gate",
    () => next.parse(STEP),
    () => b.parse.DetermineNextStep(STEP),
  );
  const slowest = HOSTILE.map((completion) => {
    tick("hostile completions");
    const times = Array.from({ length: quick ? 3 : 9 }, () => {
      const began = performance.now();
      next.parse(completion);
      return performance.now() - began;
    });
    return median(times);
  });
  rows.push({
    what: "the slowest of the completions made to slow a parser down",
    ours: Math.max(...slowest),
    hand: null,
    unit: "ms",
    budget: { atMost: 200 },
  });
  return rows;
};

async function repeat(call: () => unknown): Promise<undefined> {
  for (let index = 0; index < CALLS; index += 1) await call();
}
