import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createDeploybot } from "../../src/agents/deploybot/agent.ts";
import { isJsonObject, type Json, type JsonObject, parseJson } from "../../src/base/json.ts";
import { type ContextBlock, renderXml } from "../../src/context/index.ts";
import type { ModelChoice } from "../../src/prompts/types.ts";
import { startThread } from "../../src/thread/thread.ts";
import { answerTo } from "./play-calculator.ts";

const { agents } = createDeploybot({
  repository: ".",
  environments: ".",
  health: ["true"],
  serverUrl: () => "",
});

const options = { model: "offline", base_url: "http://127.0.0.1:9/v1", api_key: "none" };
const model: ModelChoice = {
  clients: [{ name: "offline", provider: "openai-generic", options }],
  strategy: "fallback",
};

/** The system message that an agent's model really gets. */
async function systemOf(name: string): Promise<string> {
  const agent = agents.find((one) => one.name === name);
  const request = await agent?.nextStep.request(startThread({ agent: name }, 0), { model });
  const body: { messages?: { content: Json }[] } = JSON.parse(request?.body ?? "{}");
  return JSON.stringify(body.messages?.[0]?.content).replaceAll("\\n", "\n").replaceAll('\\"', '"');
}

interface World {
  readonly tags?: readonly string[];
  /** What runs at the beginning: `[tag, health]` for places like `staging backend`. */
  readonly running?: Readonly<Record<string, readonly [string, string]>>;
  /** Places whose releases turn out to be unhealthy. */
  readonly unhealthy?: readonly string[];
  /** What people say to proposals for production, one after another; `""` approves. */
  readonly says?: readonly string[];
  /** Answers to questions, one after another. */
  readonly answers?: readonly string[];
}

const PLACES = ["staging backend", "staging frontend", "production backend", "production frontend"];

/** Plays a request to its end, in a made-up world, and gives the steps in short. */
async function play(message: string, world: World = {}): Promise<string[]> {
  const { tags = ["v1.0.0", "v1.1.0", "v2.0.0"], unhealthy = [] } = world;
  const says = [...(world.says ?? [])];
  const answers = [...(world.answers ?? [])];
  const running: Record<string, readonly [string, string]> = {
    ...Object.fromEntries(PLACES.map((place) => [place, ["v1.0.0", "healthy"] as const])),
    ...world.running,
  };
  const at = (environment: string) =>
    Object.fromEntries(
      ["backend", "frontend"].map((service) => {
        const [tag = "none", health = "unknown"] = running[`${environment} ${service}`] ?? [];
        return [service, { tag, health }];
      }),
    );
  const blocks: ContextBlock[] = [
    { tag: "message_received", body: message },
    { tag: "release_tags_result", body: [...tags] },
    { tag: "running_result", body: { staging: at("staging"), production: at("production") } },
  ];
  const system = await systemOf("deploybot");
  const steps: string[] = [];
  for (let turn = 0; turn < 30; turn++) {
    const answer: Json = parseJson(await answerTo(renderXml(blocks), system));
    if (!isJsonObject(answer)) throw new Error("no step");
    const { intent, reasoning: _, ...fields } = answer;
    blocks.push({ tag: String(intent), body: fields });
    steps.push(inShort(answer));
    const place = `${fields["environment"]} ${fields["service"]}`;
    const result = (body: Json) => blocks.push({ tag: `${intent}_result`, body });
    switch (intent) {
      case "deploy": {
        const said = fields["environment"] === "production" ? (says.shift() ?? "") : "";
        if (said === "") result({ tag: fields["tag"] ?? null, replaced: fields["replaces"] ?? null });
        else blocks.push({ tag: "human_response", body: { denied: "deploy", feedback: said } });
        break;
      }
      case "check_health":
        result({ healthy: !unhealthy.includes(place), output: "" });
        break;
      case "roll_back":
        result("v1.0.0 runs again");
        break;
      case "request_more_information": {
        const said = answers.shift();
        if (said === undefined) return steps;
        blocks.push({ tag: "human_response", body: said });
        break;
      }
      default:
        return steps;
    }
  }
  throw new Error(`no end: ${steps.join("; ")}`);
}

function inShort({ intent, environment, service, tag }: JsonObject): string {
  if (intent === "request_more_information") return "ask";
  if (intent === "done_for_now") return "done";
  const where = `${environment === "production" ? "prod" : "stage"} ${service}`;
  return intent === "deploy"
    ? `${where} ${tag}`
    : intent === "check_health"
      ? `check ${where}`
      : `roll back ${where}`;
}

const whole = (service: string, tag: string) => [
  `stage ${service} ${tag}`,
  `check stage ${service}`,
  `prod ${service} ${tag}`,
  `check prod ${service}`,
];
const staged = (service: string, tag: string) => whole(service, tag).slice(0, 2);
const released = (service: string, tag: string) => whole(service, tag).slice(2);
const done = "done";

