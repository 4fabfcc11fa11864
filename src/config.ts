import type { Agent } from "./agent/agent.ts";
import type { CredentialSources } from "./agent/credentials.ts";
import { AGENTS } from "./agent/options.ts";
import { anything, both, check, fields, list, oneOf, optional, record, text } from "./base/checks.ts";
import { address, callback, checkOptions, count } from "./base/options.ts";
import { EVALS, type EvalsConfig } from "./evals-config.ts";
import type { Channel } from "./humans/channel.ts";
import { CHANNELS } from "./humans/channel-options.ts";
import { PEOPLE, type People } from "./humans/people.ts";
import type { StillAllowed } from "./humans/still-allowed.ts";
import type { RetryPolicy } from "./prompts/call/retry-policy.ts";
import type { Timeouts } from "./prompts/http/timeouts.ts";
import { PATIENCE } from "./prompts/options.ts";
import { CALL_LIMITS, type CallLimits } from "./runtime/call-limits.ts";
import type { RestateEngineOptions } from "./runtime/engines/restate.ts";
import { RETENTION, type RetentionRule } from "./runtime/retention.ts";
import { API_KEYS, type ApiKey } from "./server/api-key.ts";
import type { Caller } from "./server/callers.ts";
import type { CronTrigger } from "./triggers/cron.ts";
import { CRON_TRIGGERS, WEBHOOKS } from "./triggers/options.ts";
import type { Webhook } from "./triggers/webhook.ts";

/** What `twelvefold.config.ts` exports by default: the agents and settings of a project. */
export interface TwelvefoldConfig {
  readonly agents: readonly Agent[];
  /**
   * Where the threads are kept: an SQLite file, or a PostgreSQL database (`postgres://agents@db.example/agents?schema=support`,
   * which needs the package `pg`). Default `.twelvefold/threads.db`; `TWELVEFOLD_STORE` takes precedence.
   */
  readonly store?: string;
  /**
   * How `twelvefold serve` and `twelvefold worker` learn that a thread has work. `"in-process"` (default): each process takes
   * up what it has changed, and finds the rest when it looks for work once a second. `"pg-boss"`: through a queue in the same
   * PostgreSQL database, within milliseconds; needs the package `pg-boss`. `{ use: "restate", ingress, admin }`: by a Restate
   * server; needs the package `@restatedev/restate-sdk`. `TWELVEFOLD_ENGINE` takes precedence.
   */
  readonly engine?: EngineConfig;
  /** How many threads are advanced at the same time. Default 16. */
  readonly concurrency?: number;
  /** How long to wait for the model, in ms. `TWELVEFOLD_TIMEOUT_…` and a prompt function's own timeouts take precedence. */
  readonly timeouts?: Timeouts;
  /**
   * How often, and with what pauses, a failed model call is tried again. `TWELVEFOLD_ATTEMPTS` and the like, and a prompt
   * function's own retries, take precedence.
   */
  readonly retry?: RetryPolicy;
  /** Ways to tell people about requests, in addition to the inbox. Default: none. */
  readonly channels?: readonly Channel[];
  /**
   * Where tools get their credentials, by name, for the person who asked:
   * `{ github: ({ requester }) => tokenOf(requester) }`. See `CredentialSource`.
   */
  readonly credentials?: CredentialSources;
  /** Who is who across channels: `{ ada: ["*:ada", "slack:U012AB3CD"] }`. Needed where a policy requires different people. */
  readonly people?: People;
  /**
   * How much each model client is asked, by all processes together: `{ "openai/gpt-5-mini": { requestsPerMinute: 500,
   * tokensPerMinute: 200_000, concurrency: 20 } }`; `"*"` is each client without an entry of its own. Calls wait for their turn.
   */
  readonly modelLimits?: CallLimits;
  /**
   * Which threads that have ended are not to be kept: `[{ days: 90 }, { days: 7, status: ["failed"], action: "erase" }]`. Applied once
   * an hour by `twelvefold serve` and `twelvefold worker`, and by `twelvefold prune --yes`. Default: all are kept.
   */
  readonly retention?: readonly RetentionRule[];
  /**
   * Checks again, right before a call runs, that its requester and its approvers are still known and allowed. Default: they
   * stay what they were when they asked and approved.
   */
  readonly stillAllowed?: StillAllowed;
  /** Settings of `twelvefold serve`. */
  readonly server?: ServerConfig;
  /** Settings of `twelvefold eval`, `collect` and `judge`. */
  readonly evals?: EvalsConfig;
}

