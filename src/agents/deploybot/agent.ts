import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import {
  type Agent,
  type AnyStep,
  askHuman,
  defineAgent,
  delegate,
  finish,
  nothing,
  onlyShown,
  promptFunction,
  startJob,
  tool,
} from "../../index.ts";
import { openEnvironments, whatRuns } from "./environments.ts";
import { openRepository } from "./git.ts";
import { createHealthChecks, type HealthChecks } from "./health.ts";
import { createRollbackAgent } from "./rollback.ts";
import { linesOf, type Proposal, previewOf, problemWith, type Site } from "./rules.ts";

export interface DeploybotOptions {
  /** The git repository: `backend/` and `frontend/` in it are the services, tags `v1.2.3` are releases. */
  readonly repository: string;
  /** The folder that holds the environments. */
  readonly environments: string;
  /** The command that says whether a service is healthy; it runs in the folder of the release. */
  readonly health: readonly [string, ...string[]];
  /** The address at which the server of these agents can be reached from here. Results of health checks come to it. */
  readonly serverUrl: () => string;
}

/** Deploybot with everything it works on, for the pipeline around it. */
export interface Deploybot extends Site {
  /** Ends with what it says to the person. */
  readonly agent: Agent<AnyStep, string>;
  /** The agent and the one it hands rollbacks to, for a runtime. */
  readonly agents: readonly Agent[];
  readonly checks: HealthChecks;
}

/** How many commits the model reads of a list. */
const MAX_LISTED = 15;

/**
 * Brings releases to staging and production. Nothing goes to production but what is healthy in staging, and nothing without
 * two people who have seen the commits that would go live. The rollback agent alone goes back.
 */
export function createDeploybot(options: DeploybotOptions): Deploybot {
  const repository = openRepository(options.repository);
  const environments = openEnvironments(options.environments, repository);
  const checks = createHealthChecks({ environments, command: options.health });
  const site: Site = { repository, environments };
  const rollback = createRollbackAgent(site);
  const production = { needed: 2, expiresAfter: 3_600 } as const;

  const deploybot = defineAgent(promptFunction(b, "DetermineDeploybotStep", { bamlFiles: getBamlFiles }), {
    name: "deploybot",
    description: "Brings tagged releases to staging and, with two people's approval, to production.",
    severalSteps: "in_order",
    limits: { onLimit: "reset" },
    context: { hiddenFields: ["reasoning"] },
    prefetch: {
      release_tags: { run: () => repository.tags(), when: "each_input" },
      running: { run: () => whatRuns(environments), when: "each_input" },
    },
    steps: {
      list_commits: tool(({ from_tag, to_tag }) => repository.commits(from_tag, to_tag), {
        readOnly: true,
        check: onlyShown(({ from_tag, to_tag }) => [from_tag, to_tag]),
        summarize: (_result, { from_tag, to_tag }) => shortList(site, from_tag, to_tag),
        // Who pushes to the repository writes these texts.
        untrusted: "git log",
      }),
      deploy: tool(
        ({ service, environment, tag }, { key }) => environments.deploy({ service, environment }, tag, key),
        {
          version: "1",
          idempotent: true,
          title: ({ service, tag, environment }) => `Deploy ${service} ${tag} to ${environment}`,
          emphasis: ["tag", "environment"],
          approval: ({ environment }) => (environment === "production" ? production : "never"),
          // Whoever pushes a commit writes what the model reads of it.
          approveWhenUntrusted: true,
          check: async (step, context) =>
            onlyShown<Proposal>(({ tag }) => tag)(step, context) ?? problemWith(step, site),
          judge: (step) => judgeMigrations(step, site),
          rejectOptions: {
            backend_first: "The backend first, then the frontend.",
            frontend_first: "The frontend first, then the backend.",
            not_now: "Not now. Say so and stop.",
          },
          preview: (step) => previewOf(step, site),
        },
      ),
      check_health: tool(
        (place) =>
          startJob((token) => checks.start(place, `${options.serverUrl()}/jobs/${token}`), {
            name: "health_check",
            timeoutSeconds: 600,
          }),
        // It runs the check of the site on what runs there; nothing that is deployed changes.
        { readOnly: true },
      ),
      roll_back: delegate({
        agent: rollback,
        input: ({ service, environment, problem }) =>
          `Roll back the ${service} in ${environment}. What is wrong: ${problem}`,
      }),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
      nothing_to_do: nothing(({ reasoning }) => reasoning),
    },
  });
  return { ...site, checks, agent: deploybot, agents: [deploybot, rollback] };
}

async function shortList({ repository }: Site, from: string, to: string): Promise<unknown> {
  const commits = await repository.commits(from, to);
  return commits.length > MAX_LISTED ? linesOf(commits, MAX_LISTED) : undefined;
}

/** A change of the database is looked at by a person wherever it goes. */
async function judgeMigrations(step: Proposal, site: Site) {
  const { migrations } = await previewOf(step, site);
  return migrations.length === 0
    ? ({ verdict: "pass", reason: "it changes no database" } as const)
    : ({ verdict: "ask_person", reason: `it changes the database: ${migrations.join(", ")}` } as const);
}
