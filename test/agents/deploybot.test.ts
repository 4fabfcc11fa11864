import { execFileSync } from "node:child_process";
import { mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { runPipeline, servicesToRelease } from "../../src/agents/deploybot/pipeline.ts";
import { previewOf, problemWith } from "../../src/agents/deploybot/rules.ts";
import { findStale, staleCommits } from "../../src/agents/deploybot/stale.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { EventOf, EventType, Step } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, ben, openTestSite, type TestSite } from "./deploybot-site.ts";

const eventsOf = <T extends EventType>(thread: Thread, type: T): EventOf<T>[] =>
  thread.events.filter((event): event is EventOf<T> => event.type === type);

/** The steps that were proposed, in short. */
const stepsOf = (thread: Thread) =>
  eventsOf(thread, "step_proposed").map(({ data: { step } }) => inShort(step));
const inShort = ({ intent, service, environment, tag }: Step) =>
  [intent, environment, service, tag].filter((part) => part !== undefined).join(" ");

let site: TestSite;
beforeAll(async () => {
  site = await openTestSite();
}, 60_000);
afterAll(() => site.close());

const staging = (service: "backend" | "frontend") => ({ service, environment: "staging" }) as const;
const production = (service: "backend" | "frontend") => ({ service, environment: "production" }) as const;

describe("the repository and its environments", { tags: "F4.7" }, () => {
  it("git answers what the tags are, which holds which, and what would go live", async () => {
    const { repository } = site.deploybot;
    expect(await repository.tags()).toEqual(["v1.0.0", "v1.1.0", "v1.2.0"]);
    expect(await repository.isAncestor("v1.0.0", "v1.2.0")).toBe(true);
    expect(await repository.isAncestor("v1.2.0", "v1.0.0")).toBe(false);
    const proposal = { ...production("backend"), tag: "v1.2.0", replaces: "v1.0.0" };
    const preview = await previewOf(proposal, site.deploybot);
    expect(preview).toMatchObject({ replaces: "v1.0.0", files: 1, migrations: [] });
    expect(preview.goes_live.map((line) => line.replace(/^[0-9a-f]+ /, ""))).toEqual([
      "Orders can be cancelled (Ben)",
      "Invoices as PDF (Ben)",
    ]);
  });

  it.each([
    "--upload-pack=x",
    "v1.0.0..main",
    "v1.0.0; rm",
    "../v1",
    "v1.0.0^",
    "",
    "HEAD@{1}",
    "v9",
    "main",
    "v1/0",
  ])("no name that git could take for something else reaches it: %j", async (tag) => {
    expect(await site.deploybot.repository.commitOf(tag)).toBeUndefined();
  });

  it("a release is switched in one rename, and the same key does it once", async () => {
    const { environments } = site.deploybot;
    const place = staging("frontend");
    const link = join(site.folder, "site", "environments", "staging", "frontend", "current");
    expect(await environments.deploy(place, "v1.1.0", "key 1")).toMatchObject({ replaced: "v1.0.0" });
    expect(await readlink(link)).toBe(join("releases", "v1.1.0"));
    expect(await readFile(join(link, "page.txt"), "utf8")).toBe("cart, cancel\n");
    await environments.deploy(place, "v1.0.0", "key 2");
    expect(await environments.deploy(place, "v1.1.0", "key 1")).toMatchObject({ replaced: "v1.0.0" });
    expect(await environments.currentTag(place)).toBe("v1.0.0");
  });

  it("neither a moved tag nor a report that the repository brings along gets anything into production", async () => {
    const { repository, environments, checks } = site.deploybot;
    const path = join(site.folder, "site/repository");
    const git = (...args: string[]) => execFileSync("git", ["-C", path, ...args], { stdio: "pipe" });
    git("tag", "v1.9.0", "v1.2.0");
    const place = { service: "backend", environment: "staging" } as const;
    const proposal = { ...production("backend"), tag: "v1.9.0", replaces: "v1.0.0" };
    await environments.deploy(place, "v1.9.0", "key 3");
    await writeFile(join(environments.folderOf(place, "v1.9.0"), ".health.json"), '{"healthy":true}');
    expect(await problemWith(proposal, site.deploybot)).toContain("not known to be healthy");
    await checks.run(place);
    expect(await problemWith(proposal, site.deploybot)).toBeUndefined();
    git("tag", "--force", "v1.9.0", "caching");
    expect(await repository.commitOf("v1.9.0")).not.toBe(await repository.commitOf("v1.2.0"));
    expect(await problemWith(proposal, site.deploybot)).toContain("has been moved since");
    await expect(environments.deploy(place, "v1.9.0", "key 4")).rejects.toThrow("has been moved since");
    git("tag", "--delete", "v1.9.0");
    await environments.deploy(place, "v1.0.0", "key 5");
    await checks.run(place);
  });

  it("what speaks against a deployment is said in words for the model", { tags: "F4.4" }, async () => {
    const problem = (tag: string, replaces = "v1.0.0", place: object = production("backend")) =>
      problemWith({ ...production("backend"), ...place, tag, replaces }, site.deploybot);
    expect(await problem("v7.0.0")).toBe("there is no tag v7.0.0 in the repository");
    expect(await problem("v1.2.0", "v1.1.0")).toContain("production of backend runs v1.0.0, not v1.1.0");
    expect(await problem("v1.0.0")).toContain("runs in production already");
    expect(await problem("v1.2.0")).toContain("deploy v1.2.0 there first");
    expect(await problem("v1.2.0", "v1.0.0", { environment: "staging" })).toBeUndefined();
  });
});

describe("the scheduled look at what waits", { tags: ["F7.1", "F7.13"] }, () => {
  it("asks when commits have waited too long, and starts nothing before that", async () => {
    const { runtime, deploybot } = site;
    const aCentury = 24 * 365 * 100;
    expect(await staleCommits(deploybot, { hours: aCentury }).check()).toBeNull();
    const payload = await staleCommits(deploybot).check();
    expect(payload).toEqual({
      newest_tag: "v1.2.0",
      waiting: [
        { service: "backend", runs: "v1.0.0", commits: 2 },
        { service: "frontend", runs: "v1.0.0", commits: 2 },
      ],
    });
    const event = { name: "stale-commits", source: "cron", payload };
    const input = { event, from: "system" } as const;
    const { threadId } = await runtime.launch({ agent: "deploybot", input });
    const { state } = await site.atRest(threadId);
    expect(state.request).toMatchObject({ kind: "question", question: expect.stringContaining("v1.2.0") });
    await runtime.cancel(threadId, ada);
  });
});

describe("deploybot", { tags: ["F7.8", "F7.5", "F6.6", "F4.7"] }, () => {
  it("goes over staging and health checks to production, with two people, in the order that a denial says", async () => {
    const first = await site.ask("Please bring v1.2.0 of the frontend and the backend to production.");
    expect(stepsOf(first)).toEqual([
      "deploy staging frontend v1.2.0",
      "check_health staging frontend",
      "deploy production frontend v1.2.0",
    ]);
    expect(first.state.request).toMatchObject({
      policy: { needed: 2 },
      card: {
        preview: {
          replaces: "v1.0.0",
          goes_live: [expect.stringContaining("button"), expect.stringContaining("invoice")],
        },
      },
    });
    const second = await site.answer(first, { kind: "denied", feedback: "backend first, please" }, ben);
    expect(stepsOf(second).slice(3)).toEqual([
      "deploy staging backend v1.2.0",
      "check_health staging backend",
      "deploy production backend v1.2.0",
    ]);
    // One person is not enough, twice the same neither.
    const half = await site.answer(second, { kind: "approved" }, ada);
    await expect(site.answer(half, { kind: "approved" }, ada)).rejects.toThrow("approved");
    expect(await site.current(production("backend"))).toBe("v1.0.0");
    const third = await site.answer(half, { kind: "approved" }, ben);
    expect(await site.current(production("backend"))).toBe("v1.2.0");
    expect(stepsOf(third).slice(6)).toEqual([
      "check_health production backend",
      "deploy production frontend v1.2.0",
    ]);
    const end = await site.approve(third);
    expect(end.state.status).toMatchObject({ kind: "finished", result: expect.stringContaining("v1.2.0") });
    expect(await site.current(production("frontend"))).toBe("v1.2.0");
    const [agent] = site.deploybot.agents;
    if (agent !== undefined) expect(await replayThread(end, agent)).toEqual(end);
  });

  it("contacts nobody when no commit waits for production", { tags: "F7.1" }, async () => {
    expect(await findStale(site.deploybot, Date.now())).toBeNull();
    expect(await staleCommits(site.deploybot).check()).toBeNull();
  });
});

describe("deploybot and what is out of the ordinary", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", join(site.folder, "site/repository"), ...args], { stdio: "pipe" });

  it("a change of the database is looked at by a person, also in staging", { tags: "F8.3" }, async () => {
    git("checkout", "--quiet", "-b", "invoices", "v1.2.0");
    await mkdir(join(site.folder, "site/repository/backend/migrations"), { recursive: true });
    await writeFile(join(site.folder, "site/repository/backend/migrations/1.sql"), "DROP TABLE orders;");
    git("add", "--all");
    git("commit", "--quiet", "-m", "Invoices in a table");
    git("tag", "v1.8.0");
    const thread = await site.ask("backend v1.8.0 to staging");
    expect(thread.state.request).toMatchObject({
      card: {
        reasons: [{ kind: "judge", reason: "it changes the database: backend/migrations/1.sql" }],
        preview: { migrations: ["backend/migrations/1.sql"] },
      },
    });
    const end = await site.answer(thread, { kind: "denied", feedback: "never drop a table" });
    expect(end.state.request).toMatchObject({ kind: "question" });
    expect(await site.current(staging("backend"))).not.toBe("v1.8.0");
    await site.runtime.cancel(thread.id, ada);
    git("checkout", "--quiet", "main");
    git("tag", "--delete", "v1.8.0");
  });

  it("a long list of commits is shortened for the model, and whole in the thread", {
    tags: "F8.2",
  }, async () => {
    const made = Array.from({ length: 17 }, (_, index) => `Small change ${index + 1}`);
    git("checkout", "--quiet", "--detach", "v1.2.0");
    for (const subject of made) git("commit", "--quiet", "--allow-empty", "-m", subject);
    git("tag", "v1.2.1");
    git("checkout", "--quiet", "main");
    const [agent] = site.deploybot.agents;
    if (agent === undefined) throw new Error("there is no agent");
    const steps: readonly Step[] = [
      { intent: "list_commits", from_tag: "v1.2.0", to_tag: "v1.2.1" },
      { intent: "done_for_now", message: "17" },
    ];
    const model = scriptedSteps<Step>(steps);
    const call: typeof agent.nextStep.call = async (thread, options) =>
      model.call([agent.context.render(thread)], options);
    const scripted = { ...agent, nextStep: { ...agent.nextStep, call } };
    const thread = await runToEnd(scripted, "what is new?");
    expect(eventsOf(thread, "tool_finished")[0]?.data.result).toHaveLength(17);
    expect(model.prompts[1]).toContain("2 earlier commits");
    expect(model.prompts[1]).toContain('<list_commits_result untrusted="git log">');
    git("tag", "--delete", "v1.2.1");
  });
});

