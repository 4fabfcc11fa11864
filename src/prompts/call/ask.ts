import type { Clock } from "../../base/clock.ts";
import {
  type FailedAttempt,
  PromptTooLongError,
  type ProviderError,
  ProviderRejectedError,
  ProviderUnavailableError,
} from "../errors.ts";
import type { Timeouts } from "../http/timeouts.ts";
import type { Admit, ModelChoice, ModelClient } from "../types.ts";
import type { ModelReply } from "../wire/wire.ts";
import type { AttemptOptions, AttemptOutcome } from "./attempt.ts";
import type { Failure } from "./failure.ts";
import type { RetryPolicy } from "./retry-policy.ts";

export interface AskOptions {
  readonly retry: Required<RetryPolicy>;
  readonly timeouts: Required<Timeouts>;
  readonly signal: AbortSignal | undefined;
  readonly onText: ((text: string) => void) | undefined;
  readonly clock: Clock;
  /** Asked before each attempt. Default: it begins at once. */
  readonly admit?: Admit | undefined;
  /** Returns numbers from 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** A client with a request that can be sent as often as needed. */
export interface ReadyClient {
  readonly client: string;
  attempt(options: AttemptOptions): Promise<AttemptOutcome>;
}

export interface Asked {
  readonly reply: ModelReply;
  readonly validText: boolean;
  readonly requestDigest: string;
  readonly client: string;
  readonly failed: readonly FailedAttempt[];
}

/**
 * Asks the clients in turn until one answers: each is tried again as long as that may help, then the next. Throws the
 * last client's failure with every attempt (`ProviderRejectedError`, `PromptTooLongError` or
 * `ProviderUnavailableError`), or the signal's reason if it is aborted.
 */
export async function ask(
  clients: readonly (ModelClient | undefined)[],
  prepare: (client: ModelClient | undefined) => Promise<ReadyClient>,
  options: AskOptions,
): Promise<Asked> {
  const failed: FailedAttempt[] = [];
  let last: { readonly failure: Failure; readonly client: string } | undefined;
  for (const client of clients) {
    const ready = await prepare(client);
    const outcome = await askOne(ready, failed, options);
    if (outcome.kind === "replied") return { ...outcome, client: ready.client, failed };
    last = { failure: outcome, client: ready.client };
  }
  if (last === undefined) throw new RangeError("no client to ask");
  throw providerError(last.failure, last.client, failed);
}

async function askOne(
  ready: ReadyClient,
  failed: FailedAttempt[],
  options: AskOptions,
): Promise<AttemptOutcome> {
  const { retry, clock, signal } = options;
  let free = 1;
  let loading = 0;
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryWhenAdmitted(ready, options);
    if (outcome.kind === "replied") return outcome;
    if (outcome.free === true && free > 0) {
      free -= 1;
      tries -= 1;
      continue;
    }
    const { status, message } = outcome;
    failed.push({ client: ready.client, status, message });
    const asked = outcome.retryAfterMs ?? 0;
    const wait = Math.max(asked, backOff(tries, options));
    const patient = outcome.loading === true && loading + wait <= retry.maxLoading;
    if (!outcome.again || (tries >= retry.attempts && !patient) || asked > retry.maxRetryAfter)
      return outcome;
    if (outcome.loading === true) loading += wait;
    await clock.sleep(wait, signal);
  }
}

async function tryWhenAdmitted(ready: ReadyClient, options: AskOptions): Promise<AttemptOutcome> {
  const { admit, clock, signal } = options;
  const end = await admit?.(ready.client, signal);
  let tokens: number | undefined;
  try {
    const outcome = await ready.attempt({ ...options, now: () => clock.now() });
    const usage = outcome.kind === "replied" ? outcome.reply.usage : null;
    if (usage !== null) tokens = usage.inputTokens + usage.outputTokens;
    return outcome;
  } finally {
    end?.(tokens);
  }
}

function backOff(tries: number, { retry, random }: AskOptions): number {
  const most = Math.min(retry.maxDelay, retry.firstDelay * 2 ** (tries - 1));
  return Math.round(most / 2 + (most / 2) * random());
}

function providerError(failure: Failure, client: string, attempts: readonly FailedAttempt[]): ProviderError {
  const { status, message, retryAfterMs } = failure;
  const others = attempts.length > 1 ? `; ${attempts.length} attempts` : "";
  const facts = { client, status, attempts };
  switch (failure.verdict) {
    case "unavailable":
      return new ProviderUnavailableError(`${client} gives no answer: ${message}${others}`, {
        ...facts,
        retryAfterMs,
      });
    case "rejected":
      return new ProviderRejectedError(`${client} refuses the request: ${message}${others}`, facts);
    case "too_long":
      return new PromptTooLongError(`the prompt is too long for ${client}: ${message}${others}`, facts);
    default:
      return failure.verdict satisfies never;
  }
}

const turns = new WeakMap<ModelChoice, number>();

/**
 * The clients of a choice in the order in which to ask them: as listed, or beginning with the one whose turn it is. `take`
 * uses up the turn, so that the next call begins with the next client.
 */
export function inOrder(choice: ModelChoice, take: boolean): readonly ModelClient[] {
  const { clients, strategy } = choice;
  if (strategy === "fallback" || clients.length < 2) return clients;
  const turn = turns.get(choice) ?? 0;
  if (take) turns.set(choice, (turn + 1) % clients.length);
  return [...clients.slice(turn), ...clients.slice(0, turn)];
}
