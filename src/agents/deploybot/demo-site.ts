import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createDeploybot, type Deploybot, type DeploybotOptions } from "./agent.ts";
import { ENVIRONMENTS, SERVICES } from "./environments.ts";

const run = promisify(execFile);

/** The health command of the demo: a release is healthy unless its `health.mjs` says otherwise. */
export const DEMO_HEALTH: DeploybotOptions["health"] = [process.execPath, "health.mjs"];

interface DemoCommit {
  readonly subject: string;
  readonly author: string;
  readonly files: Readonly<Record<string, string>>;
  readonly tag?: string;
}

const healthy = 'console.log("answers within 20 ms");\n';
const unhealthy = 'console.error("out of memory after 3 requests");\nprocess.exit(1);\n';

const COMMITS: readonly DemoCommit[] = [
  {
    subject: "Shop with a cart",
    author: "Ada",
    files: {
      "backend/server.txt": "cart\n",
      "backend/health.mjs": healthy,
      "frontend/page.txt": "cart\n",
      "frontend/health.mjs": healthy,
    },
    tag: "v1.0.0",
  },
  { subject: "Orders can be cancelled", author: "Ben", files: { "backend/server.txt": "cart, cancel\n" } },
  {
    subject: "A button to cancel an order",
    author: "Ada",
    files: { "frontend/page.txt": "cart, cancel\n" },
    tag: "v1.1.0",
  },
  { subject: "Invoices as PDF", author: "Ben", files: { "backend/server.txt": "cart, cancel, invoices\n" } },
  {
    subject: "Show the invoice",
    author: "Cleo",
    files: { "frontend/page.txt": "cart, cancel, invoices\n" },
    tag: "v1.2.0",
  },
];

/** Healthy only where there is little to do. */
const slow = `const busy = process.cwd().includes("production");
console.log(busy ? "answers within 9 s" : "answers within 40 ms");
process.exit(busy ? 1 : 0);
`;

/** What is not on `main` yet: a good branch, one that breaks the backend, and one that fails only in production. */
const BRANCHES: Readonly<Record<string, DemoCommit>> = {
  gift_cards: {
    subject: "Gift cards",
    author: "Cleo",
    files: { "backend/server.txt": "cart, cancel, invoices, gift cards\n" },
  },
  caching: {
    subject: "Keep everything in memory",
    author: "Ben",
    files: { "backend/cache.txt": "everything\n", "backend/health.mjs": unhealthy },
  },
  big_images: {
    subject: "Large images",
    author: "Ada",
    files: { "frontend/images.txt": "large\n", "frontend/health.mjs": slow },
  },
};

/** A real repository with three releases and three branches, and two environments: v1.0.0 runs everywhere. */
export async function makeDemoSite(
  folder: string,
  options: Pick<DeploybotOptions, "serverUrl">,
): Promise<Deploybot> {
  const repository = join(folder, "repository");
  const environments = join(folder, "environments");
  await rm(folder, { recursive: true, force: true });
  await mkdir(repository, { recursive: true });
  await makeRepository(repository);
  const deploybot = createDeploybot({ ...options, repository, environments, health: DEMO_HEALTH });
  const places = ENVIRONMENTS.flatMap((environment) => SERVICES.map((service) => ({ service, environment })));
  await Promise.all(
    places.map(async (place) => {
      await deploybot.environments.deploy(place, "v1.0.0", "demo");
      await deploybot.checks.run(place);
    }),
  );
  return deploybot;
}

async function makeRepository(folder: string): Promise<void> {
  const git = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run("git", ["-C", folder, ...args], { env: { ...process.env, ...env } });
  let day = 0;
  const commit = async ({ subject, author, files, tag }: DemoCommit) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    day += 1;
    const date = `2026-01-${String(day).padStart(2, "0")}T10:00:00Z`;
    const who = { NAME: author, EMAIL: `${author.toLowerCase()}@shop.example`, DATE: date };
    const env = Object.fromEntries(
      Object.entries(who).flatMap(([name, value]) => [
        [`GIT_AUTHOR_${name}`, value],
        [`GIT_COMMITTER_${name}`, value],
      ]),
    );
    await git(["add", "--all"]);
    await git(["commit", "--quiet", "--no-gpg-sign", "-m", subject], env);
    if (tag !== undefined) await git(["tag", tag]);
  };
  await git(["init", "--quiet", "--initial-branch", "main"]);
  await git(["config", "user.name", "Deploybot"]);
  await git(["config", "user.email", "deploybot@shop.example"]);
  await git(["config", "core.hooksPath", "/dev/null"]);
  for (const one of COMMITS) await commit(one);
  for (const [branch, one] of Object.entries(BRANCHES)) {
    await git(["checkout", "--quiet", "-b", branch, "main"]);
    await commit(one);
    await git(["checkout", "--quiet", "main"]);
  }
}
