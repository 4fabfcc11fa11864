import { removeSecrets } from "../../../base/secret-patterns.ts";
import type { StepClass, StepPrompt } from "./baml-sources.ts";
import type { OldTags } from "./old-code.ts";

/** What the written files are made of. */
export interface MovedAgent {
  readonly name: string;
  readonly prompt: StepPrompt;
  readonly tags: OldTags;
  /** Whether the prompt asks for free text before the JSON. */
  readonly prose: boolean;
  /** What the old code did about an intent. */
  readonly before: (intent: string) => readonly string[];
}

/** Where the project imports its generated client from. */
const CLIENT = "../baml_client";

type Kind = "finish" | "ask" | "tool";

/** What becomes of an intent: its name and fields say whether it ends the turn or asks a person. */
export function kindOf(intent: string, step: StepClass): Kind {
  if (textField(step) === undefined) return "tool";
  if (/(?:^|_)(?:done|finish|final|complete)/i.test(intent)) return "finish";
  return /more_information|clarif|ask_(?:human|user|person)|human_input/i.test(intent) ? "ask" : "tool";
}

/** The field that holds what is said to a person. */
function textField({ fields }: StepClass): string | undefined {
  const texts = [...fields].filter(([, type]) => type === "string").map(([field]) => field);
  return ["message", "question", "answer", "text"].find((field) => texts.includes(field));
}

const quote = (text: string) => JSON.stringify(text);
const keyOf = (intent: string) => (/^[A-Za-z_]\w*$/.test(intent) ? intent : quote(intent));
/** Text that may stand in a comment of one line. */
const comment = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ");

/** `src/agent.ts`: the agent with its old tags, and a skeleton for the code of each tool. */
export function agentCode({ name, prompt, tags, prose, before }: MovedAgent): string {
  const steps = prompt.steps.flatMap((step) =>
    step.intents.map((intent) => ({ intent, step, kind: kindOf(intent, step) })),
  );
  const used = new Set<string>(
    steps.map(({ kind }) => ({ finish: "finish", ask: "askHuman", tool: "tool" })[kind]),
  );
  const imports = [
    "askHuman",
    "defineAgent",
    "finish",
    "type NextStepFunction",
    "promptFunction",
    "tool",
  ].filter((one) => used.has(one) || !/^(?:askHuman|finish|tool)$/.test(one));
  const handlers = steps.flatMap(({ intent, step, kind }) => {
    const field = textField(step) ?? "";
    if (kind === "finish") return [`${keyOf(intent)}: finish(({ ${field} }) => ${field}),`];
    if (kind === "ask") return [`${keyOf(intent)}: askHuman(({ ${field} }) => ${field}),`];
    const lines = before(intent).map((line) => `//   ${comment(removeSecrets(line))}`);
    return [
      ...(lines.length === 0 ? [] : ["// Before:", ...lines]),
      `${keyOf(intent)}: tool((step) => notMoved(step), { approval: "always" }),`,
    ];
  });
  const options = prose ? '{ bamlFiles: getBamlFiles, prose: "before" }' : "{ bamlFiles: getBamlFiles }";
  return `import { ${imports.join(", ")} } from "twelvefold";
import { b } from "${CLIENT}/index.ts";
import { getBamlFiles } from "${CLIENT}/inlinedbaml.ts";

/** What the prompt may propose: the union in \`baml_src/${comment(prompt.file)}\`. */
export type Step = Awaited<ReturnType<typeof b.${prompt.name}>>;
${
  used.has("tool")
    ? `
/** Stands where the code of a tool is still to come. */
function notMoved({ intent }: Step): never {
  throw new Error(\`\${intent}: its code is not moved yet\`);
}
`
    : ""
}
/** The agent with any next step: the prompt, or a script in tests. */
export function createAgent(nextStep: NextStepFunction<[thread: string], Step>) {
  return defineAgent(nextStep, {
    name: ${quote(name)},
${formatters(tags)}    steps: {
${handlers.map((line) => `      ${line}`).join("\n")}
    },
  });
}

export const agent = createAgent(promptFunction(b, ${quote(prompt.name)}, ${options}));
`;
}

/** The tags that the prompt was written for, where they differ from the usual ones. */
function formatters({ message, result, error, answer }: OldTags): string {
  const lines = [
    message && `message_received: ({ data }) => [{ tag: ${quote(message)}, body: data.text }],`,
    result && `tool_finished: ({ data }) => [{ tag: ${quote(result)}, body: data.result }],`,
    error && `tool_failed: ({ data }) => [{ tag: ${quote(error)}, body: data.error.message }],`,
    answer &&
      answer !== "human_response" &&
      `human_responded: ({ data: { decision } }) =>
          decision.kind === "answered" ? [{ tag: ${quote(answer)}, body: decision.text }] : undefined,`,
  ].filter((line) => typeof line === "string" && line !== "");
  if (lines.length === 0) return "";
  return `    context: {
      // The tags that the prompt was written for.
      formatters: {
${lines.map((line) => `        ${line}`).join("\n")}
      },
    },
`;
}

/** `test/agent.test.ts`; `undefined` if the fields of its steps are more than names and numbers. */
export function testCode({ name, prompt, tags }: MovedAgent): string | undefined {
  const samples = prompt.steps.flatMap((step) =>
    step.intents.flatMap((intent) => {
      const sample = sampleOf(intent, step);
      return sample === undefined ? [] : [{ kind: kindOf(intent, step), sample }];
    }),
  );
  const done = samples.find(({ kind }) => kind === "finish")?.sample;
  const call = samples.find(({ kind }) => kind === "tool")?.sample;
  if (done === undefined) return undefined;
  const tag = tags.message ?? "message_received";
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createAgent, type Step } from "../src/agent.ts";

/** Runs the agent with a model that answers from a script, until it has ended or waits. */
async function run(script: readonly Step[]) {
  const nextStep = scriptedSteps(script);
  const runtime = createRuntime({ agents: [createAgent(nextStep)], store: createMemoryStore() });
  const input = { message: "hello", from: verifiedBy("test", "ada") };
  const { threadId } = await runtime.launch({ agent: ${quote(name)}, input });
  const { state } = await runtime.settled(threadId);
  await runtime.stop();
  return { status: state.status.kind, prompts: nextStep.prompts };
}

test("the model reads a message under the tag that the prompt was written for", async () => {
  const { status, prompts } = await run([${done}]);
  assert.equal(status, "finished");
  assert.match(prompts[0] ?? "", ${`/<${tag}>\\nhello\\n<\\/${tag}>/`});
});
${
  call === undefined
    ? ""
    : `
// Holds until its approval is taken off in src/agent.ts: from then on it runs, and the script needs one more answer.
test("a tool waits for a person", async () => {
  assert.equal((await run([${call}])).status, "awaiting_approval");
});
`
}`;
}

const SAMPLES: Readonly<Record<string, string>> = {
  string: '"x"',
  int: "1",
  float: "1",
  bool: "true",
  number: "1",
};

/** A step as code, or `undefined` if its fields are more than texts, numbers and booleans. */
function sampleOf(intent: string, { fields }: StepClass): string | undefined {
  const parts = [`intent: ${quote(intent)}`];
  for (const [field, type] of fields) {
    const sample = type.endsWith("?") ? "null" : SAMPLES[type.split("|")[0]?.trim() ?? ""];
    if (sample === undefined) return undefined;
    parts.push(`${field}: ${sample}`);
  }
  return `{ ${parts.join(", ")} }`;
}
