import type { Agent } from "../../agent/agent.ts";
import type { CompletionRecord } from "../../base/completion.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { diffLines } from "../../base/line-diff.ts";
import { checkNames } from "../../base/options.ts";
import { requestText } from "../../model/request-text.ts";
import type { ModelChoice, PreparedRequest } from "../../prompts/types.ts";
import type { StoredDecision } from "./stored-decisions.ts";

/** A stored decision's request under the prompts of now. */
export type RequestDiff =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly change: RequestChange | undefined }
  /** It cannot be built now. */
  | { readonly kind: "failed"; readonly message: string };

/** Absent where what was sent cannot be made again, so that only the digests can be compared. */
export interface RequestChange {
  /** More tokens, estimated; less than 0: fewer. */
  readonly tokens: number;
  /** How many tokens at the start stay the same, estimated, and so may come from the provider's cache. */
  readonly samePrefix: number;
  /** The line with which they cease to be the same. */
  readonly breaksAt: string;
  /** Lines that begin with `-`, `+` or a blank. */
  readonly lines: readonly string[];
}

export interface DiffOptions {
  /** The agent with the prompts to compare with. */
  readonly before: Agent | undefined;
  /** Compare with those prompts themselves, not with what was sent. */
  readonly against: boolean;
  /** Who answered, by the name that was recorded. */
  readonly modelOf: (client: string) => ModelChoice | undefined;
  readonly count: (text: string) => number;
}

/** A thread, its agent, and what is known of the answer: who gave it, and to which request. */
export interface AskedThen extends Pick<StoredDecision, "own" | "thread"> {
  readonly completion: Pick<CompletionRecord, "client" | "requestDigest">;
}

/** Compares the request of now with the recorded one, or with that of other prompts. Nothing is sent. */
export async function diffRequest(decision: AskedThen, options: DiffOptions): Promise<RequestDiff> {
  checkNames("diffRequest", { before: true, against: true, modelOf: true, count: true }, options);
  const { own, completion } = decision;
  const { before, against, modelOf, count } = options;
  const model = modelOf(completion.client);
  const recorded = completion.requestDigest;
  let now: PreparedRequest;
  let was: PreparedRequest | undefined;
  let asSent = false;
  try {
    now = await requestLike(own, decision, model, recorded);
    if (!against && now.digest === recorded) return { kind: "same" };
    was = before && (await requestLike(before, decision, model, recorded));
    // Only one of the two was as recorded, and may have been streamed; what is compared is what they say.
    if (was !== undefined && (was.digest === recorded) !== (now.digest === recorded)) {
      const options = { defaultModel: model };
      const sent = was.digest;
      now = await own.nextStep.request(decision.thread, options);
      was = await (before ?? own).nextStep.request(decision.thread, options);
      asSent = sent === recorded;
    }
  } catch (error) {
    if (!TwelvefoldError.isInstance(error)) throw error;
    return { kind: "failed", message: error.message };
  }
  if (against && was?.digest === now.digest) return { kind: "same" };
  const known = was !== undefined && (against || asSent);
  return { kind: "changed", change: known && was !== undefined ? changeOf(was, now, count) : undefined };
}

/** Streamed if the recorded one was. */
async function requestLike(
  { nextStep }: Agent,
  { thread }: Pick<AskedThen, "thread">,
  defaultModel: ModelChoice | undefined,
  recorded: string,
): Promise<PreparedRequest> {
  const plain = await nextStep.request(thread, { defaultModel });
  if (plain.digest === recorded) return plain;
  const streamed = await nextStep.request(thread, { defaultModel, onPartial: () => {} });
  return streamed.digest === recorded ? streamed : plain;
}

function changeOf(
  was: PreparedRequest,
  now: PreparedRequest,
  count: (text: string) => number,
): RequestChange {
  const [before, after] = [requestText(was.body), requestText(now.body)];
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  const lineStart = after.lastIndexOf("\n", at - 1) + 1;
  const lineEnd = after.indexOf("\n", at);
  return {
    tokens: tokensBetween(before, after, { start: lineStart, count }),
    samePrefix: count(after.slice(0, at)),
    breaksAt: after.slice(lineStart, lineEnd === -1 ? undefined : lineEnd),
    lines: diffLines(before, after),
  };
}

/** How many more tokens the second text has. Only the lines between those that are the same are counted: requests are long. */
function tokensBetween(
  before: string,
  after: string,
  { start, count }: { readonly start: number; readonly count: (text: string) => number },
): number {
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  // The shared end begins with a line of its own.
  const shared = after.slice(after.length - end);
  const rest = shared.length - Math.max(0, shared.indexOf("\n"));
  return count(after.slice(start, after.length - rest)) - count(before.slice(start, before.length - rest));
}
