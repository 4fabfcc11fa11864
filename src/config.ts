import type { Agent } from "./agent/agent.ts";
import { both, check, distinct, fields, fieldsAtLeast, list, optional, text } from "./base/checks.ts";
import { address, callback, checkOptions, count, nonEmptyName } from "./base/options.ts";
import type { Channel } from "./humans/channel.ts";
import { PEOPLE, type People } from "./humans/people.ts";
import type { RetryPolicy } from "./prompts/call/retry-policy.ts";
import type { Timeouts } from "./prompts/http/timeouts.ts";
import { PATIENCE } from "./prompts/options.ts";
import { API_KEYS, type ApiKey } from "./server/api-key.ts";
import type { Caller } from "./server/callers.ts";
import type { CronTrigger } from "./triggers/cron.ts";
import type { Webhook } from "./triggers/webhook.ts";

/** What `twelvefold.config.ts` exports by default: the agents and settings of a project. */
export interface TwelvefoldConfig {
  readonly agents: readonly Agent[];
  /**
   * Where the threads are: an SQLite file, or a PostgreSQL database (`postgres://agents@db.example/agents?schema=support`,
   * needs the package `pg`). Default `.twelvefold/threads.db`; `TWELVEFOLD_STORE` wins.
   */
  readonly store?: string;
  /** Threads advanced at the same time. Default 16. */
  readonly concurrency?: number;
  /** How long the model is waited for, in ms; `TWELVEFOLD_TIMEOUT_…` wins, and so does what a prompt function has of its own. */
  readonly timeouts?: Timeouts;
  /** How often and how patiently it is asked; `TWELVEFOLD_ATTEMPTS` and the like win, and so does a function's own. */
  readonly retry?: RetryPolicy;
  /** Ways to tell people about requests, besides the inbox. */
  readonly channels?: readonly Channel[];
  /** Who is who across channels: `{ ada: ["*:ada", "slack:U012AB3CD"] }`. Needed where a policy wants different people. */
  readonly people?: People;
  /** What `twelvefold serve` needs to know. */
  readonly server?: ServerConfig;
}

export interface ServerConfig {
  /** Who may use it. `twelvefold key` makes one; only its digest stands here. None: this machine only. */
  readonly keys?: readonly ApiKey[];
  /**
   * The product's own sign-in: who sends a request, or `undefined` for nobody that is known. For API, streams and inbox
   * alike; `keys` are taken besides. See `AuthOptions`.
   */
  readonly authenticate?: (request: Request) => Caller | undefined | Promise<Caller | undefined>;
  /** Where a browser is sent that `authenticate` does not know. */
  readonly signInUrl?: string;
  /** The address people reach it by, e.g. behind a proxy; `TWELVEFOLD_PUBLIC_URL` wins. */
  readonly publicUrl?: string;
  readonly webhooks?: readonly Webhook[];
  readonly cron?: readonly CronTrigger[];
}

const agent = both(
  check((value) =>
    typeof value === "object" && value !== null && "nextStep" in value
      ? undefined
      : "must be an agent made by defineAgent",
  ),
  fieldsAtLeast({ name: nonEmptyName }),
);

const CONFIG = fields({
  agents: both(list(agent, 1), distinct("name")),
  store: optional(text()),
  concurrency: optional(count),
  ...PATIENCE,
  channels: optional(list(fieldsAtLeast({ name: nonEmptyName, deliver: callback }))),
  people: optional(PEOPLE),
  server: optional(
    fields({
      keys: optional(API_KEYS),
      authenticate: optional(callback),
      signInUrl: optional(text()),
      publicUrl: optional(address),
      webhooks: optional(list(fieldsAtLeast({ name: nonEmptyName, action: callback }))),
      cron: optional(list(fieldsAtLeast({ name: nonEmptyName, agent: nonEmptyName }))),
    }),
  ),
});

/** Throws `UsageError` that names every option that is unknown or wrong. `what`: whose configuration it is. */
export function checkConfig(what: string, config: unknown): asserts config is TwelvefoldConfig {
  checkOptions(what, CONFIG, config);
}

/** Checks and types the configuration; returns it as it is. Throws `UsageError` as `checkConfig` does. */
export function defineConfig(config: TwelvefoldConfig): TwelvefoldConfig {
  checkConfig("twelvefold.config.ts", config);
  return config;
}
