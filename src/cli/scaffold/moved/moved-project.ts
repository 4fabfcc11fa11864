import { existsSync, lstatSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { UsageError } from "../../../base/errors.ts";
import { compileBaml } from "../../../prompts/baml/compile-client.ts";
import { proseWarnings } from "../../../workbench/prose-warning.ts";
import type { PackageFacts } from "../package-facts.ts";
import { type ProjectChoices, projectFiles } from "../project.ts";
import { type Files, notRead, readTemplate } from "../write-files.ts";
import { agentCode, kindOf, type MovedAgent, testCode } from "./agent-code.ts";
import {
  clientsIn,
  countGenerators,
  type StepPrompt,
  stepPrompts,
  variablesIn,
  withGenerator,
} from "./baml-sources.ts";
import { modelSettings } from "./model-settings.ts";
import { caseOf, isJsonThread, type OldTags, oldTags, variablesOf } from "./old-code.ts";

export interface MovedProject {
  readonly files: Files;
  /** What was noticed, and what is left for its owner to do. */
  readonly notes: readonly string[];
}

/** Of the old project's packages, those that this one replaces. */
const REPLACED =
  /^(?:@boundaryml\/baml|baml|express|dotenv|tsx|ts-node|typescript|@types\/.*|eslint.*|@typescript-eslint\/.*|humanlayer)$/;

/**
 * The files of a project that goes on with an agent written after the 12-factor workshop: a prompt that takes the thread as
 * one text, and a loop of its own. The old code is read, never run. Throws `UsageError` (`invalid_argument`) if there is
 * no such prompt.
 *
 * @param old the folder of the agent, with `baml_src`.
 */
export function movedProject(facts: PackageFacts, choices: ProjectChoices, old: string): MovedProject {
  const sources = sourcesOf(old);
  const code = codeOf(old);
  const [prompt, ...otherPrompts] = promptsOf(sources, old);
  const asked = proseWarnings(Object.fromEntries(sources), [prompt.name])[0]?.phrase;
  const isJson = isJsonThread(code);
  const agent: MovedAgent = {
    name: choices.name,
    prompt,
    tags: isJson ? NO_TAGS : oldTags(code),
    prose: asked !== undefined,
    before: (intent) => caseOf(code, intent),
  };
  const { lines, left } = modelSettings(prompt.client, clientsIn(sources));
  const variables = [...new Set([...variablesIn(sources), ...variablesOf(code)])];
  const test = testCode(agent);
  const notes = [
    "baml_src is as it was, but for the generator, which has the version of this package's BAML",
    tagNote(agent, isJson),
    ...(asked === undefined
      ? []
      : [
          `${prompt.name} asks for free text ("${asked}"), so prose before the JSON is accepted: prose: "before" in src/agent.ts`,
        ]),
    ...(lines.length === 0
      ? []
      : [
          `the model of the prompt stands in .env.example (${lines[0]}): copy it to .env; a key alone would ask another model`,
        ]),
    ...[...stepsLeft(agent), ...left, ...otherwiseLeft(old, otherPrompts)].map((what) => `left: ${what}`),
    ...(test === undefined
      ? ["left: write a test of the agent with scriptedSteps of twelvefold/testing"]
      : []),
    ...generatorNotes(sources),
    "BAML tests of baml_src ask the clients that are named there, which need keys: npm run test:baml",
    "the old server, command line and store are replaced: npx twelvefold run, serve, list, show",
  ];
  return { files: filesOf(facts, choices, { agent, sources, test, lines, variables, notes }), notes };
}

const NO_TAGS: OldTags = {
  message: undefined,
  result: undefined,
  error: undefined,
  answer: undefined,
  others: [],
};

/** What the generators that are left out mean, and what the compiler says of the rest. */
function generatorNotes(sources: Files): readonly string[] {
  const count = countGenerators(sources);
  const several =
    count < 2
      ? []
      : [
          `left: of ${count} generators one is kept, for TypeScript: clients in other languages are not written`,
        ];
  try {
    compileBaml(Object.fromEntries(withGenerator(sources, "")));
    return several;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const said = error.message.split("\n").slice(0, 4).join(" ").slice(0, 500);
    return [...several, `left: ${said}`];
  }
}

function tagNote({ tags }: MovedAgent, isJson: boolean): string {
  if (isJson) {
    return 'the old thread was JSON; the model reads tags now: see what it gets with npx twelvefold prompt, and make prompt and BAML tests fit (or set context: { format: "json" } in src/agent.ts)';
  }
  const { message, result, error, answer } = tags;
  const tagged = Object.entries({
    messages: message,
    results: result,
    errors: error,
    answers: answer,
  }).flatMap(([what, tag]) => (tag === undefined ? [] : [`${what} <${tag}>`]));
  return tagged.length === 0
    ? "no tags were found in the old code, so the model reads the usual ones: give the old ones back with context.formatters in src/agent.ts (node_modules/twelvefold/docs/context.md)"
    : `the model reads its old tags: ${tagged.join(", ")}; text inside them is escaped now, so nobody can forge one`;
}

/** What its owner has to do about the steps. */
function stepsLeft({ prompt, tags, before }: MovedAgent): readonly string[] {
  const { steps, withoutIntent } = prompt;
  const tools = steps.flatMap((step) => step.intents.filter((intent) => kindOf(intent, step) === "tool"));
  const others = tags.others.filter((type) => !steps.some(({ intents }) => intents.includes(type)));
  return [
    ...mention(
      tools,
      (all) =>
        `move the code of ${all} into src/agent.ts, and take approval off where no person need agree (a test in test/agent.test.ts says that the first one asks)`,
    ),
    ...mention(
      tools.filter((intent) => before(intent).length === 0),
      (all) =>
        `no code of ${all} was recognised in the old src: it stands there in another form than a switch`,
    ),
    ...mention(withoutIntent, (all) => `give ${all} a field intent; without one it cannot be a step`),
    ...mention(others, (all) => `events of the old thread without a counterpart: ${all}`),
  ];
}

/** What its owner has to do besides. */
function otherwiseLeft(old: string, otherPrompts: readonly StepPrompt[]): readonly string[] {
  const packages = packagesOf(old).filter((name) => !REPLACED.test(name));
  const prompts = otherPrompts.map(({ name }) => name);
  const links = ["baml_src", "src"].flatMap((folder) =>
    existsSync(join(old, folder)) ? notRead(join(old, folder)).map((name) => `${folder}/${name}`) : [],
  );
  return [
    ...mention(links, (all) => `links are not followed, and not copied: ${all}`),
    ...mention(prompts, (all) => `other prompts that choose steps: ${all}; each is an agent of its own`),
    ...(existsSync(join(old, ".env"))
      ? ["copy your settings, which hold secrets: the old .env to .env here"]
      : []),
    ...mention(packages, (all) => `install what the moved code needs of ${all}`),
  ];
}

/** One sentence about all of them, or none. */
function mention(names: readonly string[], sentence: (all: string) => string): readonly string[] {
  return names.length === 0 ? [] : [sentence(names.join(", "))];
}

interface Parts {
  readonly agent: MovedAgent;
  readonly sources: Files;
  readonly test: string | undefined;
  readonly lines: readonly string[];
  readonly variables: readonly string[];
  readonly notes: readonly string[];
}

function filesOf(facts: PackageFacts, choices: ProjectChoices, parts: Parts): Files {
  const { agent, sources, test, lines, variables, notes } = parts;
  const files = new Map(projectFiles(facts, choices));
  const generator = (files.get("baml_src/generators.baml") ?? "").replace(/^\/\/.*\n/gm, "").trim();
  for (const name of files.keys())
    if (/^(?:baml_src|src|test)\//.test(name) || name === "README.md") files.delete(name);
  for (const [name, text] of withGenerator(sources, generator)) files.set(`baml_src/${name}`, text);
  files.set("src/agent.ts", agentCode(agent));
  const guide = files.get("AGENTS.md") ?? "";
  files.set(
    "AGENTS.md",
    guide
      .replace(
        /- `npm test` runs the BAML tests[^\n]*\n/,
        "- `npm test` generates the client and runs the type checker and the tests in `test/`; it needs no network. `npm run test:baml` runs the\n  BAML tests, which ask the models that are named there. `MOVED.md` lists what is left to move.\n",
      )
      .replace("the union `Tools`", `the union that \`${agent.prompt.name}\` returns`),
  );
  if (test !== undefined) files.set("test/agent.test.ts", test);
  files.set(
    "MOVED.md",
    `# What was moved, and what is left\n\n${notes.map((note) => `- ${note}`).join("\n")}\n`,
  );
  const known = files.get(".env.example") ?? "";
  const others = variables.filter((name) => !known.includes(name));
  const settings = [
    "# The model that the prompt named.",
    ...lines,
    ...(others.length === 0
      ? []
      : ["", "# Read by the old code or its BAML sources.", ...others.map((name) => `# ${name}=`)]),
  ];
  files.set(".env.example", `${settings.join("\n")}\n\n${known}`);
  const manifest = JSON.parse(files.get("package.json") ?? "{}");
  const tests = test === undefined ? "" : ' && node --test "test/**/*.test.ts"';
  manifest.scripts.test = `twelvefold generate && tsc${tests}`;
  manifest.scripts["test:baml"] = "baml-cli test";
  files.set("package.json", `${JSON.stringify(manifest, null, 2)}\n`);
  return files;
}

/** The prompts that choose steps, the usual one first. */
function promptsOf(sources: Files, old: string): readonly [StepPrompt, ...StepPrompt[]] {
  const [first, ...others] = stepPrompts(sources).toSorted((a, b) => rank(a) - rank(b));
  if (first !== undefined) return [first, ...others];
  throw new UsageError(
    "invalid_argument",
    `no function in ${join(old, "baml_src")} takes the thread as one string and answers with classes that have an intent`,
  );
}

const rank = ({ name }: StepPrompt) => (name === "DetermineNextStep" ? 0 : 1);

function sourcesOf(old: string): Files {
  const folder = join(old, "baml_src");
  if (!existsSync(folder))
    throw new UsageError("invalid_argument", `there is no baml_src in ${old}: name the folder of the agent`);
  if (lstatSync(folder).isSymbolicLink())
    throw new UsageError("invalid_argument", `${folder} is a link: name the folder that it points to`);
  return readTemplate(folder);
}

/** The old TypeScript, without what was generated or installed. */
function codeOf(old: string): Files {
  const folder = join(old, "src");
  if (!existsSync(folder)) return new Map();
  return new Map(
    [...readTemplate(folder)].filter(
      ([name]) => /\.[cm]?tsx?$/.test(name) && !/(?:^|\/)baml_client\//.test(name),
    ),
  );
}

function packagesOf(old: string): readonly string[] {
  const file = join(old, "package.json");
  if (!existsSync(file)) return [];
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    const dependencies: unknown =
      typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "dependencies") : {};
    return typeof dependencies === "object" && dependencies !== null ? Object.keys(dependencies) : [];
  } catch {
    throw new UsageError("invalid_argument", `${basename(old)}/package.json is not JSON`);
  }
}
