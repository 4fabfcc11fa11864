import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVE_NEEDS } from "../../base/missing-package.ts";
import type { PackageFacts } from "./package-facts.ts";
import { type Files, readTemplate } from "./write-files.ts";

export interface ProjectChoices {
  /** The name of the project and of its agent. */
  readonly name: string;
  /** Whether it has a hand-written loop instead of the runtime. */
  readonly ownLoop: boolean;
  /** Whether it has the packages of `twelvefold serve`. */
  readonly serve: boolean;
  /** The package manager that installs it. */
  readonly manager: PackageManager;
  /** The archive or folder that this package is installed from. Default: the registry, in this very version. */
  readonly source?: string | undefined;
}

export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

/** pnpm fails unless it is told whether a package may run scripts when it is installed. */
const PNPM_WORKSPACE = `# Of BAML: it reports installations.
allowBuilds:
  "@scarf/scarf": false
`;

/** Without folders of packages TypeScript finds no types, and Node loads ES modules by a loader that is an experiment. */
const YARN_SETTINGS = `# TypeScript and Node look for packages in node_modules.
nodeLinker: node-modules
`;

/** Files of a project with the runtime that a project with its own loop does not have. */
const OF_RUNTIME = ["src/agent.ts", "test/agent.test.ts", "twelvefold.config.ts"];
const PLACEHOLDER = "my-agent";

/** Where coding agents look for what they must know. */
const SKILL = ".agents/skills/twelvefold/SKILL.md";

/** The files of a new project. It pins this version of the package. */
export function projectFiles(facts: PackageFacts, choices: ProjectChoices): Files {
  const { name, ownLoop } = choices;
  const files = new Map(readTemplate(join(facts.root, "templates", "project")));
  if (ownLoop) {
    for (const file of OF_RUNTIME) files.delete(file);
    for (const [file, text] of readTemplate(join(facts.root, "templates", "own-loop"))) files.set(file, text);
    const guide = (files.get("AGENTS.md") ?? "")
      .replace(/^Read .*\n\n/m, "")
      .replaceAll("src/agent.ts", "src/loop.ts")
      .replace("a handler in `steps`, under its intent", "a `case` of the `switch`, under its intent")
      .replace(
        /^- A tool with effects has .*$/m,
        "- A tool with effects asks the person first, and passes the `key` on.",
      );
    files.set("AGENTS.md", guide);
    const prompt = files.get("baml_src/agent.baml") ?? "";
    files.set("baml_src/agent.baml", prompt.replace("src/agent.ts", "src/loop.ts"));
  } else {
    // What it says is about an agent with the runtime.
    files.set(SKILL, readFileSync(join(facts.root, "SKILL.md"), "utf8"));
  }
  files.set("llms.txt", pagesOf(facts));
  for (const [file, text] of files) files.set(file, text.replaceAll(PLACEHOLDER, name));
  const generator = files.get("baml_src/generators.baml") ?? "";
  const version = `version "${facts.versionOf("@boundaryml/baml")}"`;
  files.set("baml_src/generators.baml", generator.replace(/version "[^"]*"/, version));
  files.set("package.json", `${JSON.stringify(manifestOf(facts, choices), null, 2)}\n`);
  // For every package manager: who installs the project need not use the one that has written it.
  files.set("pnpm-workspace.yaml", PNPM_WORKSPACE);
  files.set(".yarnrc.yml", YARN_SETTINGS);
  return files;
}

/** The package's list of pages, by where a project finds them. */
function pagesOf({ root }: PackageFacts): string {
  return readFileSync(join(root, "llms.txt"), "utf8")
    .replaceAll("](", "](node_modules/twelvefold/")
    .replace("relative to the package", "relative to the project");
}

function manifestOf(facts: PackageFacts, { name, ownLoop, serve, source }: ProjectChoices) {
  const withVersions = (names: readonly string[]) =>
    Object.fromEntries([...names].sort().map((one) => [one, facts.versionOf(one)]));
  const start = ownLoop ? "twelvefold generate --if-stale && node src/main.ts" : `twelvefold run ${name}`;
  return {
    name,
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
    scripts: {
      start,
      ...(ownLoop ? {} : { serve: "twelvefold serve" }),
      test: 'twelvefold test && tsc && node --test "test/**/*.test.ts"',
      generate: "twelvefold generate",
    },
    dependencies: {
      ...withVersions(["@boundaryml/baml", ...(serve && !ownLoop ? SERVE_NEEDS : [])]),
      twelvefold: source === undefined ? facts.version : `file:${source}`,
    },
    devDependencies: withVersions(["@types/node", "typescript"]),
    // Of BAML: it reports installations.
    allowScripts: { "@scarf/scarf": false },
    scarfSettings: { enabled: false },
  };
}
