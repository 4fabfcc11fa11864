import { type Runtime, runAgent, TwelvefoldError, type VerifiedPrincipal } from "../../index.ts";
import type { Deploybot } from "./agent.ts";
import { type Place, SERVICES, type Service } from "./environments.ts";
import type { Site } from "./rules.ts";

export interface PipelineOptions {
  readonly deploybot: Deploybot;
  /** Made of `deploybot.agents`. */
  readonly runtime: Runtime;
  /** The branch to merge into `main`, and the tag for the result. */
  readonly branch: string;
  readonly tag: string;
  /** Who wants the release. */
  readonly from: VerifiedPrincipal;
  /** Called as the pipeline goes on, for people who watch. */
  readonly say?: (line: string) => void;
}

export interface PipelineResult {
  readonly tag: string;
  readonly services: readonly Service[];
  readonly released: boolean;
  /** What the agent said at the end, or what stood in the way. */
  readonly why: string;
}

/**
 * A release from branch to production. Everything that is always the same is plain code: merge, tag, staging, checks. Only
 * what needs judgement and people is the agent's: the order, the approvals, what to do if it goes wrong. Then code
 * checks what the agent says it did.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { deploybot, runtime, branch, tag, from, say = () => {} } = options;
  const { repository, environments, checks } = deploybot;
  if ((await repository.commitOf(tag)) === undefined) {
    const merged = await repository.mergeAndTag(branch, tag);
    say(`merged ${branch} as ${merged.slice(0, 9)}, tagged ${tag}`);
  }

  const toRelease = await servicesToRelease(deploybot, tag);
  const services = toRelease.map(({ service }) => service);
  if (services.length === 0)
    return { tag, services, released: false, why: `${tag} changes nothing that is live` };
  for (const { service, live } of toRelease)
    if (live !== undefined && !(await repository.isAncestor(live, tag)))
      return {
        tag,
        services,
        released: false,
        why: `${tag} does not hold all of ${live}, the live ${service}`,
      };
  for (const service of services) {
    const place: Place = { service, environment: "staging" };
    await environments.deploy(place, tag, `pipeline:${tag}:${service}`);
    const report = await checks.run(place);
    say(`${service} ${tag} is ${report.healthy ? "healthy" : "unhealthy"} in staging`);
    if (!report.healthy) return { tag, services, released: false, why: `${service}: ${report.output}` };
  }

  const message = `${tag} is healthy in staging. Bring the ${services.join(" and the ")} to production.`;
  say("deploybot brings it to production");
  let why: string;
  try {
    // One typed call, however long people take: with the same id it goes on with the run that it began before.
    why = await runAgent(deploybot.agent, message, { runtime, from, id: tag });
  } catch (error) {
    // It failed, or somebody has cancelled it: the release is off.
    if (!TwelvefoldError.isInstance(error) || !ENDED.has(error.code)) throw error;
    return { tag, services, released: false, why: error.message };
  }

  for (const service of services) {
    const place: Place = { service, environment: "production" };
    if ((await environments.currentTag(place)) !== tag)
      return { tag, services, released: false, why: `${service} runs another tag in production` };
    const report = await checks.run(place);
    if (!report.healthy) return { tag, services, released: false, why: `${service}: ${report.output}` };
  }
  say(`${tag} runs in production and is healthy`);
  return { tag, services, released: true, why };
}

const ENDED: ReadonlySet<string> = new Set(["run_failed", "aborted"]);

/**
 * The services for which the tag differs from what is live, and those for which it is live already: a pipeline that is
 * begun again after it has released one of them goes on with both.
 */
export async function servicesToRelease({ repository, environments }: Site, tag: string) {
  const found = await Promise.all(
    SERVICES.map(async (service) => {
      const live = await environments.currentTag({ service, environment: "production" });
      const differs = live === tag || (await repository.changedFiles(live, tag, service)).length > 0;
      return differs ? [{ service, live }] : [];
    }),
  );
  return found.flat();
}
