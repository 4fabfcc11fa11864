import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseAst } from "rolldown/parseAst";
import { describe, expect, it } from "vitest";
import { b } from "../../baml_client/index.ts";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import * as chat from "../../src/channels/chat/index.ts";
import * as email from "../../src/channels/email/index.ts";
import * as channels from "../../src/channels/index.ts";
import * as sms from "../../src/channels/sms/index.ts";
import * as client from "../../src/client/index.ts";
import * as context from "../../src/context/index.ts";
import * as inbox from "../../src/inbox/index.ts";
import * as twelvefold from "../../src/index.ts";
import * as model from "../../src/model/index.ts";
import * as present from "../../src/present/index.ts";
import * as prompts from "../../src/prompts/index.ts";
import * as protocols from "../../src/protocols/index.ts";
import * as pgBoss from "../../src/runtime/engines/pg-boss.ts";
import * as restate from "../../src/runtime/engines/restate.ts";
import * as server from "../../src/server/index.ts";
import * as postgres from "../../src/store/postgres/open.ts";
import * as sqlite from "../../src/store/sqlite/open.ts";
import * as telemetry from "../../src/telemetry/index.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import * as workbench from "../../src/workbench/index.ts";
import { DOORS } from "../docs/shown-code.ts";

const root = join(import.meta.dirname, "..", "..");

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
const nodes = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const named = (value: unknown): string => (isNode(value) ? String(value["name"] ?? value["value"]) : "");

/** The declarations of a file, or of those that it passes on, by their names. */
function exportsOf(file: string): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  const text = readFileSync(file, "utf8");
  const program: unknown = parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" });
  for (const statement of nodes(isNode(program) ? program["body"] : [])) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    const { declaration, source, specifiers } = statement;
    if (isNode(declaration)) {
      for (const one of [declaration, ...nodes(declaration["declarations"])]) {
        const name = named(one["id"]);
        found.set(name, [...(found.get(name) ?? []), one]);
      }
    }
    if (!isNode(source)) continue;
    const path = resolve(dirname(file), String(source["value"]));
    if (!existsSync(path)) continue;
    const passed = exportsOf(path);
    for (const specifier of nodes(specifiers)) {
      const declarations = passed.get(named(specifier["local"]));
      if (declarations !== undefined) found.set(named(specifier["exported"]), declarations);
    }
  }
  return found;
}
/** What a type is called, and whether it is written out with a field that may be missing. */
function describeType(type: unknown): { readonly name: string; readonly isOptional: boolean } {
  if (!isNode(type)) return { name: "", isOptional: false };
  if (type.type === "TSTypeReference") return { name: named(type["typeName"]), isOptional: false };
  const parts = type.type === "TSIntersectionType" ? nodes(type["types"]) : [];
  const inside = parts.map(describeType);
  const isOptional =
    nodes(type["members"]).some((member) => member["optional"] === true) ||
    inside.some((one) => one.isOptional);
  return { name: inside.map(({ name }) => name).find(isNameOfOptions) ?? "", isOptional };
}

const isNameOfOptions = (name: string) =>
  /(?:Options|Settings|Config|Deps|View|Rules|Budget|Filter|Source)$/.test(name);

/** Whether a parameter is one of options: by its name, its type, or because it may be left out. */
function takesOptions(parameter: Node): boolean {
  const { left, right } = parameter;
  const target = isNode(left) ? left : parameter;
  const { typeAnnotation } = target;
  const { name, isOptional } = describeType(
    isNode(typeAnnotation) ? typeAnnotation["typeAnnotation"] : undefined,
  );
  return (
    /options|settings/i.test(named(target)) ||
    isNameOfOptions(name) ||
    isOptional ||
    (isNode(right) && right.type === "ObjectExpression")
  );
}

/** The exported functions that take options, by their names. */
function functionsWithOptions(): string[] {
  const found = new Set<string>();
  for (const file of DOORS.keys()) {
    for (const [name, declarations] of exportsOf(join(root, file))) {
      const functions = declarations.flatMap((one) => [one, ...(isNode(one["init"]) ? [one["init"]] : [])]);
      if (functions.some(({ params }) => nodes(params).some(takesOptions))) found.add(name);
    }
  }
  return [...found].sort();
}
/** As it comes from JavaScript: of whatever type. */
const COLOUR = JSON.parse('{"colour":"blue"}');
const NOTHING = JSON.parse("null");
const LIST = JSON.parse("[]");

