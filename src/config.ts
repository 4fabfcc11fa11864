import type { Agent } from "./agent/agent.ts";
import type { Channel } from "./humans/channel.ts";
import type { People } from "./humans/people.ts";
import type { ApiKey } from "./server/api-key.ts";
import type { CronTrigger } from "./triggers/cron.ts";
import type { Webhook } from "./triggers/webhook.ts";

/** What `twelvefold.config.ts` exports by default: the agents and settings of a project. */
export interface TwelvefoldConfig {
  readonly agents: readonly Agent[];
  /** The SQLite file of the threads. Default `.twelvefold/threads.db`; `TWELVEFOLD_STORE` wins. */
  readonly store?: string;
  /** Threads advanced at the same time. Default 16. */
  readonly concurrency?: number;
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
  /** The address people reach it by, e.g. behind a proxy; `TWELVEFOLD_PUBLIC_URL` wins. */
  readonly publicUrl?: string;
  readonly webhooks?: readonly Webhook[];
  readonly cron?: readonly CronTrigger[];
}

/** Types the configuration; returns it as it is. */
export function defineConfig(config: TwelvefoldConfig): TwelvefoldConfig {
  return config;
}