/** Runs an agent that asks nobody. */
async function runToEnd(agent: Agent, message: string): Promise<Thread> {
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const { threadId } = await runtime.launch({ agent: agent.name, input: { message, from: ada } });
  const thread = await runtime.settled(threadId);
  await runtime.stop();
  return thread;
}

describe("the pipeline around deploybot", { tags: "F10.3" }, () => {
  it("merges, stages and checks in code, and leaves only what needs people to the agent", async () => {
    const said: string[] = [];
    const { deploybot, runtime } = site;
    const released = runPipeline({
      deploybot,
      runtime,
      branch: "gift_cards",
      tag: "v1.3.0",
      from: ada,
      say: (line) => said.push(line),
    });
    const { threads } = await vi.waitFor(
      async () => {
        const waiting = await runtime.list({ status: ["awaiting_approval"] });
        expect(waiting.threads).toHaveLength(1);
        return waiting;
      },
      { timeout: 20_000, interval: 50 },
    );
    const [{ threadId } = { threadId: undefined }] = threads;
    if (threadId === undefined) throw new Error("no thread waits");
    const thread = await site.approve(await site.atRest(threadId));
    // Staging was done by code: the agent takes it from what was fetched.
    expect(stepsOf(thread)).toEqual([
      "deploy production backend v1.3.0",
      "check_health production backend",
      "done_for_now",
    ]);
    expect(await released).toMatchObject({ released: true, services: ["backend"], tag: "v1.3.0" });
    expect(said.at(-1)).toBe("v1.3.0 runs in production and is healthy");
    const log = execFileSync("git", [
      "-C",
      join(site.folder, "site/repository"),
      "log",
      "-1",
      "--format=%s",
      "v1.3.0",
    ]);
    expect(String(log).trim()).toBe("Merge gift_cards");
  });

  it("takes in every service that differs from what is live, or is released already", async () => {
    const { environments, repository } = site.deploybot;
    const withLive = (live: Record<string, string | undefined>) =>
      servicesToRelease(
        { repository, environments: { ...environments, currentTag: async ({ service }) => live[service] } },
        "v1.3.0",
      );
    const servicesOf = async (live: Record<string, string | undefined>) =>
      (await withLive(live)).map(({ service }) => service);
    // Between v1.2.0 and v1.3.0 only the backend changes, but the frontend of v1.2.0 never went live.
    expect(await servicesOf({ backend: "v1.2.0", frontend: "v1.1.0" })).toEqual(["backend", "frontend"]);
    expect(await servicesOf({ backend: "v1.2.0", frontend: "v1.2.0" })).toEqual(["backend"]);
    expect(await servicesOf({})).toEqual(["backend", "frontend"]);
    // Begun again when one of them is live.
    expect(await servicesOf({ backend: "v1.3.0", frontend: "v1.1.0" })).toEqual(["backend", "frontend"]);
  });

  it("what fails only in production is taken back by the rollback agent, when a person agrees", {
    tags: "F10.4",
  }, async () => {
    const { deploybot, runtime } = site;
    const result = runPipeline({ deploybot, runtime, branch: "big_images", tag: "v1.5.0", from: ada });
    const waiting = async (agent: string) =>
      vi.waitFor(
        async () => {
          const { threads } = await runtime.list({ status: ["awaiting_approval"], agent });
          const [first] = threads;
          if (first === undefined) throw new Error("nothing waits");
          return runtime.get(first.threadId);
        },
        { timeout: 20_000, interval: 50 },
      );
    await site.approve(await waiting("deploybot"));
    const child = await waiting("rollback");
    expect(child.state.request).toMatchObject({
      card: {
        intent: "switch_release",
        arguments: { tag: "v1.2.0", replaces: "v1.5.0" },
        preview: { goes_back: [expect.stringContaining("Large images")] },
      },
    });
    await site.answer(child, { kind: "approved" }, ben);
    expect(await result).toMatchObject({ released: false, why: "frontend runs another tag in production" });
    expect(await site.current(production("frontend"))).toBe("v1.2.0");
  });

  it("stops in staging at what is not healthy, before anybody is asked", async () => {
    const { deploybot, runtime } = site;
    const before = (await runtime.list()).threads.length;
    const result = await runPipeline({ deploybot, runtime, branch: "caching", tag: "v1.4.0", from: ada });
    expect(result).toMatchObject({ released: false, why: "backend: out of memory after 3 requests" });
    expect((await runtime.list()).threads).toHaveLength(before);
    expect(await site.current(production("backend"))).toBe("v1.3.0");
  });

  it("merges nothing for a name that is no tag of a release", async () => {
    const { deploybot, runtime } = site;
    const tags = await deploybot.repository.tags();
    for (const tag of ["-d", "--delete", "release", "v1.9.0 HEAD"]) {
      const result = runPipeline({ deploybot, runtime, branch: "caching", tag, from: ada });
      await expect(result).rejects.toThrow("is no tag of a release");
    }
    expect(await deploybot.repository.tags()).toEqual(tags);
  });

  it("does not go back behind what is live", async () => {
    const { deploybot, runtime } = site;
    const result = await runPipeline({ deploybot, runtime, branch: "caching", tag: "v1.1.0", from: ada });
    expect(result).toMatchObject({
      released: false,
      why: "v1.1.0 does not hold all of v1.3.0, the live backend",
    });
    expect(await site.current(staging("backend"))).not.toBe("v1.1.0");
  });
});
