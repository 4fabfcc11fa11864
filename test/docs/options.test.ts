import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { DOORS } from "./shown-code.ts";

const root = join(import.meta.dirname, "..", "..");

/** The tables of options: page, heading, and the exported types whose fields the table and the code under it must name. */
const TABLES: readonly (readonly [page: string, heading: string, types: readonly string[]])[] = [
  ["agents.md", "# Agents: every option", ["src/agent/agent.ts AgentSettings", "+input"]],
  ["agents.md", "## Limits", ["src/agent/agent.ts ErrorLimits"]],
  ["agents.md", "## Budgets", ["src/agent/budget.ts Budget"]],
  [
    "agents.md",
    "## Context",
    [
      "src/agent/agent-context.ts AgentContextOptions",
      "src/context/context.ts ContextOptions",
      "src/context/blocks/view.ts ContextView",
    ],
  ],
  ["agents.md", "### The token budget", ["src/context/budget/token-budget.ts TokenBudget"]],
  ["agents.md", "### Redaction", ["src/context/redaction/redaction.ts RedactionRules"]],
  ["agents.md", "## Pre-fetch", ["src/agent/prefetch.ts Prefetch"]],
  ["steps.md", "## Options of every step", ["src/steps/definitions.ts StepOptions"]],
  ["steps.md", "## Approval", ["src/thread/event-parts.ts ApprovalPolicy"]],
  ["steps.md", "## Tools", ["src/steps/definitions.ts ToolOptions"]],
  [
    "steps.md",
    "### What a handler receives",
    ["src/steps/definitions.ts ToolContext", "src/steps/definitions.ts HelperContext"],
  ],
  ["steps.md", "### Jobs", ["src/steps/start-job.ts JobOptions"]],
  ["steps.md", "## Questions", ["src/steps/definitions.ts HumanQuestion"]],
  [
    "steps.md",
    "## Delegation",
    ["src/steps/definitions.ts Handover", "src/steps/definitions.ts DelegateOptions"],
  ],
  ["runtime.md", "# The runtime: every option and call", ["src/runtime/options.ts RuntimeOptions"]],
];

