import type { Agent } from "../agent/agent.ts";
import type { CredentialSources } from "../agent/credentials.ts";
import { AGENTS } from "../agent/options.ts";
import {
  anything,
  boolean,
  both,
  type Check,
  fields,
  fieldsAtLeast,
  list,
  numberFrom,
  oneOf,
  optional,
  record,
} from "../base/checks.ts";
import type { Clock } from "../base/clock.ts";
import type { NewThreadId } from "../base/ids.ts";
import {
  callback,
  checkOptions,
  count,
  durationMs,
  nonEmptyName,
  objectWith,
  secretText,
} from "../base/options.ts";
import type { Channel } from "../humans/channel.ts";
import { CHANNELS } from "../humans/channel-options.ts";
import { PEOPLE, type People } from "../humans/people.ts";
import type { StillAllowed } from "../humans/still-allowed.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { ThreadStore } from "../store/store.ts";
import { CALL_LIMITS, type CallLimits } from "./call-limits.ts";
import type { Engine } from "./engines/engine.ts";
import { RETENTION, type RetentionRule } from "./retention.ts";

export interface RuntimeOptions {
  /** The agents whose threads this runtime advances. Their names must differ. */
  readonly agents: readonly Agent[];
  readonly store: ThreadStore;
  /**
   * The model that answers if an agent's prompt function has none of its own. Default: the client named in each prompt.
   * Its time-outs and retries apply to every function that sets none.
   */
  readonly model?: ModelChoice | undefined;
  /** Ways to tell people about requests. Their names must differ. Default: none. */
  readonly channels?: readonly Channel[] | undefined;
  /**
   * Where tools get their credentials, by name: for the person who asked, when the call runs. No event, log or export holds
   * one. Default: none.
   */
  readonly credentials?: CredentialSources | undefined;
  /** Who is who across channels, for policies that require different people. Default: nothing is known. */
  readonly people?: People | undefined;
  /**
   * Checks again, right before a call runs, that its requester and its approvers are still known and allowed. Default: they
   * stay what they were when they asked and approved.
   */
  readonly stillAllowed?: StillAllowed | undefined;
  /**
   * Whether to stream the model's answers and show partials to observers. Default: only while observers want them, because
   * streaming is slower. Only in a stream can the first-token and idle time-outs measure what their names say.
   */
  readonly stream?: boolean | undefined;
  /** How many threads this process advances at the same time. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * Brings the word that a thread has work to a process that advances it. Default: each process takes up what it has changed
   * itself, and finds the rest when it looks for work. See `twelvefold/pg-boss` and `twelvefold/restate`.
   */
  readonly engine?: Engine | undefined;
  /**
   * Whether this process advances threads. With `false` it launches, changes and reads them, and leaves the rest to others.
   * Default true.
   */
  readonly worker?: boolean | undefined;
  /**
   * How much each model client is asked, by all processes that share the store together. Calls wait for their turn; none is
   * refused. Default: no limits but the provider's.
   */
  readonly modelLimits?: CallLimits | undefined;
  /**
   * Which threads that have ended are deleted or erased, once an hour, by one of the processes that advance threads. Default:
   * none; every thread is kept.
   */
  readonly retention?: readonly RetentionRule[] | undefined;
  /** Where the time comes from. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** Makes the id of each new thread: one that no thread has, as `randomThreadId` does. Default: random ids. */
  readonly newThreadId?: NewThreadId | undefined;
  /** Names this process in claims; must be unique. Default: random. */
  readonly owner?: string | undefined;
  /** Milliseconds after which a silent process counts as dead. Default 15,000. */
  readonly claimMs?: number | undefined;
  /** Milliseconds between two looks for work. Default 1,000; at most a third of `claimMs`. */
  readonly sweepMs?: number | undefined;
  /**
   * At least 32 random characters, the same in every process of one installation. With it, a long-running job that is
   * started again after a crash keeps its token. Default: tokens are random.
   */
  readonly secret?: string | undefined;
}

const model = fieldsAtLeast({
  clients: list(fieldsAtLeast({ name: nonEmptyName, provider: nonEmptyName, options: record(anything) }), 1),
  strategy: oneOf(["fallback", "round_robin"]),
});

const OPTIONS: { readonly [K in keyof RuntimeOptions]-?: Check } = {
  agents: AGENTS,
  store: objectWith("append", "read", "claim", "getValue"),
  model: optional(model),
  channels: optional(CHANNELS),
  credentials: optional(record(callback)),
  people: optional(PEOPLE),
  stillAllowed: optional(callback),
  stream: optional(boolean),
  concurrency: optional(count),
  engine: optional(objectWith("wake", "start", "idle", "stop")),
  worker: optional(boolean),
  modelLimits: optional(CALL_LIMITS),
  retention: optional(RETENTION),
  clock: optional(objectWith("now", "sleep")),
  newThreadId: optional(callback),
  owner: optional(nonEmptyName),
  // A claim that lasts longer than an hour counts as one of a clock that was set back.
  claimMs: optional(numberFrom(1, 3_600_000)),
  sweepMs: optional(both(durationMs, numberFrom(1, Number.MAX_SAFE_INTEGER))),
  secret: optional(secretText),
};

/**
 * Throws `UsageError` (`invalid_configuration`) for unknown options, for numbers that timers or stores cannot hold, for
 * two agents or two channels of one name, and for a secret that is short.
 */
export function checkRuntimeOptions(options: RuntimeOptions): void {
  checkOptions("createRuntime", fields(OPTIONS), options);
}