/** Options of a step are looked at where an agent is defined. */
function inAgent(step: unknown) {
  const steps = JSON.parse("{}");
  steps.x = step;
  return twelvefold.defineAgent(scriptedSteps<{ intent: "x" }>([]), { name: "a", steps });
}

const prompt = twelvefold.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles });
const runtime = twelvefold.createRuntime({
  agents: [inAgent(twelvefold.finish(() => "done"))],
  store: twelvefold.createMemoryStore(),
});
const reach = client.createClient({ url: "http://127.0.0.1:9" });

/** Each function with an option that it does not know. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  a2hAgent: () => protocols.a2hAgent(COLOUR),
  askHuman: () => inAgent(twelvefold.askHuman(() => "?", COLOUR)),
  askNextStep: () => workbench.askNextStep(NOTHING, NOTHING, COLOUR),
  attackAgent: () => workbench.attackAgent(COLOUR),
  chatChannel: () => chat.chatChannel(COLOUR),
  compareFormats: () => context.compareFormats(LIST, () => 0, COLOUR),
  comparePairs: () => workbench.comparePairs(LIST, COLOUR),
  connectMcp: () => protocols.connectMcp(COLOUR),
  contextBlocks: () => context.contextBlocks(LIST, COLOUR),
  createClient: () => client.createClient(COLOUR),
  createContext: () => context.createContext(COLOUR),
  createContextWindow: () => context.createContextWindow(COLOUR)(LIST),
  createEventStreams: () => server.createEventStreams(COLOUR),
  createRedactor: () => context.createRedactor(COLOUR),
  createRuntime: () => twelvefold.createRuntime(COLOUR),
  createServer: () => server.createServer(COLOUR),
  createServerApp: () => server.createServerApp(COLOUR),
  decisionTest: () => workbench.decisionTest(NOTHING, NOTHING, COLOUR),
  defineAgent: () => twelvefold.defineAgent(scriptedSteps([]), COLOUR),
  defineConfig: () => twelvefold.defineConfig(COLOUR),
  delegate: () => inAgent(twelvefold.delegate({ agent: "b" }, COLOUR)),
  "delegate, the handover": () => twelvefold.delegate({ agent: "b", ...COLOUR }),
  deployCheck: () => workbench.deployCheck(NOTHING, COLOUR).next(),
  diffRequest: () => workbench.diffRequest(COLOUR, COLOUR),
  discord: () => chat.discord(COLOUR),
  emailChannel: () => email.emailChannel(COLOUR),
  evaluate: () => workbench.evaluate(COLOUR),
  eventBlocks: () => context.eventBlocks(LIST, COLOUR),
  finish: () => inAgent(twelvefold.finish(() => "", COLOUR)),
  lastDecisions: () => workbench.lastDecisions(NOTHING, COLOUR).next(),
  lastThreads: () => workbench.lastThreads(NOTHING, COLOUR).next(),
  mcpServer: () => protocols.mcpServer(COLOUR),
  meterRuns: () => telemetry.meterRuns(COLOUR),
  modelClient: () => prompts.modelClient("m", { provider: "openai", options: {}, ...COLOUR }),
  nothing: () => inAgent(twelvefold.nothing(() => "", COLOUR)),
  openAnswerCache: () => workbench.openAnswerCache("answers", COLOUR),
  openPgBossEngine: () => pgBoss.openPgBossEngine(NOTHING, COLOUR),
  openPostgresStore: () => postgres.openPostgresStore("postgres://127.0.0.1:9/none", COLOUR),
  openSqliteStore: () => sqlite.openSqliteStore("none.db", COLOUR),
  pairedBootstrap: () => workbench.pairedBootstrap([], COLOUR),
  parseDataset: () => workbench.parseDataset("", { file: "x.yaml", ...COLOUR }),
  planContext: () => context.planContext(LIST, { tokens: 1_000 }, COLOUR),
  "planContext, the budget": () => context.planContext(LIST, { tokens: 1_000, ...COLOUR }),
  progress: () => inAgent(twelvefold.progress(() => "", COLOUR)),
  promptFunction: () =>
    twelvefold.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles, ...COLOUR }),
  readDatasets: () => workbench.readDatasets(COLOUR),
  readEvent: () => context.readEvent(LIST, 1, COLOUR),
  redecide: () => workbench.redecide(COLOUR, COLOUR),
  restateEngine: () => restate.restateEngine(COLOUR),
  runAgent: () => twelvefold.runAgent(NOTHING, "x", COLOUR),
  serverInbox: () => inbox.serverInbox(COLOUR),
  serverLog: () => server.serverLog(COLOUR),
  signFlip: () => workbench.signFlip([], COLOUR),
  slack: () => chat.slack(COLOUR),
  sleep: () => inAgent(twelvefold.sleep(() => ({ seconds: 1 }), COLOUR)),
  smsChannel: () => sms.smsChannel(COLOUR),
  startCron: () => server.startCron(COLOUR),
  startFaultyModel: () => model.startFaultyModel(COLOUR),
  startJob: () => twelvefold.startJob(() => {}, COLOUR),
  startOfflineModel: () => model.startOfflineModel(COLOUR),
  startRecordingModel: () => model.startRecordingModel(COLOUR),
  startReplayingModel: () => model.startReplayingModel(COLOUR),
  startScriptedModel: () => model.startScriptedModel([], COLOUR),
  startServer: () => server.startServer(COLOUR),
  teams: () => chat.teams(COLOUR),
  telegram: () => chat.telegram(COLOUR),
  terminalChannel: () => channels.terminalChannel(COLOUR),
  toSvg: () => present.toSvg({ nodes: [], edges: [] }, COLOUR),
  tool: () => inAgent(twelvefold.tool(() => "", COLOUR)),
  traceRuns: () => telemetry.traceRuns(undefined, COLOUR),
  vaultOf: () => context.vaultOf(LIST, COLOUR),
  verdictOf: () => workbench.verdictOf({ drop: 1, rise: 1 }, COLOUR),
  waitForEvent: () => inAgent(twelvefold.waitForEvent(() => ({ name: "x" }), COLOUR)),
  webhook: () => server.webhook(COLOUR),
  webhookChannel: () => channels.webhookChannel(COLOUR),
  withThreadTools: () => twelvefold.withThreadTools(NOTHING, COLOUR),
  // What is called on something that one of them gives.
  "Client.request": () => reach.request("GET /threads", COLOUR),
  "Client.watch": () => reach.watch("thr_1234", COLOUR).next(),
  "PromptFunction.call": () => prompt.call([""], COLOUR),
  "PromptFunction.request": () => prompt.request([""], COLOUR),
  "PromptFunction.stream": () => prompt.stream([""], COLOUR).answer,
  "Runtime.erase": () =>
    runtime.erase(twelvefold.randomThreadId(), NOTHING, { reason: "asked for", ...COLOUR }),
  "Runtime.indexThreads": () => runtime.indexThreads(COLOUR),
  "Runtime.launch": () => runtime.launch({ agent: "a", input: { message: "x", from: "system" }, ...COLOUR }),
  "Runtime.list": () => runtime.list(COLOUR),
  "Runtime.subscribe": () => runtime.subscribe(() => {}, COLOUR),
};

/** What these take is not options: names of people, what a product implements, the whole of a link, a function that gives types. */
const NO_OPTIONS = ["describeRequest", "inboxRoutes", "mayDecide", "requestLink", "withTypes"];

describe("an option that there is not", { tags: "F5.10" }, () => {
  it.each(Object.entries(CALLS))("is refused by name: %s", async (_, call) => {
    await expect((async () => call())()).rejects.toThrow('unknown option "colour"');
  });

  it("is tried on every function of the package that takes options", () => {
    const found = functionsWithOptions();
    expect(found.length).toBeGreaterThan(60);
    expect(found.filter((name) => !Object.hasOwn(CALLS, name))).toEqual(NO_OPTIONS);
  });
});
