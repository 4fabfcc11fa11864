import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A commit as people see it. */
export interface Commit {
  readonly id: string;
  readonly author: string;
  readonly date: string;
  readonly subject: string;
}

/** What deploybot asks of a repository. Everything is answered by git itself. */
export interface Repository {
  /** Tags that are releases (`v1.2.3`), oldest first. */
  tags(): Promise<readonly string[]>;
  /** The commit of a tag, or `undefined` if there is no such tag. */
  commitOf(tag: string): Promise<string | undefined>;
  /** Whether everything in `older` is also in `newer`. */
  isAncestor(older: string, newer: string): Promise<boolean>;
  /** Commits that are in `to` and not in `from`, oldest first; all that are in `to` if there is no `from`. */
  commits(from: string | undefined, to: string, folder?: string): Promise<readonly Commit[]>;
  /** Files that differ between two tags, in a folder. */
  changedFiles(from: string | undefined, to: string, folder: string): Promise<readonly string[]>;
  /** Writes a folder of a tag to a new folder on disk. */
  extract(tag: string, folder: string, to: string): Promise<void>;
  /** Merges a branch into `main` without a working tree, and tags the result. Throws if they conflict. */
  mergeAndTag(branch: string, tag: string): Promise<string>;
}

/** Names that git could take for an option, a range or a path never reach it. */
const TAG = /^v\d(?!.*(?:\.\.|\.lock$))[\w.+-]{0,98}$/;
const BRANCH = /^(?!.*(?:\.\.|@\{|\/\/|\.lock$))[A-Za-z0-9][\w./+-]{0,99}$/;

export function openRepository(path: string): Repository {
  const git = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const { stdout } = await run("git", ["-C", path, ...args], {
      maxBuffer: 64_000_000,
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...env },
    });
    return stdout.trim();
  };
  const refOf = (name: string) => {
    if (!TAG.test(name)) throw new Error(`${JSON.stringify(name)} is no tag of a release`);
    return `refs/tags/${name}`;
  };
  const rangeOf = (from: string | undefined, to: string) =>
    from === undefined ? refOf(to) : `${refOf(from)}..${refOf(to)}`;
  const commitOf = async (tag: string) => {
    if (!TAG.test(tag)) return undefined;
    return git(["rev-parse", "--verify", "--quiet", `${refOf(tag)}^{commit}`]).catch(() => undefined);
  };

  return {
    commitOf,
    async tags() {
      const lines = await git(["tag", "--list", "v*", "--sort=version:refname"]);
      return lines.split("\n").filter((name) => TAG.test(name));
    },
    async isAncestor(older, newer) {
      return git(["merge-base", "--is-ancestor", refOf(older), refOf(newer)]).then(
        () => true,
        () => false,
      );
    },
    async commits(from, to, folder) {
      const format = ["%h", "%an", "%aI", "%s"].join("%x1f");
      const where = folder === undefined ? [] : ["--", folder];
      const lines = await git([
        "log",
        "--reverse",
        "--no-merges",
        `--format=${format}`,
        rangeOf(from, to),
        ...where,
      ]);
      return lines.split("\n").flatMap((line) => {
        const [id = "", author = "", date = "", subject = ""] = line.split("\x1f");
        return id === "" ? [] : [{ id, author, date, subject }];
      });
    },
    async changedFiles(from, to, folder) {
      const lines =
        from === undefined
          ? await git(["ls-tree", "-r", "--name-only", refOf(to), "--", folder])
          : await git(["diff", "--name-only", refOf(from), refOf(to), "--", folder]);
      return lines.split("\n").filter((name) => name !== "");
    },
    async extract(tag, folder, to) {
      const index = join(tmpdir(), `deploybot-${process.pid}-${Math.random().toString(36).slice(2)}.index`);
      const env = { GIT_INDEX_FILE: index };
      try {
        await mkdir(to, { recursive: true });
        await git(["read-tree", `${refOf(tag)}:${folder}`], env);
        await git(["checkout-index", "--all", "--force", `--prefix=${to}/`], env);
      } finally {
        await rm(index, { force: true });
      }
    },
    async mergeAndTag(branch, tag) {
      if (!BRANCH.test(branch)) throw new Error(`${JSON.stringify(branch)} is no name of a branch`);
      // Before anything is merged: git would take `-d` for an option.
      const ref = refOf(tag);
      const main = await git(["rev-parse", "refs/heads/main"]);
      const other = await git(["rev-parse", "--verify", `refs/heads/${branch}`]);
      const merge = git(["merge-tree", "--write-tree", main, other]);
      const [tree = ""] = (
        await merge.catch((cause: unknown) => {
          throw new Error(`${branch} cannot be merged into main: they conflict`, { cause });
        })
      ).split("\n");
      const message = `Merge ${branch}`;
      const merged = await git(["commit-tree", tree, "-p", main, "-p", other, "-m", message]);
      await git(["update-ref", "refs/heads/main", merged, main]);
      await git(["update-ref", ref, merged, ""]);
      return merged;
    },
  };
}