/** Options that a page tells about without a table. Clocks and chance are for tests, signals are the same everywhere. */
const NAMED: readonly (readonly [page: string, type: string])[] = [
  ["prompts.md", "src/prompts/prompt-function.ts PromptFunctionOptions"],
  ["prompts.md", "src/prompts/gate/limits.ts AnswerLimits"],
  ["prompts.md", "src/prompts/call/retry-policy.ts RetryPolicy"],
  ["prompts.md", "src/prompts/prompt-function.ts CallOptions"],
  ["prompts.md", "src/prompts/types.ts ModelChoice"],
  ["prompts.md", "src/agent/agent.ts NextStepOptions"],
  ["prompts.md", "src/prompts/models/providers.ts ClientSettings"],
  ["server.md", "src/config.ts ServerConfig"],
  ["server.md", "src/server/app.ts ServerOptions"],
  ["server.md", "src/server/start.ts StartOptions"],
  ["server.md", "src/server/event-stream.ts EventStreamOptions"],
  ["server.md", "src/server/pino-log.ts LogOptions"],
  ["server.md", "src/client/client.ts ClientOptions"],
  ["server.md", "src/server/limits.ts ServerLimits"],
  ["server.md", "src/triggers/webhook.ts WebhookOptions"],
  ["server.md", "src/triggers/cron.ts CronOptions"],
  ["server.md", "src/triggers/cron.ts CronTrigger"],
  ["server.md", "src/client/client.ts WatchOptions"],
  ["server.md", "src/server/links.ts LinkOptions"],
  ["runtime.md", "src/runtime/observers.ts ObserverOptions"],
  ["runtime.md", "src/runtime/indexer.ts IndexingOptions"],
  ["runtime.md", "src/runtime/remove.ts EraseOptions"],
  ["runtime.md", "src/store/store.ts ListFilter"],
  ["steps.md", "src/steps/definitions.ts AskHumanOptions"],
  ["delegation.md", "src/runtime/run-agent.ts RunAgentOptions"],
  ["evals.md", "src/evals-config.ts EvalsConfig"],
  ["evals.md", "src/workbench/evals/evaluate.ts EvalOptions"],
  ["evals.md", "src/workbench/evals/evaluate.ts Variant"],
  ["evals.md", "src/workbench/evals/price-table.ts EvalPrices"],
  ["evals.md", "src/workbench/evals/dataset.ts EvalCase"],
  ["evals.md", "src/workbench/evals/dataset.ts Expectation"],
  ["evals.md", "src/workbench/evals/dataset.ts Operators"],
  ["evals.md", "src/workbench/evals/read-dataset.ts ReadOptions"],
  ["evals.md", "src/workbench/answers/ask.ts AskOptions"],
  ["evals.md", "src/workbench/statistics/resampling.ts ResampleOptions"],
  ["workbench.md", "src/workbench/attack/attack.ts AttackOptions"],
  ["workbench.md", "src/workbench/baml-tests/decision-test.ts DecisionTestOptions"],
  ["workbench.md", "src/workbench/deploy/check-thread.ts DeployOptions"],
  ["workbench.md", "src/workbench/deploy/deploy-check.ts DeployCheckOptions"],
  ["workbench.md", "src/workbench/regression/diff-requests.ts DiffOptions"],
  ["testing.md", "src/model/model-server.ts ListenOptions"],
  ["testing.md", "src/model/offline/answer.ts AnswerOptions"],
  ["testing.md", "src/model/recording-model.ts RecordingOptions"],
  ["testing.md", "src/model/replaying-model.ts ReplayingOptions"],
  ["testing.md", "src/model/faulty-model.ts FaultyOptions"],
  ["channels.md", "src/channels/sms/channel.ts SmsChannelOptions"],
  ["channels.md", "src/channels/email/options.ts EmailChannelOptions"],
  ["channels.md", "src/channels/chat/channel.ts ChatChannelOptions"],
  ["channels.md", "src/channels/chat/slack.ts SlackOptions"],
  ["channels.md", "src/channels/chat/teams.ts TeamsOptions"],
  ["channels.md", "src/channels/chat/discord.ts DiscordOptions"],
  ["channels.md", "src/channels/chat/telegram.ts TelegramOptions"],
  ["channels.md", "src/channels/chat/platform.ts ChatLimits"],
  ["channels.md", "src/channels/terminal.ts TerminalChannelOptions"],
  ["mcp.md", "src/protocols/mcp/client.ts McpToolsOptions"],
  ["mcp.md", "src/protocols/mcp/index.ts McpServerOptions"],
  ["telemetry.md", "src/telemetry/metrics.ts MeterOptions"],
  ["telemetry.md", "src/telemetry/telemetry.ts TraceOptions"],
  ["storage.md", "src/store/postgres/open.ts PostgresStoreOptions"],
  ["storage.md", "src/store/sqlite/open.ts SqliteStoreOptions"],
  ["scale.md", "src/runtime/engines/pg-boss.ts PgBossEngineOptions"],
  ["scale.md", "src/runtime/engines/restate.ts RestateEngineOptions"],
  ["inbox.md", "src/present/graph-svg.ts SvgOptions"],
  ["inbox.md", "src/inbox/deps.ts InboxDeps"],
  ["inbox.md", "src/inbox/server-inbox.ts ServerInboxOptions"],
  ["inbox.md", "src/channels/webhook-channel.ts WebhookChannelOptions"],
  ["a2h.md", "src/protocols/a2h/agent.ts A2hAgentOptions"],
];

/** What the doors export that nobody passes by hand, or that is told otherwise than by its fields. */
const TOLD_OTHERWISE = [
  // The fields of `twelvefold.config.ts`: the runtime's options, and `server` and `evals` above.
  "src/config.ts TwelvefoldConfig",
  // For those who write a store: its contract says what must hold.
  "src/store/store.ts AppendOptions",
  "src/store/store.ts ValueOptions",
];

