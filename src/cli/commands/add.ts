import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { isJsonObject, readJson } from "../../base/json.ts";
import { packageWithMajor } from "../../base/missing-package.ts";
import { declarations } from "../../prompts/baml/source.ts";
import { readSources } from "../baml/client-state.ts";
import { EXIT } from "../exit.ts";
import { ADDITIONS, type Addition, declares } from "../scaffold/additions.ts";
import { readPackageFacts } from "../scaffold/package-facts.ts";
import { type Files, writeFiles } from "../scaffold/write-files.ts";
import type { Session } from "../session.ts";

/**
 * `twelvefold add [name]`: copies an agent, a recipe or a channel's wiring, with its test, as source code. Without a
 * name, lists them.
 */
export async function add(
  session: Session,
  name: string | undefined,
  options: { readonly force?: boolean },
): Promise<number> {
  const { terminal, folder, json } = session;
  if (name === undefined) return listAdditions(session);
  const addition = ADDITIONS.find((one) => one.name === name || `${one.kind}/${one.name}` === name);
  if (addition === undefined) {
    const known = ADDITIONS.map((one) => one.name).join(", ");
    throw new NotFoundError(`there is nothing to add called "${name}"; known: ${known}`);
  }
  const manifest = readManifest(folder);
  const files = missingFiles(addition, readPackageFacts().root, folder);
  checkNames(files, folder);
  writeFiles(folder, files, options.force === true);
  const packages = addition.packages.filter((one) => !manifest.packages.has(one));
  const hasConfig = existsSync(join(folder, "twelvefold.config.ts"));
  const next = [
    ...(addition.kind === "agent" && manifest.name === name ? [sameName(name)] : []),
    ...(addition.kind === "recipe" || hasConfig ? [] : [WITHOUT_CONFIG]),
    ...addition.next,
  ];
  const names = [...files.keys()];
  if (json) terminal.out(JSON.stringify({ name: addition.name, files: names, packages, next }));
  else {
    for (const file of names) terminal.out(`wrote ${file}`);
    if (names.length === 0) terminal.out("all of it is there already, unchanged: nothing was written");
    if (packages.length > 0)
      terminal.out(`it needs: npm install ${packages.map(packageWithMajor).join(" ")}`);
    for (const line of next) terminal.out(`next: ${line}`);
    terminal.out("run its test with the others: npm test");
  }
  return EXIT.ok;
}

/**
 * The files that the project does not have in exactly this form, including what the prompt needs and the project lacks.
 */
function missingFiles(addition: Addition, root: string, project: string): Files {
  const all = new Map(addition.files(root));
  const hasPrompt = [...all.keys()].some((name) => name.startsWith("baml_src/"));
  for (const [name, declaration] of hasPrompt ? NEEDED : []) {
    if (declares(project, declaration)) continue;
    const isTaken = existsSync(join(project, "baml_src", name));
    all.set(
      `baml_src/${isTaken ? `added_${name}` : name}`,
      readFileSync(join(root, "baml_src", name), "utf8"),
    );
  }
  return new Map([...all].filter(([name, text]) => textOf(join(project, name)) !== text));
}

const NEEDED: readonly (readonly [string, RegExp])[] = [
  ["human_tools.baml", /^type HumanTools\b/m],
  ["clients.baml", /^client(?:<llm>)? Default\b/m],
  ["generators.baml", /^generator\s/m],
];

/** Throws if the project's BAML already declares a name that one of the files declares too: BAML takes each once. */
function checkNames(files: Files, project: string): void {
  const sources = join(project, "baml_src");
  if (!existsSync(sources)) return;
  const others = [...readSources(sources)].filter(([name]) => !files.has(`baml_src/${name}`));
  const taken = new Map(
    others.flatMap(([file, text]) => namesIn(file, text).map((name): [string, string] => [name, file])),
  );
  const clashes = [...files]
    .filter(([file]) => file.endsWith(".baml"))
    .flatMap(([file, text]) => namesIn(file, text))
    .flatMap((name) => (taken.has(name) ? [`${name} (baml_src/${taken.get(name)})`] : []));
  if (clashes.length === 0) return;
  throw new UsageError(
    "invalid_argument",
    `nothing was written: this project's BAML has declarations of the same names, and BAML takes each once: ${clashes.join(", ")}`,
  );
}

function namesIn(file: string, text: string): readonly string[] {
  return declarations({ [file]: text }).flatMap(({ kind, name }) => {
    if (kind === "test") return [];
    return [`${TYPES.has(kind) ? "type" : kind} ${name}`];
  });
}

/** What shares its names. */
const TYPES = new Set(["class", "enum", "type"]);

interface Manifest {
  readonly name: unknown;
  /** The packages it depends on. */
  readonly packages: ReadonlySet<string>;
}

function readManifest(project: string): Manifest {
  const text = textOf(join(project, "package.json"));
  if (text === undefined) {
    const message = `there is no package.json in ${project}: run this in your project's folder (npx twelvefold init writes one)`;
    throw new UsageError("invalid_configuration", message);
  }
  const manifest = readJson(text);
  if (!isJsonObject(manifest))
    throw new UsageError("invalid_configuration", `${join(project, "package.json")} is not a JSON object`);
  const packages = ["dependencies", "devDependencies"].flatMap((field) => {
    const listed = manifest[field];
    return listed !== undefined && isJsonObject(listed) ? Object.keys(listed) : [];
  });
  return { name: manifest["name"], packages: new Set(packages) };
}

const WITHOUT_CONFIG =
  'this project has no twelvefold.config.ts: write one with `import { defineConfig } from "twelvefold"; export default defineConfig({ agents: [ … ] });`';

/** `twelvefold init` names the first agent after the project. */
function sameName(name: string): string {
  return `the project's own agent is called ${name} too, and two agents of one configuration need two names: change one \`name: "${name}"\``;
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function listAdditions({ terminal, json }: Session): number {
  if (json) {
    terminal.out(
      JSON.stringify(ADDITIONS.map(({ name, kind, what, packages }) => ({ name, kind, what, packages }))),
    );
    return EXIT.ok;
  }
  const width = Math.max(...ADDITIONS.map(({ name }) => name.length));
  for (const { name, kind, what } of ADDITIONS)
    terminal.out(`${kind.padEnd(8)} ${name.padEnd(width)}  ${what}`);
  return EXIT.ok;
}
