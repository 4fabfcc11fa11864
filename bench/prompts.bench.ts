// What the guard, the gate and the sending of our own cost against the bare generated call, side by side in one process
// with an instant model. Run: npx tsx bench/prompts.bench.ts
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ClientRegistry } from "@boundaryml/baml";
import { b } from "../baml_client/index.ts";
import { promptFunction } from "../src/prompts/prompt-function.ts";
import type { ModelClient } from "../src/prompts/types.ts";

export interface Measured {
  readonly name: string;
  /** Median time of ours ÷ median time of the bare one. */
  readonly ratio: number;
  /** Median times in microseconds. */
  readonly ours: number;
  readonly bare: number;
}

const NEXT = promptFunction(b, "DetermineNextStep");
const STEP = '{"intent":"multiply","a":3,"b":4}';
const EVENT =
  "<multiply>\nintent: multiply\na: 3\nb: 4\n</multiply>\n<multiply_result>\n12\n</multiply_result>\n";

/** Measures everything; takes some ten seconds. `rounds`: how often each call is timed. */
export async function benchPrompts(rounds = 300): Promise<Measured[]> {
  const server = fork(fileURLToPath(new URL("./prompts-server.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
  });
  try {
    const port = await new Promise<number>((resolve) =>
      server.once("message", (message) => resolve(Number(message))),
    );
    return await measureAll(`http://127.0.0.1:${port}/v1`, rounds);
  } finally {
    server.disconnect();
  }
}

async function measureAll(baseUrl: string, rounds: number): Promise<Measured[]> {
  const options = { model: "instant", api_key: "none", base_url: baseUrl };
  const model: ModelClient = { name: "instant", provider: "openai-generic", options };
  const registry = new ClientRegistry();
  registry.addLlmClient("Instant", "openai-generic", options);
  registry.setPrimary("Instant");
  const results: Measured[] = [];
  for (const events of [10, 100, 300]) {
    const thread = EVENT.repeat(events);
    const bare = () => b.DetermineNextStep(thread, { clientRegistry: registry });
    const ours = () => NEXT.call([thread], { model });
    results.push(await measure(`call over HTTP, thread of ${events} steps`, ours, bare, rounds));
  }
  const fenced = `The next step:\n\`\`\`json\n${STEP}\n\`\`\``;
  for (const [name, text] of [
    ["JSON", STEP],
    ["JSON in prose", fenced],
  ] as const) {
    const bare = () => b.parse.DetermineNextStep(text);
    results.push(await measure(`guard, parse and gate of ${name}`, () => NEXT.parse(text), bare, rounds * 3));
  }
  return results;
}

/** Times both in turns, so that whatever else the machine does falls on both. */
async function measure(
  name: string,
  ours: () => unknown,
  bare: () => unknown,
  rounds: number,
): Promise<Measured> {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  const time = async (call: () => unknown, into: number[]) => {
    const started = performance.now();
    await call();
    into.push((performance.now() - started) * 1000);
  };
  for (let round = -20; round < rounds; round += 1) {
    if (round === 0) for (const list of [times.ours, times.bare]) list.length = 0;
    await time(bare, times.bare);
    await time(ours, times.ours);
  }
  const [mine, theirs] = [median(times.ours), median(times.bare)];
  return { name, ratio: mine / theirs, ours: mine, bare: theirs };
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, ratio, ours, bare } of await benchPrompts()) {
    console.log(
      `${name.padEnd(45)} × ${ratio.toFixed(2)}  (${ours.toFixed(0)} µs; bare ${bare.toFixed(0)} µs)`,
    );
  }
}
