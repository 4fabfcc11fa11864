import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Agent } from "../agent/agent.ts";
import { UsageError } from "../base/errors.ts";

const run = promisify(execFile);

/** The `.baml` files of a revision, by their path below `baml_src`. */
export interface Revision {
  /** What was asked for: `HEAD~1`, a tag, a branch. */
  readonly name: string;
  /** The commit's digest, shortened. */
  readonly commit: string;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Reads `baml_src` as it was in a revision. Git is asked; nothing is checked out or written. Throws `UsageError` where the
 * project is no git repository, the revision is not known, or had no `.baml` files there.
 *
 * @param folder the project's folder, in which `baml_src` stands.
 */
export async function readRevision(folder: string, name: string): Promise<Revision> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run("git", ["-C", folder, ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  const commit = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`).then(
    (text) => text.trim(),
    async (cause: unknown) => {
      const inGit = await git("rev-parse", "--git-dir").then(
        () => true,
        () => false,
      );
      const why = inGit
        ? `there is no revision ${JSON.stringify(name)}`
        : `${folder} is not in a git repository`;
      throw new UsageError("invalid_argument", why, { cause });
    },
  );
  const listed = await git("ls-tree", "-r", "-z", "--name-only", commit, "baml_src/");
  const paths = listed.split("\0").filter((path) => path.endsWith(".baml"));
  if (paths.length === 0) {
    throw new UsageError(
      "invalid_argument",
      `${name} (${commit.slice(0, 10)}) has no .baml files in baml_src`,
    );
  }
  const files = await Promise.all(
    paths.map(async (path) => {
      const text = await git("cat-file", "blob", `${commit}:./${path}`);
      return [path.slice("baml_src/".length), text] as const;
    }),
  );
  return { name, commit: commit.slice(0, 10), files: Object.fromEntries(files) };
}

/**
 * The agent with the prompts of a revision; its code is that of now. Throws `UsageError` where the agent's prompt is not made
 * of `.baml` files, or those of the revision do not compile.
 */
export function agentAt<A extends Agent>(agent: A, { name, files }: Pick<Revision, "name" | "files">): A {
  const { withBamlFiles } = agent.nextStep;
  if (withBamlFiles === undefined) {
    const message = `${agent.name} cannot be asked with the prompts of ${name}: its prompt is not made of .baml files`;
    throw new UsageError("invalid_configuration", message);
  }
  try {
    return { ...agent, nextStep: withBamlFiles(files) };
  } catch (error) {
    if (!UsageError.isInstance(error)) throw error;
    throw new UsageError("invalid_configuration", `${name}: ${error.message}`, { cause: error });
  }
}
