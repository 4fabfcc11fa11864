import type { Environments, Place } from "./environments.ts";
import type { Commit, Repository } from "./git.ts";

/** A deployment as the model proposes it. */
export interface Proposal extends Place {
  readonly tag: string;
  readonly replaces: string;
}

/** What deploybot works on. */
export interface Site {
  readonly repository: Repository;
  readonly environments: Environments;
}

/** What speaks against a deployment, in words for the model; `undefined` if nothing does. Asked again right before it runs. */
export async function problemWith(
  { service, environment, tag, replaces }: Proposal,
  { repository, environments }: Site,
): Promise<string | undefined> {
  const place = { service, environment };
  if ((await repository.commitOf(tag)) === undefined) return `there is no tag ${tag} in the repository`;
  const current = await environments.currentTag(place);
  if ((current ?? "none") !== replaces)
    return `${environment} of ${service} runs ${current ?? "none"}, not ${replaces}: replaces must be what runs there`;
  if (current === tag) return `${tag} of ${service} runs in ${environment} already`;
  if (current !== undefined && !(await repository.isAncestor(current, tag)))
    return `${tag} does not hold everything that is in ${current}: going back is done with roll_back`;
  if (environment === "staging") return undefined;
  const staged = (await environments.releases({ service, environment: "staging" })).find(
    (release) => release.current,
  );
  if (staged?.tag !== tag)
    return `staging of ${service} runs ${staged?.tag ?? "none"}: deploy ${tag} there first`;
  if (staged.commit !== (await repository.commitOf(tag)))
    return `${tag} has been moved since it was deployed to staging: what would go live was never there`;
  if (staged.health === "healthy") return undefined;
  return `${service} is not known to be healthy in staging (${staged.health}): check its health there first`;
}

/** What would go live, for those who approve. */
export interface Preview {
  readonly replaces: string;
  readonly goes_live: readonly string[];
  readonly files: number;
  readonly migrations: readonly string[];
}

/** How many commits a card shows. */
const MAX_SHOWN = 30;

export async function previewOf(
  { service, tag, replaces }: Proposal,
  { repository }: Site,
): Promise<Preview> {
  const from = replaces === "none" ? undefined : replaces;
  const [commits, files] = await Promise.all([
    repository.commits(from, tag, service),
    repository.changedFiles(from, tag, service),
  ]);
  return {
    replaces,
    goes_live: linesOf(commits, MAX_SHOWN),
    files: files.length,
    migrations: files.filter((file) => file.includes("/migrations/")),
  };
}

/** One line a commit, the latest ones if there are too many. */
export function linesOf(commits: readonly Commit[], most: number): readonly string[] {
  const lines = commits.map(({ id, author, subject }) => `${id} ${subject} (${author})`);
  if (lines.length <= most) return lines;
  return [`${lines.length - most} earlier commits`, ...lines.slice(-most)];
}
