import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import { askHuman, defineAgent, finish, onlyShown, promptFunction, tool } from "../../index.ts";
import type { Environments, Place } from "./environments.ts";
import { linesOf, type Proposal, type Site } from "./rules.ts";

/** Brings back a release that was deployed before. In production a person must agree, and sees what would be lost. */
export function createRollbackAgent(site: Site) {
  const { environments } = site;
  return defineAgent(promptFunction(b, "DetermineRollbackStep", { bamlFiles: getBamlFiles }), {
    name: "rollback",
    description: "Brings back an earlier release of one service in one environment.",
    context: { hiddenFields: ["reasoning"] },
    steps: {
      list_releases: tool((place) => environments.releases(place), { readOnly: true }),
      switch_release: tool(
        ({ service, environment, tag }, { key }) => environments.goBack({ service, environment }, tag, key),
        {
          version: "1",
          idempotent: true,
          approval: ({ environment }) => (environment === "production" ? { expiresAfter: 3_600 } : "never"),
          approveWhenUntrusted: true,
          check: async (step, context) =>
            onlyShown<Proposal>(({ tag }) => tag, "List the releases first.")(step, context) ??
            problemWithReturn(step, environments),
          preview: (step) => whatIsLost(step, site),
        },
      ),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
  });
}

async function problemWithReturn(
  { tag, replaces, ...place }: Proposal & Place,
  environments: Environments,
): Promise<string | undefined> {
  const { service, environment } = place;
  const releases = await environments.releases(place);
  const current = releases.find((release) => release.current)?.tag ?? "none";
  if (current !== replaces) return `${environment} of ${service} runs ${current}, not ${replaces}`;
  if (current === tag) return `${tag} runs there already`;
  const release = releases.find((one) => one.tag === tag);
  if (release === undefined) return `${tag} was never deployed there`;
  return release.health === "unhealthy" ? `${tag} was unhealthy when it ran there` : undefined;
}

async function whatIsLost({ service, tag, replaces }: Proposal, { repository }: Site) {
  const commits = await repository.commits(tag, replaces, service);
  return { replaces, goes_back: linesOf(commits, 30) };
}
