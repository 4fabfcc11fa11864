import { FetchProblem, type ProblemKind } from "../http/problem.ts";
import { redactText, secretsOf } from "../http/redact.ts";
import { send } from "../http/send.ts";
import type { Timeouts } from "../http/timeouts.ts";
import { wireFormatOf } from "../wire/formats.ts";
import type { ModelReply } from "../wire/wire.ts";
import type { Failure } from "./failure.ts";
import type { Prepared } from "./prepared-request.ts";
import { readAnswer } from "./read-answer.ts";

/** The outcome of one attempt. */
export type AttemptOutcome =
  | {
      readonly kind: "replied";
      readonly reply: ModelReply;
      readonly validText: boolean;
      readonly requestDigest: string;
    }
  | Failure;

export interface AttemptOptions {
  readonly timeouts: Required<Timeouts>;
  readonly signal: AbortSignal | undefined;
  /** Called with all of the text so far whenever a stream brings more. Absent if the request is not streamed. */
  readonly onText: ((text: string) => void) | undefined;
  /** Ms since the epoch, to read `Retry-After` dates. */
  readonly now: () => number;
}

/**
 * Sends a request once. Every failure of the provider is an outcome. Throws only if the signal is aborted, with its
 * reason.
 */
export async function attempt(request: Prepared, options: AttemptOptions): Promise<AttemptOutcome> {
  const { onText, now, signal } = options;
  const { url, method, headers, body, digest } = request;
  const secrets = secretsOf(url, headers);
  // An answer that is not streamed comes all at once: a limit for its first token would limit the whole answer.
  const timeouts = request.streamed
    ? options.timeouts
    : { ...options.timeouts, firstToken: Number.POSITIVE_INFINITY };
  try {
    const answer = await send({ url, method, headers, body }, timeouts, signal);
    const read = await readAnswer(answer, { format: wireFormatOf(url), secrets, onText, now });
    return read.kind === "replied" ? { ...read, requestDigest: digest } : read;
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!(error instanceof FetchProblem)) throw error;
    return { ...PROBLEMS[error.kind], kind: "failed", message: redactText(error.message, secrets) };
  }
}

const DOWN = { verdict: "unavailable", again: true } as const;
const WRONG = { verdict: "rejected", again: false } as const;

const PROBLEMS: Readonly<Record<ProblemKind, Pick<Failure, "verdict" | "again" | "free">>> = {
  bad_url: WRONG,
  no_connection: DOWN,
  stale_connection: { ...DOWN, free: true },
  reset: DOWN,
  timeout: DOWN,
  // Another try would take as long, and cost as much, again.
  too_slow: { ...DOWN, again: false },
  too_large: WRONG,
  not_a_completion: DOWN,
};
