import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVE_NEEDS } from "../../base/missing-package.ts";
import { type Files, readTemplate } from "./write-files.ts";

/** Something that `twelvefold add` copies into a project. */
export interface Addition {
  readonly name: string;
  readonly kind: "agent" | "recipe" | "channel";
  readonly what: string;
  /** Packages that it, or the commands by which it is tried, need in addition to this one. */
  readonly packages: readonly string[];
  /** What the owner of the project does next. */
  readonly next: readonly string[];
  /** Its files by their paths in the project. `root` is the folder of this package. */
  files(root: string): Files;
}

/** The BAML sources of the calculator, without the human tools, which a project may declare itself. */
const CALCULATOR_PROMPT = ["calculator.baml", "calculator_tests.baml"].map((name) => `baml_src/${name}`);

const RECIPES = {
  chain: "one agent after another, with a gate of code between them",
  improve: "one agent writes, another judges, until it is good",
  orchestrate: "one agent cuts the work into tasks, others do them in threads of their own",
  "own-loop": "an outer loop of your own, threads in a table of your product",
  route: "a first question decides which agent works on a request",
  sections: "many documents read at once, and an answer whose citations are checked",
  "take-over": "a person takes a thread over, and hands it back",
  vote: "the same question several times, and code counts",
};

export const ADDITIONS: readonly Addition[] = [
  {
    name: "calculator",
    kind: "agent",
    what: "arithmetic step by step; asks before it divides",
    packages: [],
    next: [
      'in twelvefold.config.ts: import { calculator } from "./src/agents/calculator/agent.ts", and add it to agents',
      'npx twelvefold run calculator "what is 12 plus 30"',
    ],
    files: (root) => copyOf(root, [...CALCULATOR_PROMPT, "src/agents/calculator/agent.ts"], "calculator"),
  },
  {
    name: "deploybot",
    kind: "agent",
    what: "releases to staging and production: git, health checks, two approvals, rollback by delegation",
    packages: SERVE_NEEDS,
    next: [
      "npx twelvefold demo deploybot",
      "for a repository of yours: createDeploybot({ repository, environments, health, serverUrl }), its agents in twelvefold.config.ts",
    ],
    files: (root) => copyAgent(root, "deploybot"),
  },
  {
    name: "support",
    kind: "agent",
    what: "answers customers' mails: refunds by amount, approvals of managers, preferences remembered",
    packages: SERVE_NEEDS,
    next: [
      "npx twelvefold demo support",
      "for a shop of yours: createSupport({ shop, managers, today }), and mails as node_modules/twelvefold/docs/support.md says",
    ],
    files: (root) => copyAgent(root, "support"),
  },
  {
    name: "hand-written-loop",
    kind: "recipe",
    what: "the calculator's prompt in a loop of your own, in one short file",
    packages: [],
    next: ["read examples/hand-written-loop.ts; it is yours to change"],
    files: (root) =>
      copyOf(root, [...CALCULATOR_PROMPT, "examples/hand-written-loop.ts"], "hand-written-loop"),
  },
  ...Object.entries(RECIPES).map(([name, what]) => addRecipe(name, what)),
  addChannel("chat", {
    what: "people write to the agent in Slack and decide on cards there",
    packages: [...SERVE_NEEDS, "@chat-adapter/slack"],
  }),
  addChannel("discord", {
    what: "people write to the agent in Discord and decide on cards there",
    packages: SERVE_NEEDS,
  }),
  addChannel("email", {
    what: "people write mails and answer requests by mail; senders proven by DKIM",
    packages: ["nodemailer", "postal-mime", "mailauth"],
  }),
  addChannel("sms", {
    what: "people write and decide by SMS or WhatsApp, over Twilio",
    packages: SERVE_NEEDS,
  }),
  addChannel("teams", {
    what: "people write to the agent in Microsoft Teams and decide on cards there",
    packages: SERVE_NEEDS,
  }),
  addChannel("telegram", {
    what: "people write to the agent in Telegram and decide on cards there",
    packages: SERVE_NEEDS,
  }),
  addChannel("terminal", {
    what: "shows requests, with the commands that answer them, where serve or worker runs",
    packages: [],
  }),
  addChannel("webhook", {
    what: "sends requests for people to your own service, signed by the Standard Webhooks rules",
    packages: SERVE_NEEDS,
  }),
];

/** A recipe that is one file and takes its prompts as arguments. */
function addRecipe(name: string, what: string): Addition {
  return {
    name,
    kind: "recipe",
    what,
    packages: [],
    next: [
      `read examples/${name}.ts and its test; it is yours to change`,
      'where the test has a script, put promptFunction(b, "…") of a BAML function that returns such steps',
    ],
    files: (root) => copyOf(root, [`examples/${name}.ts`], name),
  };
}

/** The wiring of a channel: its code, how to set it up, and a test. */
function addChannel(name: string, about: Pick<Addition, "what" | "packages">): Addition {
  return {
    name,
    kind: "channel",
    ...about,
    next: [`follow src/channels/${name}.md`],
    files: (root) => readTemplate(join(root, "templates", "add", name)),
  };
}

/** Whether a project's BAML sources declare a name. */
export function declares(project: string, declaration: RegExp): boolean {
  const sources = join(project, "baml_src");
  if (!existsSync(sources)) return false;
  const names = readdirSync(sources, { recursive: true }).map(String);
  return names.some(
    (name) => name.endsWith(".baml") && declaration.test(readFileSync(join(sources, name), "utf8")),
  );
}

/** A reference agent: its prompts and all of its code. */
function copyAgent(root: string, name: string): Files {
  const code = readdirSync(join(root, "src/agents", name)).map((file) => `src/agents/${name}/${file}`);
  return copyOf(root, [`baml_src/${name}.baml`, `baml_src/${name}_tests.baml`, ...code], name);
}

/** Files of this repository as a project would write them, with the tests of a template. */
function copyOf(root: string, paths: readonly string[], template: string): Files {
  const copies = paths.map((path): [string, string] => [
    path,
    asProjectWrites(readFileSync(join(root, path), "utf8")),
  ]);
  return new Map([...copies, ...readTemplate(join(root, "templates", "add", template))]);
}

/** Renames its prompt function, because the project's own agent uses the usual name. */
function asProjectWrites(text: string): string {
  return text
    .replace(/"(?:\.\.\/)+(?:src\/)?index\.ts"/g, '"twelvefold"')
    .replaceAll("DetermineNextStep", "DetermineCalculatorStep");
}
