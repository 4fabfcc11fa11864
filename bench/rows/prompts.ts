import { b } from "../../baml_client/index.ts";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { hostileCompletion } from "../../test/prompts/completions/hostile-sizes.ts";
import { handClient } from "../hand-loop.ts";
import { messageFor } from "../instant-model.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

const STEP = '{"intent":"multiply","a":3,"b":4}';
const EVENT =
  "<multiply>\nintent: multiply\na: 3\nb: 4\n</multiply>\n<multiply_result>\n12\n</multiply_result>\n";
/** Calls to a round: single ones are too short to be timed. */
const CALLS = 20;

/** A prompt function beside the bare generated call: building, sending, guard, parser and gate. */
export const prompts: BenchRow = async ({ modelUrl, quick, tick }) => {
  const next = promptFunction(b, "DetermineNextStep", {
    bamlFiles: getBamlFiles,
    model: localModel("instant", modelUrl),
  });
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
  let slowest = 0;
  const completions = quick ? 1_000 : 10_000;
  for (let number = 0; number < completions; number += 1) {
    const { text } = hostileCompletion(number);
    slowest = Math.max(
      slowest,
      timeOf(() => next.parse(text), slowest),
    );
    if (number % 100 === 0) tick("hostile completions");
  }
  rows.push({
    what: `the slowest of ${completions.toLocaleString("en")} completions made to stop the process`,
    ours: slowest,
    hand: null,
    unit: "ms",
    budget: { atMost: 50 },
  });
  return rows;
};

/** Milliseconds; a time that would count is taken three times over, for another process may have had the processor. */
function timeOf(work: () => unknown, counts: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best > counts; tries += 1) {
    const began = performance.now();
    work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

async function repeat(call: () => unknown): Promise<undefined> {
  for (let index = 0; index < CALLS; index += 1) await call();
}