export const ENGINE_NAMES = ["in-process", "pg-boss"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
export type EngineConfig = EngineName | ({ readonly use: "restate" } & RestateEngineOptions);

export type ProtocolName = "mcp" | "ag-ui" | "ai-sdk-ui" | "a2h";
export const PROTOCOL_NAMES: readonly ProtocolName[] = ["mcp", "ag-ui", "ai-sdk-ui", "a2h"];

function refuseTwice(names: unknown): string | undefined {
  return Array.isArray(names) && new Set(names).size < names.length ? "one is named twice" : undefined;
}

export interface ServerConfig {
  /** The API keys that are let in. `twelvefold key` makes one; only its digest goes here. Default: none, this machine only. */
  readonly keys?: readonly ApiKey[];
  /**
   * Your own sign-in: returns who sent a request, or `undefined` if that is not known. Applies to the API, event streams
   * and the inbox alike, in addition to `keys`. See `AuthOptions`.
   */
  readonly authenticate?: (request: Request) => Caller | undefined | Promise<Caller | undefined>;
  /** Where to send a browser whose user `authenticate` does not know. */
  readonly signInUrl?: string;
  /** The address people reach the server by, e.g. behind a proxy; `TWELVEFOLD_PUBLIC_URL` takes precedence. */
  readonly publicUrl?: string;
  /**
   * Protocols that are spoken beside the API, with its keys and scopes: `"mcp"` (agents as tools, at `/mcp`), `"ag-ui"`, `"ai-sdk-ui"`
   * (streams for web pages) and `"a2h"` (requests to people for programs in any language). Default: none.
   */
  readonly protocols?: readonly ProtocolName[];
  /** Origins of pages elsewhere that may reach the protocols: see `ServerOptions`. Default: none. */
  readonly allowedOrigins?: readonly string[];
  readonly webhooks?: readonly Webhook[];
  readonly cron?: readonly CronTrigger[];
}

const CONFIG = fields({
  agents: both(list(anything, 1), AGENTS),
  store: optional(text()),
  // The engine checks the rest.
  engine: optional(
    check((value) =>
      ENGINE_NAMES.some((name) => name === value) ||
      (typeof value === "object" && value !== null && Reflect.get(value, "use") === "restate")
        ? undefined
        : `must be ${ENGINE_NAMES.join(", ")} or { use: "restate", ingress: "http://…" }`,
    ),
  ),
  concurrency: optional(count),
  ...PATIENCE,
  channels: optional(CHANNELS),
  credentials: optional(record(callback)),
  people: optional(PEOPLE),
  evals: optional(EVALS),
  modelLimits: optional(CALL_LIMITS),
  retention: optional(RETENTION),
  stillAllowed: optional(callback),
  server: optional(
    fields({
      keys: optional(API_KEYS),
      authenticate: optional(callback),
      signInUrl: optional(text()),
      publicUrl: optional(address),
      protocols: optional(both(list(oneOf(PROTOCOL_NAMES)), check(refuseTwice))),
      allowedOrigins: optional(list(address)),
      webhooks: optional(WEBHOOKS),
      cron: optional(CRON_TRIGGERS),
    }),
  ),
});

/** Throws a `UsageError` that names every unknown or invalid option. `what` says whose configuration it is. */
export function checkConfig(what: string, config: unknown): asserts config is TwelvefoldConfig {
  checkOptions(what, CONFIG, config);
}

/**
 * Checks and types the configuration, and returns it unchanged. Throws a `UsageError` (`invalid_configuration`) that
 * names every unknown or invalid option.
 *
 * @example
 * // twelvefold.config.ts
 * export default defineConfig({ agents: [calculator], concurrency: 8 });
 */
export function defineConfig(config: TwelvefoldConfig): TwelvefoldConfig {
  checkConfig("twelvefold.config.ts", config);
  return config;
}