describe("the offline model as deploybot", { tags: "E3" }, () => {
  it.each<[string, World, string[]]>([
    ["deploy the backend to production", {}, [...whole("backend", "v2.0.0"), done]],
    ["ship v1.1.0 of the frontend to prod", {}, [...whole("frontend", "v1.1.0"), done]],
    ["put the latest frontend on staging, please", {}, [...staged("frontend", "v2.0.0"), done]],
    ["backend v1.1.0 -> staging", {}, [...staged("backend", "v1.1.0"), done]],
    [
      "release everything to production",
      { tags: ["v9.0.0", "v10.0.0"] },
      [...whole("backend", "v10.0.0"), ...whole("frontend", "v10.0.0"), done],
    ],
    [
      "frontend and then backend, live, tag v1.1.0",
      {},
      [...whole("frontend", "v1.1.0"), ...whole("backend", "v1.1.0"), done],
    ],
    [
      "bring backend and frontend to production",
      { says: ["frontend first"] },
      [
        ...whole("backend", "v2.0.0").slice(0, 3),
        ...whole("frontend", "v2.0.0"),
        ...released("backend", "v2.0.0"),
        done,
      ],
    ],
    [
      "deploy the frontend to production",
      { says: ["no: the back-end must go before that"] },
      [
        ...whole("frontend", "v2.0.0").slice(0, 3),
        ...whole("backend", "v2.0.0"),
        ...released("frontend", "v2.0.0"),
        done,
      ],
    ],
    [
      "deploy the backend to production",
      { says: ["not today"] },
      [...whole("backend", "v2.0.0").slice(0, 3), "ask"],
    ],
    [
      "the web site goes live with v1.1.0",
      { running: { "staging frontend": ["v1.1.0", "healthy"] } },
      [...released("frontend", "v1.1.0"), done],
    ],
    [
      "backend to production",
      { running: { "staging backend": ["v2.0.0", "unknown"] } },
      [...whole("backend", "v2.0.0").slice(1), done],
    ],
    [
      "backend to production",
      { unhealthy: ["staging backend"] },
      [...staged("backend", "v2.0.0"), "roll back stage backend", done],
    ],
    [
      "release both services to production",
      { unhealthy: ["production backend"] },
      [...whole("backend", "v2.0.0"), "roll back prod backend", done],
    ],
    ["deploy v3.7.1 of the backend to staging", {}, ["ask"]],
    [
      "deploy v3 of the backend to staging",
      { answers: ["sorry, v1.1.0"] },
      ["ask", ...staged("backend", "v1.1.0"), done],
    ],
    ["deploy please", { answers: ["the API, to staging"] }, ["ask", ...staged("backend", "v2.0.0"), done]],
    ["deploy the frontend", { answers: ["production"] }, ["ask", ...whole("frontend", "v2.0.0"), done]],
    ["deploy the frontend", {}, ["ask"]],
    [
      "backend v2.0.0-rc.1 to staging",
      { tags: ["v1.0.0", "v2.0.0-rc.1", "v2.0.0"] },
      [...staged("backend", "v2.0.0-rc.1"), done],
    ],
    [
      "backend to staging",
      { tags: ["v0.1"], running: { "staging backend": ["none", "unknown"] } },
      [...staged("backend", "v0.1"), done],
    ],
    [
      "backend v2.0.0 to production",
      { running: { "staging backend": ["v2.0.0", "healthy"], "production backend": ["v2.0.0", "healthy"] } },
      [done],
    ],
    ["deploy 1.1.0 of the backend to staging", {}, [...staged("backend", "v1.1.0"), done]],
    ["backend to staging, version 1.1.0.", {}, [...staged("backend", "v1.1.0"), done]],
    ["release version 3 of the backend to staging", {}, ["ask"]],
    ["deploy the backend 1.1 to staging", {}, ["ask"]],
    ["backend v1.1.0 to staging, not v2.0.0", {}, [...staged("backend", "v1.1.0"), done]],
    ["Please do not deploy the backend to production!", {}, ["ask"]],
    ["frontend to staging, but not the backend", {}, [...staged("frontend", "v2.0.0"), done]],
    [
      "don't deploy the backend",
      { answers: ["the frontend to staging"] },
      ["ask", ...staged("frontend", "v2.0.0"), done],
    ],
  ])("%j", async (message, world, steps) => {
    expect(await play(message, world)).toEqual(steps);
  });

  it("asks about commits that wait, and does what it is told", async () => {
    const system = await systemOf("deploybot");
    const event = {
      tag: "event_received",
      body: { name: "stale-commits", payload: { newest_tag: "v2.0.0" } },
    };
    expect(await answerTo(renderXml([event]), system)).toContain('"request_more_information"');
  });

  it("is short, as are the other players: at most a hundred lines each", async () => {
    const folder = fileURLToPath(new URL("../../src/model/offline/players/", import.meta.url));
    for (const name of await readdir(folder)) {
      const lines = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n");
      expect([name, lines.length <= 100]).toEqual([name, true]);
    }
  });
});
