import { existsSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { EXIT } from "../exit.ts";
import { movedProject } from "../scaffold/moved/moved-project.ts";
import { archiveOf, readPackageFacts } from "../scaffold/package-facts.ts";
import { type PackageManager, type ProjectChoices, projectFiles } from "../scaffold/project.ts";
import { writeFiles } from "../scaffold/write-files.ts";
import type { Session } from "../session.ts";

export interface InitOptions {
  /** Asks nothing. */
  readonly yes?: boolean;
  /** Overwrites existing files. */
  readonly force?: boolean;
  readonly ownTheLoop?: boolean;
  /** The folder of an agent written after the 12-factor workshop, to go on with. */
  readonly from?: string;
  /**
   * An archive that `npm pack` has made, or a folder, to install this package from. Default: the archive from which the package
   * that runs this was installed, or else the registry.
   */
  readonly package?: string;
  /** Installs what `twelvefold serve` needs. Default true. */
  readonly serve?: boolean;
}

/** What to ask the person at the terminal if no option says it. `undefined` means that they cancelled. */
export interface InitQuestions {
  folder(): Promise<string | undefined>;
  ownLoop(): Promise<boolean | undefined>;
  serve(): Promise<boolean | undefined>;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const DEFAULT_NAME = "my-agent";

/** `twelvefold init [folder]`: writes a small project that its owner can change, and prints the next steps. */
export async function init(
  session: Session,
  folder: string | undefined,
  options: InitOptions,
  questions: InitQuestions = clackQuestions,
): Promise<number> {
  const { terminal, json, env } = session;
  const ask = options.yes !== true;
  if (ask && (json || !terminal.interactive)) {
    throw new UsageError(
      "invalid_argument",
      `there is no terminal to ask questions in; say it all at once: npx twelvefold init ${folder ?? DEFAULT_NAME} --yes (also --own-the-loop, --no-serve, --from <folder>, --package <archive>, --force)`,
    );
  }
  const wanted = folder ?? (ask ? await questions.folder() : DEFAULT_NAME);
  if (wanted === undefined) return EXIT.interrupted;
  if (wanted === "") throw new UsageError("invalid_argument", "the folder's name is empty; . is this one");
  const target = resolve(session.folder, wanted);
  const name = checkName(basename(target));
  if (options.from !== undefined && options.ownTheLoop === true) {
    throw new UsageError(
      "invalid_argument",
      "--from writes an agent for the runtime: leave out --own-the-loop",
    );
  }
  const asksForLoop = ask && options.from === undefined;
  const ownLoop = options.ownTheLoop ?? (asksForLoop ? await questions.ownLoop() : false);
  if (ownLoop === undefined) return EXIT.interrupted;
  const serve = options.serve === false || ownLoop ? false : ask ? await questions.serve() : true;
  if (serve === undefined) return EXIT.interrupted;

  const facts = readPackageFacts();
  // A version that has come from an archive is perhaps in no registry.
  const place =
    options.package === undefined ? archiveOf(facts.root) : resolve(session.folder, options.package);
  const source = place === undefined ? undefined : sourceOf(place, target);
  const choices: ProjectChoices = { name, ownLoop, serve, manager: managerOf(env), source };
  const { from } = options;
  const { files, notes } =
    from === undefined
      ? { files: projectFiles(facts, choices), notes: [] }
      : movedProject(facts, choices, resolve(session.folder, from));
  writeFiles(target, files, options.force === true);
  const started = from === undefined ? '"deposit 50, then withdraw 20"' : '"<what you ask it for>"';
  const lines = [...nextSteps(relative(session.folder, target), choices, started), ...listNotes(notes)];
  if (json) terminal.out(JSON.stringify({ folder: target, files: [...files.keys()], notes }));
  else for (const line of lines) terminal.out(line);
  if (!process.features.typescript) {
    const message = `the project needs Node 22.18 or later, which reads TypeScript by itself; this is ${process.version}`;
    terminal.err(session.colors.yellow(message));
  }
  return EXIT.ok;
}

/** Where the project finds the archive or the folder, as `package.json` says it. */
function sourceOf(path: string, target: string): string {
  const isArchive = /\.(?:tgz|tar\.gz)$/.test(path) && existsSync(path);
  if (isArchive || existsSync(resolve(path, "package.json")))
    return relative(target, path).replaceAll("\\", "/");
  const message = existsSync(path)
    ? `${path} is no archive (.tgz) or folder of a package`
    : `there is no ${path}`;
  throw new UsageError("invalid_argument", `${message}: twelvefold cannot be installed from it`);
}

function checkName(name: string): string {
  if (NAME.test(name)) return name;
  const near = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 63);
  const such = NAME.test(near) ? ` (such as ${near})` : "";
  throw new UsageError(
    "invalid_argument",
    `the folder's name is also the agent's: 1 to 63 lower-case letters, digits and hyphens, a letter first${such}, not ${JSON.stringify(name)}`,
  );
}

/** The package manager that runs this. */
function managerOf(env: Session["env"]): PackageManager {
  const agent = env["npm_config_user_agent"] ?? "";
  return (["pnpm", "yarn", "bun"] as const).find((one) => agent.startsWith(`${one}/`)) ?? "npm";
}

/** What was noticed in an agent that was moved. */
function listNotes(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : ["MOVED.md:", ...notes.map((note) => `  - ${visibleLine(note, 1_000)}`)];
}

function nextSteps(folder: string, { name, manager }: ProjectChoices, words: string): string[] {
  const start = `${manager} run start ${manager === "npm" ? "-- " : ""}${words}`;
  return [
    `${name} is written. Next:`,
    ...(folder === "" ? [] : [`  cd ${folder}`]),
    `  ${manager} install`,
    `  ${manager} run test`,
    `  ${start}`,
  ];
}

const clackQuestions: InitQuestions = {
  async folder() {
    const { isCancel, text } = await import("@clack/prompts");
    const folder = await text({
      message: "Which folder? The agent gets its name.",
      initialValue: DEFAULT_NAME,
      validate: (value) => {
        const path = resolve(value ?? "");
        if (!NAME.test(basename(path))) return "Lower-case letters, digits and hyphens, a letter first.";
        return existsSync(resolve(path, "package.json"))
          ? "There is a project in that folder already."
          : undefined;
      },
    });
    return isCancel(folder) ? undefined : folder;
  },
  async ownLoop() {
    const { isCancel, select } = await import("@clack/prompts");
    const loop = await select({
      message: "Who runs the agent?",
      options: [
        { value: false, label: "The runtime", hint: "keeps threads on disk, with approvals and an inbox" },
        { value: true, label: "A loop of your own", hint: "one short file that uses the parts" },
      ],
    });
    return isCancel(loop) ? undefined : loop;
  },
  async serve() {
    const { confirm, isCancel } = await import("@clack/prompts");
    const serve = await confirm({ message: "Install the packages for the HTTP API and the web inbox?" });
    return isCancel(serve) ? undefined : serve;
  },
};
