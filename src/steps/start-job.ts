import { createHmac, randomBytes } from "node:crypto";
import { fields, optional } from "../base/checks.ts";
import { sha256 } from "../base/digest.ts";
import { type CallId, callIdAt, parseThreadId, type ThreadId } from "../base/ids.ts";
import { keepLatest } from "../base/keep-latest.ts";
import { checkOptions, durationSeconds, nonEmptyName } from "../base/options.ts";

const JOB_OPTIONS = fields({ name: optional(nonEmptyName), timeoutSeconds: optional(durationSeconds) });

const marker = Symbol.for("twelvefold.job");

export interface JobOptions {
  /** Tells people who look at the thread what it waits for. Default `job_result`. */
  readonly name?: string;
  /** After this many seconds the model is told that time ran out. Default: the thread waits for ever. */
  readonly timeoutSeconds?: number;
}

/** What a tool returns when it has only begun its work. Made by `startJob`. */
export interface JobStart {
  readonly [marker]: true;
  readonly name: string;
  readonly timeoutSeconds: number | undefined;
  start(token: string): unknown;
}

/**
 * Return this from a tool whose work takes a long time and goes on elsewhere. `start` receives a token and hands it to
 * the job, which delivers its result with it (`POST /jobs/<token>`, or `runtime.finishJob`). Once `start` has resolved,
 * the thread waits and needs no process. The token is good for one result; only its digest is stored.
 *
 * `start` is the tool's effect. It is called once for each attempt, after the attempt is recorded on disk. What it
 * throws is the tool's error; after a crash in the middle of it the tool's own rules apply (an `idempotent` tool runs
 * again under the same key, any other asks a person). Throws `UsageError`, before the job begins, for an invalid
 * timeout or name. Give the runtime a `secret`, so that a tool that runs again hands out the same token.
 *
 * @example
 * run_report: tool((step) => startJob((token) => reports.start(step.query, { resultTo: `${url}/jobs/${token}` }))),
 */
export function startJob(start: (token: string) => unknown, options: JobOptions = {}): JobStart {
  checkOptions("startJob", JOB_OPTIONS, options);
  return {
    [marker]: true,
    name: options.name ?? "job_result",
    timeoutSeconds: options.timeoutSeconds,
    start,
  };
}

export function isJobStart(value: unknown): value is JobStart {
  return typeof value === "object" && value !== null && marker in value;
}

/** Makes the token for a call: `<thread>.<number of the call>.<43 characters that cannot be guessed>`. */
export type NewJobToken = (threadId: ThreadId, callId: CallId) => string;

/** Makes tokens, and knows its own again without looking at any thread. */
export interface JobTokens {
  readonly issue: NewJobToken;
  /** Whether this token was made here, or by another process with the same secret. */
  isOwn(token: string): boolean;
}

/** Tokens of one process without a secret that are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes tokens with 256 bits of randomness. With a secret, every process that knows it makes the same token for the
 * same call.
 */
export function createJobTokens(secret?: string): JobTokens {
  const write = (threadId: ThreadId, callId: CallId, unguessable: Buffer) =>
    `${threadId}.${callId.slice("call_".length)}.${unguessable.toString("base64url")}`;
  if (secret !== undefined) {
    const issue: NewJobToken = (threadId, callId) =>
      write(threadId, callId, createHmac("sha256", secret).update(`job:${threadId}:${callId}`).digest());
    const isOwn = (token: string) => {
      const parsed = parseJobToken(token);
      // Digests are compared, so that the time it takes says nothing about the token.
      return (
        parsed !== undefined &&
        jobTokenDigest(issue(parsed.threadId, parsed.callId)) === jobTokenDigest(token)
      );
    };
    return { issue, isOwn };
  }
  const issued = new Set<string>();
  return {
    issue(threadId, callId) {
      const token = write(threadId, callId, randomBytes(32));
      issued.add(jobTokenDigest(token));
      keepLatest(issued, MAX_REMEMBERED);
      return token;
    },
    isOwn: (token) => issued.has(jobTokenDigest(token)),
  };
}

/** The digest that is stored instead of the token. */
export function jobTokenDigest(token: string): string {
  return sha256(token);
}

/** The call that a token is for, or `undefined` for a text that cannot be a token. */
export function parseJobToken(token: string): { threadId: ThreadId; callId: CallId } | undefined {
  const match = /^([A-Za-z0-9_-]{4,64})\.([1-9][0-9]{0,9})\.[A-Za-z0-9_-]{43}$/.exec(token);
  const threadId = match?.[1] === undefined ? undefined : parseThreadId(match[1]);
  return threadId === undefined ? undefined : { threadId, callId: callIdAt(Number(match?.[2])) };
}
