/**
 * Reads the corpus of messy completions with several readers and compares what each makes of it with what a person wrote down as
 * the answer. Prints the table of docs/messy-completions.md; with `--write`, writes it there; with `--failures`, lists what our
 * reading gets wrong or refuses.
 *
 *   npx tsx scripts/messy-completions.ts --write
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { jsonrepair } from "jsonrepair";
import { z } from "zod";
import { b } from "../baml_client/index.ts";
import { getBamlFiles } from "../baml_client/inlinedbaml.ts";
import { canonicalJson, type Json, parseJson, toJson } from "../src/base/json.ts";
import { promptFunction } from "../src/prompts/prompt-function.ts";

const root = join(import.meta.dirname, "..");
const FOLDER = join(root, "test/fixtures/messy");
export const PAGE = join(root, "docs/messy-completions.md");
const TABLE = /<!-- table -->[\s\S]*<!-- end of table -->/;

const completion = z.strictObject({
  id: z.number(),
  /** What is messy about it. */
  shape: z.string(),
  /** The model that wrote it; absent: it was written by hand, after the manner of what models write. */
  model: z.string().optional(),
  /** Where the prompt allows prose. */
  prose: z.enum(["before"]).optional(),
  /** How the provider said that it ended, unless it is `stop`. */
  finish: z.literal("length").optional(),
  raw: z.string(),
  /** The step or steps that it says, as a person reads it; `null`: none that may run. */
  expected: z.json(),
});
export type MessyCompletion = z.infer<typeof completion>;

export function readCorpus(): readonly MessyCompletion[] {
  const lines = readFileSync(join(FOLDER, "completions.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => completion.parse(JSON.parse(line)));
}

/** A step, a list of steps, or `undefined` for a completion that is refused or put to a person. */
type Reader = (one: MessyCompletion) => Json | undefined;

const computation = (intent: string) => z.object({ intent: z.literal(intent), a: z.number(), b: z.number() });
const message = (intent: string) => z.object({ intent: z.literal(intent), message: z.string() });
const STEP = z.union([
  ...["add", "subtract", "multiply", "divide"].map(computation),
  ...["request_more_information", "done_for_now"].map(message),
]);

/** Text parsers know no types: what they give counts if it is a step, or a list of steps. */
function asSteps(value: unknown): Json | undefined {
  const parsed = z.union([STEP, z.array(STEP).min(1)]).safeParse(value);
  if (!parsed.success) return undefined;
  const steps = toJson(parsed.data);
  return Array.isArray(steps) && steps.length === 1 ? steps[0] : steps;
}

function tryToRead(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const OURS = {
  none: promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }),
  before: promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles, prose: "before" }),
};

const aiSdk = z
  .object({
    package: z.string(),
    version: z.string(),
    readings: z.record(
      z.string(),
      z.union([z.object({ value: z.unknown() }), z.object({ refused: z.literal(true) })]),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, "ai-sdk.json"), "utf8")));

export const READERS: { readonly [name: string]: Reader } = {
  "`promptFunction`": ({ raw, prose, finish }) => {
    if (finish === "length") return undefined;
    const answer = (prose === undefined ? OURS.none : OURS[prose]).parse(raw);
    if (!answer.ok || answer.fidelity.grade === "doubtful") return undefined;
    const steps = toJson([answer.value, ...answer.more.map(({ value }) => value)]);
    return Array.isArray(steps) && steps.length === 1 ? steps[0] : steps;
  },
  "BAML alone": ({ raw }) => {
    const value = tryToRead(() => b.parse.DetermineNextStep(raw));
    return value === undefined ? undefined : toJson(value);
  },
  "`JSON.parse`": ({ raw }) => asSteps(tryToRead(() => parseJson(raw))),
  "`jsonrepair`": ({ raw }) => asSteps(tryToRead(() => parseJson(jsonrepair(raw)))),
  "AI SDK `parsePartialJson`": ({ id }) => {
    const reading = aiSdk.readings[String(id)];
    return reading === undefined || "refused" in reading ? undefined : asSteps(reading.value);
  },
};

export type Verdict = "right" | "wrong" | "refused";

export function judgeReading(read: Reader, one: MessyCompletion): Verdict {
  const value = read(one);
  if (value === undefined) return one.expected === null ? "right" : "refused";
  return canonicalJson(value) === canonicalJson(toJson(one.expected)) ? "right" : "wrong";
}

/** The tables of the page: all completions for each reader, then each shape. */
export function messyTable(corpus: readonly MessyCompletion[]): string {
  const names = Object.keys(READERS);
  const verdicts = new Map(
    Object.entries(READERS).map(
      ([name, read]) => [name, corpus.map((one) => judgeReading(read, one))] as const,
    ),
  );
  const count = (name: string, verdict: Verdict, shape?: string) =>
    (verdicts.get(name) ?? []).filter(
      (found, index) => found === verdict && (shape === undefined || corpus[index]?.shape === shape),
    ).length;
  const shapes = [...new Set(corpus.map(({ shape }) => shape))];
  return [
    "| reader | right | silently wrong | refused |",
    "|---|---|---|---|",
    ...names.map(
      (name) => `| ${name} | ${count(name, "right")} | ${count(name, "wrong")} | ${count(name, "refused")} |`,
    ),
    "",
    "Right / silently wrong / refused by shape:",
    "",
    `| shape (completions) | ${names.map((name) => name.replace(/ alone| `parsePartialJson`/, "")).join(" | ")} |`,
    `|---|${names.map(() => "---|").join("")}`,
    ...shapes.map((shape) => {
      const cells = names.map((name) =>
        (["right", "wrong", "refused"] as const).map((verdict) => count(name, verdict, shape)).join(" / "),
      );
      return `| ${shape} (${corpus.filter((one) => one.shape === shape).length}) | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** The table as it stands on the page. */
export function tableOfPage(): string {
  const [found = ""] = TABLE.exec(readFileSync(PAGE, "utf8")) ?? [];
  return found.replace(/<!-- (?:end of )?table -->/g, "").trim();
}

function main(): void {
  const corpus = readCorpus();
  const table = messyTable(corpus);
  console.log(table);
  if (process.argv.includes("--write")) {
    const page = readFileSync(PAGE, "utf8");
    writeFileSync(PAGE, page.replace(TABLE, `<!-- table -->\n\n${table}\n\n<!-- end of table -->`));
  }
  if (!process.argv.includes("--failures")) return;
  const name = process.argv[process.argv.indexOf("--failures") + 1] ?? "`promptFunction`";
  const read = READERS[name] ?? READERS["`promptFunction`"];
  for (const one of corpus) {
    const verdict = read === undefined ? "right" : judgeReading(read, one);
    if (verdict !== "right")
      console.log(
        `${verdict} ${one.id} ${one.shape}: ${JSON.stringify(one.raw).slice(0, 120)} → ${JSON.stringify(read?.(one))}, expected ${JSON.stringify(one.expected)}`,
      );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
