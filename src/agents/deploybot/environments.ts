import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Repository } from "./git.ts";

export const SERVICES = ["backend", "frontend"] as const;
export const ENVIRONMENTS = ["staging", "production"] as const;
export type Service = (typeof SERVICES)[number];
export type Environment = (typeof ENVIRONMENTS)[number];

/** A service in an environment. */
export interface Place {
  readonly service: Service;
  readonly environment: Environment;
}

/** What the latest health check of a release said; `unknown` if there was none. */
export type Health = "healthy" | "unhealthy" | "unknown";

export interface Release {
  readonly tag: string;
  /** The commit that the tag named when it was put in place. */
  readonly commit: string;
  readonly deployedAt: string;
  readonly current: boolean;
  readonly health: Health;
}

/** What a switch did. */
export interface Switched extends Place {
  readonly tag: string;
  readonly replaced: string | null;
}

/**
 * Environments as folders: `<environment>/<service>/releases/<tag>`, and `current`, a symbolic link to the one that runs.
 * A release is live from the instant at which the link is replaced, in one rename.
 */
export interface Environments {
  folderOf(place: Place, tag: string): string;
  /** Where it stands what became of a release: its commit, its latest deployment, its latest health report. */
  fileAbout(place: Place, tag: string, what: "commit" | "deployed" | "health"): string;
  /** The tag that runs there; `undefined` if nothing does. */
  currentTag(place: Place): Promise<string | undefined>;
  /** The latest deployment first. */
  releases(place: Place): Promise<readonly Release[]>;
  /** Puts a tag in place and makes it the current release. The same `key` a second time does nothing. */
  deploy(place: Place, tag: string, key: string): Promise<Switched>;
  /** Makes a release current that is still there. The same `key` a second time does nothing. */
  goBack(place: Place, tag: string, key: string): Promise<Switched>;
}

export function openEnvironments(root: string, repository: Repository): Environments {
  const homeOf = ({ service, environment }: Place) => join(root, environment, service);
  const folderOf = (place: Place, tag: string) => join(homeOf(place), "releases", tag);
  // Not in the release's own folder, whose content comes from the repository.
  const fileAbout: Environments["fileAbout"] = (place, tag, what) =>
    join(homeOf(place), "about", `${tag}.${what}.json`);
  const currentTag = async (place: Place) => {
    const target = await readlink(join(homeOf(place), "current")).catch(() => undefined);
    return target === undefined ? undefined : basename(target);
  };

  /** Does it once for a key: what it did is kept, and a second time is told so. */
  const once = async (place: Place, key: string, act: () => Promise<Switched>): Promise<Switched> => {
    const name = createHash("sha256").update(key).digest("hex");
    const done = join(homeOf(place), "done", `${name}.json`);
    const before = await readFile(done, "utf8").catch(() => undefined);
    if (before !== undefined) return JSON.parse(before);
    const switched = await act();
    await writeWhole(done, JSON.stringify(switched));
    return switched;
  };

  const makeCurrent = async (place: Place, tag: string): Promise<Switched> => {
    const replaced = (await currentTag(place)) ?? null;
    const link = join(homeOf(place), `.current-${randomUUID()}`);
    await symlink(join("releases", tag), link);
    await rename(link, join(homeOf(place), "current"));
    const at = new Date().toISOString();
    await writeWhole(fileAbout(place, tag, "deployed"), JSON.stringify({ at }));
    return { service: place.service, environment: place.environment, tag, replaced };
  };

  return {
    folderOf,
    fileAbout,
    currentTag,
    async releases(place) {
      const folder = join(homeOf(place), "releases");
      const names = await readdir(folder).catch(() => []);
      const current = await currentTag(place);
      const found = await Promise.all(
        names
          .filter((name) => !name.startsWith("."))
          .map(async (name): Promise<Release> => {
            const { at } = await readJson(fileAbout(place, name, "deployed"));
            const { commit } = await readJson(fileAbout(place, name, "commit"));
            const health = healthOf(await readJson(fileAbout(place, name, "health")));
            return {
              tag: name,
              commit: typeof commit === "string" ? commit : "",
              deployedAt: typeof at === "string" ? at : "",
              current: name === current,
              health,
            };
          }),
      );
      return found.sort((one, other) => other.deployedAt.localeCompare(one.deployedAt));
    },
    deploy: (place, tag, key) =>
      once(place, key, async () => {
        const folder = folderOf(place, tag);
        const commit = await repository.commitOf(tag);
        if (!(await exists(folder))) {
          const hidden = join(homeOf(place), "releases", `.${tag}-${randomUUID()}`);
          await repository.extract(tag, place.service, hidden);
          await writeWhole(fileAbout(place, tag, "commit"), JSON.stringify({ commit }));
          // Whole or not at all; if another process was first, its copy is as good.
          await rename(hidden, folder).catch(() => rm(hidden, { recursive: true, force: true }));
        }
        const before = (await readJson(fileAbout(place, tag, "commit")))["commit"];
        if (before !== commit) throw new Error(`${tag} has been moved since it was deployed there: tag anew`);
        return makeCurrent(place, tag);
      }),
    goBack: (place, tag, key) =>
      once(place, key, async () => {
        if (!(await exists(folderOf(place, tag)))) throw new Error(`${tag} was never deployed there`);
        return makeCurrent(place, tag);
      }),
  };
}

/** What runs where, with its health: what the model and people are shown. */
export async function whatRuns(
  environments: Environments,
): Promise<Record<Environment, Record<Service, { tag: string; health: Health }>>> {
  const at = async (service: Service, environment: Environment) => {
    const current = (await environments.releases({ service, environment })).find((one) => one.current);
    return { tag: current?.tag ?? "none", health: current?.health ?? ("unknown" as const) };
  };
  const of = async (environment: Environment) => ({
    backend: await at("backend", environment),
    frontend: await at("frontend", environment),
  });
  return { staging: await of("staging"), production: await of("production") };
}

function healthOf({ healthy }: Readonly<Record<string, unknown>>): Health {
  return typeof healthy === "boolean" ? (healthy ? "healthy" : "unhealthy") : "unknown";
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${randomUUID()}`;
  await writeFile(part, text);
  await rename(part, path);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
