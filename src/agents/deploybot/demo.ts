import type { Runtime, VerifiedPrincipal } from "../../index.ts";
import { makeDemoSite } from "./demo-site.ts";
import { staleCommits } from "./stale.ts";

/** What `twelvefold demo deploybot` runs. */
export const demo = {
  /** Who signs in to the inbox: two people must agree to what goes to production. */
  people: ["ada", "ben"],
  /** Makes a new repository with its environments in `folder`. `url` gives the server's address once it listens. */
  async prepare(folder: string, url: () => string) {
    const site = await makeDemoSite(folder, { serverUrl: url });
    return {
      agents: site.agents,
      cron: [staleCommits(site)],
      about: [
        `repository:   ${folder}/repository (git log --oneline --all)`,
        `environments: ${folder}/environments (the links named "current" are what runs)`,
      ],
      /** Launches the thread that the demo is about. */
      async launch(runtime: Runtime, from: VerifiedPrincipal, message = DEFAULT_MESSAGE) {
        return runtime.launch({ agent: "deploybot", input: { message, from } });
      },
    };
  },
};

const DEFAULT_MESSAGE = "Please bring v1.2.0 of the frontend and the backend to production.";
