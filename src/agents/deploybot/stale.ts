import { SERVICES } from "./environments.ts";
import type { Site } from "./rules.ts";

export interface StaleOptions {
  /** How long, in hours, a released commit may wait until people are asked. Default 72. */
  readonly hours?: number;
  /** When to look, as a cron expression. Default: at nine on weekdays. */
  readonly schedule?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * A cron trigger for the server (`server.cron` in the configuration) that looks for commits of the newest tag which wait
 * too long for production. If there are none, no thread is started and nobody is contacted.
 */
export function staleCommits(site: Site, options: StaleOptions = {}) {
  const { hours = 72, schedule = "0 9 * * 1-5", now = Date.now } = options;
  return {
    name: "stale-commits",
    schedule,
    agent: "deploybot",
    check: () => findStale(site, now() - hours * 3_600_000),
  };
}

/** The commits older than `before` that are in the newest tag and not in production; `null` if there are none. */
export async function findStale({ repository, environments }: Site, before: number) {
  const newest = (await repository.tags()).at(-1);
  if (newest === undefined) return null;
  const waiting = await Promise.all(
    SERVICES.map(async (service) => {
      const current = await environments.currentTag({ service, environment: "production" });
      const commits = await repository.commits(current, newest, service);
      const old = commits.filter(({ date }) => Date.parse(date) < before);
      return old.length === 0 ? [] : [{ service, runs: current ?? "none", commits: old.length }];
    }),
  );
  const services = waiting.flat();
  return services.length === 0 ? null : { newest_tag: newest, waiting: services };
}
