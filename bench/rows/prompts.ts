import { b } from "../../baml_client/index.ts";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import { defineAgent } from "../../src/agent/agent.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { type PromptFunction, promptFunction } from "../../src/prompts/prompt-function.ts";
import { validateEdit } from "../../src/runtime/edit.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { b as shapes } from "../../test/prompts/baml_client/index.ts";
import { getBamlFiles as getShapes } from "../../test/prompts/baml_client/inlinedbaml.ts";
import { HOSTILE_FUNCTIONS, hostileCompletion } from "../../test/prompts/completions/hostile-sizes.ts";
import { DEEP_FUNCTIONS, editedValue, retypedValue } from "../../test/prompts/completions/retyped.ts";
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
  const completions = quick ? 1_000 : 10_000;
  const hostile = hostileReadings();
  let slowest = 0;
  let which = "";
  for (let number = 0; number < completions; number += 1) {
    const { what, read } = hostile(number);
    const ms = timeOf(read, slowest);
    if (ms > slowest) {
      slowest = ms;
      which = `${what}, number ${number}`;
    }
    if (number % 100 === 0) tick("hostile completions");
  }
  rows.push({
    what: `the slowest of ${completions.toLocaleString("en")} completions and edits made to stop the process (${which})`,
    ours: slowest,
    hand: null,
    unit: "ms",
    budget: { atMost: 50 },
  });
  return rows;
};

/**
 * What is read as number so and so: completions of any kind for functions of many shapes, completions with values of other types than
 * the declared ones, and such edits by approvers.
 */
function hostileReadings(): (number: number) => { readonly what: string; readonly read: () => unknown } {
  const functions = new Map(
    [...HOSTILE_FUNCTIONS, ...DEEP_FUNCTIONS].map((name) => [name, hostileFunction(name)] as const),
  );
  const plan = functions.get("NextPlan") ?? hostileFunction("NextPlan");
  const agent = defineAgent(promptFunction(shapes, "NextPlan", { bamlFiles: getShapes }), {
    name: "planner",
    steps: {
      plan: tool(() => null),
      refund: tool(() => null),
      search: tool(() => null),
      send_mail: tool(() => null),
      transfer: tool(() => null),
      request_more_information: tool(() => null),
      done_for_now: finish(() => null),
    },
  });
  const edit = validateEdit(agent, { events: [] });
  return (number) => {
    if (number % 3 === 0) {
      const { name, kind, text } = hostileCompletion(number);
      return { what: `${name}, ${kind}`, read: () => functions.get(name)?.parse(text) };
    }
    if (number % 30 === 1) {
      const edited = { intent: "plan", ...Object(editedValue(plan.returns ?? NOTHING, number, 2_400)) };
      return { what: "an edit", read: () => edit(edited) };
    }
    const name = DEEP_FUNCTIONS[number % DEEP_FUNCTIONS.length] ?? "NextPlan";
    const fn = functions.get(name) ?? plan;
    const text = JSON.stringify(retypedValue(fn.returns ?? NOTHING, number, 3_000));
    return { what: `${name}, values of other types`, read: () => fn.parse(text) };
  };
}

const NOTHING = { kind: "unknown" } as const;

function hostileFunction(name: (typeof HOSTILE_FUNCTIONS | typeof DEEP_FUNCTIONS)[number]) {
  const fn: PromptFunction<never, unknown> = promptFunction(shapes, name, { bamlFiles: getShapes });
  // What is learned of a function is learned once.
  fn.parse("{}");
  return fn;
}

/**
 * Milliseconds, of the clock or of the processor, whichever are fewer: another process may have had the processor. A time that
 * would count is taken again and again.
 */
function timeOf(work: () => unknown, counts: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 6 && best > counts; tries += 1) {
    const before = process.cpuUsage();
    const began = performance.now();
    work();
    const passed = performance.now() - began;
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, passed, (user + system) / 1000);
  }
  return best;
}

async function repeat(call: () => unknown): Promise<undefined> {
  for (let index = 0; index < CALLS; index += 1) await call();
}