describe("the pages of options", () => {
  it("knows every type of options that a door of the package exports", () => {
    const pages = [...TABLES.flatMap(([, , types]) => types), ...NAMED.map(([, type]) => type)];
    const exported = [...DOORS.keys()].flatMap((door) => interfacesOf(door));
    const options = exported.filter((type) =>
      /(Options|Deps|Config|Settings|Limits|Rules|Policy)$/.test(type),
    );
    expect(options.length).toBeGreaterThan(50);
    expect(options.filter((type) => ![...pages, ...TOLD_OTHERWISE].includes(type))).toEqual([]);
  });

  it.each(NAMED)("%s names each option of %s", (page, type) => {
    const text = read(`docs/${page}`);
    const named = (name: string) => new RegExp(`\`[^\`\n]*\\b${name}\\b|\\b${name}(?:[:,]| \\})`).test(text);
    const common = ["clock", "random", "signal"];
    expect(fieldsOf(type).filter((name) => !common.includes(name) && !named(name))).toEqual([]);
  });

  it.each(TABLES)(
    "%s, %s: the table has the fields of the exported types, neither more nor fewer",
    (...table) => {
      const [page, heading, types] = table;
      const section = sectionOf(read(`docs/${page}`), heading);
      const rows = [...section.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, cell = ""]) =>
        cell.split(", ").map((name) => name.slice(1, -1)),
      );
      expect(rows.toSorted()).toEqual([...new Set(types.flatMap(fieldsOf))].toSorted());
    },
  );

  it.each(
    TABLES.filter(([, heading]) => !["### What a handler receives", "### Redaction"].includes(heading)),
  )("%s, %s: an example sets each of them", (...table) => {
    const [page, heading, types] = table;
    const code = [...sectionOf(read(`docs/${page}`), heading).matchAll(/^```ts\n([\s\S]*?)^```/gm)].join("");
    const unset = types.flatMap(fieldsOf).filter((name) => !new RegExp(`\\b${name}(?:[:,]| \\})`).test(code));
    expect(unset).toEqual([]);
  });

  it("every call of the runtime stands on its page", () => {
    const calls = [
      ...fieldsOf("src/runtime/changes.ts Changes"),
      ...fieldsOf("src/runtime/runtime.ts Runtime"),
    ];
    const section = sectionOf(read("docs/runtime.md"), "## Calls");
    const values = ["agents", "store", "people"];
    expect(
      calls.filter(
        (name) => !values.includes(name) && !section.includes(`\`${name}(`) && !section.includes(`${name}(`),
      ),
    ).toEqual([]);
  });

  it("every status of a thread stands on the page of the runtime", () => {
    const [, kinds = ""] = /STATUS_KINDS = \[([^\]]*)\]/.exec(read("src/thread/state.ts")) ?? [];
    const section = sectionOf(read("docs/runtime.md"), "## What a thread is doing");
    const rows = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(
      ([, cell = ""]) => cell.match(/\w+/g) ?? [],
    );
    expect(rows.toSorted()).toEqual((kinds.match(/\w+/g) ?? []).toSorted());
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The text under a heading, up to the next one of any level. */
function sectionOf(page: string, heading: string): string {
  const [, after = ""] = `\n${page}`.split(`\n${heading}\n`);
  // A `#` in a fence stands in no example.
  const end = after.search(/^#{1,4} /m);
  const section = end === -1 ? after : after.slice(0, end);
  if (section === "") throw new Error(`the page has nothing under ${heading}`);
  return section;
}

/** The interfaces that a file exports, those from other files included, each with the file that declares it. */
function interfacesOf(file: string, only?: readonly string[]): string[] {
  const text = read(file);
  const wanted = (name: string) => only === undefined || only.includes(name);
  const own = [...text.matchAll(/^export interface (\w+)/gm)].map(([, name = ""]) => name).filter(wanted);
  const passedOn = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)].flatMap(
    ([, list = "", from = ""]) => {
      const names = list.split(",").map((name) =>
        name
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*/, ""),
      );
      const passed = names.filter((name) => name !== "" && wanted(name));
      return passed.length === 0 ? [] : interfacesOf(join(dirname(file), from).replaceAll("\\", "/"), passed);
    },
  );
  return [...own.map((name) => `${file} ${name}`), ...passedOn];
}

/** The names of an interface's own fields and methods. `+name` is a name that its type spells out elsewhere. */
function fieldsOf(type: string): string[] {
  if (type.startsWith("+")) return [type.slice(1)];
  const [file = "", name = ""] = type.split(" ");
  const [, body = ""] =
    new RegExp(`^export interface ${name}\\b[\\s\\S]*?\\{\\n([\\s\\S]*?)^\\}`, "m").exec(read(file)) ?? [];
  const fields = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = ""]) => field);
  if (fields.length === 0) throw new Error(`${file} has no interface ${name}`);
  return [...new Set(fields)];
}
