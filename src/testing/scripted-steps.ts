import type { NextStepFunction } from "../agent/agent.ts";
import type { Fidelity } from "../base/completion.ts";
import { sha256 } from "../base/digest.ts";
import { TwelvefoldError } from "../base/errors.ts";
import { canonicalJson, parseJson, toJson } from "../base/json.ts";
import type { Accepted, Answer } from "../prompts/types.ts";

/**
 * One scripted answer: a step, several steps of one completion, a step with its fidelity and the words before its JSON,
 * a text that does not parse, or an error to throw.
 */
export type ScriptedAnswer<S> =
  | S
  | { readonly steps: readonly [S, ...S[]] }
  | { readonly step: S; readonly fidelity: Fidelity; readonly said?: string }
  | { readonly unparseable: string }
  | { readonly throws: Error };

export interface ScriptedSteps<S> extends NextStepFunction<[thread: string], S> {
  /** What the model was shown at each call. */
  readonly prompts: readonly string[];
  /** How many answers are left in the script. */
  readonly remaining: number;
  /**
   * Throws `TwelvefoldError` (`unexpected_call`) if answers are left over or too many were asked for. Call it at the
   * end of a test.
   */
  assertUsedUp(): void;
}

const EXACT: Fidelity = { grade: "exact", reasons: [] };

/**
 * A prompt function that answers from a script instead of a model. Asking for more than the script holds throws
 * `TwelvefoldError` (`unexpected_call`), which no thread survives: `runtime.settled` and `advance` throw it too.
 *
 * @example
 * const nextStep = scriptedSteps<Step>([{ intent: "add", a: 1, b: 2 }, { intent: "done", message: "3" }]);
 * const agent = defineAgent(nextStep, { name: "sum", steps });
 * // … run it, then:
 * nextStep.assertUsedUp();
 */
export function scriptedSteps<S extends { readonly intent: string }>(
  script: readonly ScriptedAnswer<S>[],
): ScriptedSteps<S> {
  const prompts: string[] = [];
  let next = 0;
  let beyond: TwelvefoldError | undefined;
  return {
    name: "ScriptedSteps",
    version: "1",
    prompts,
    get remaining() {
      return script.length - next;
    },
    assertUsedUp() {
      if (beyond !== undefined) throw beyond;
      if (next < script.length) {
        throw new TwelvefoldError(
          "unexpected_call",
          `${script.length - next} scripted answers were not asked for`,
        );
      }
    },
    async call([thread], options) {
      options?.signal?.throwIfAborted();
      prompts.push(thread);
      const answer = script[next];
      if (answer === undefined) {
        beyond = new TwelvefoldError(
          "unexpected_call",
          `the script has ${script.length} answers; one more was asked for:\n${thread}`,
        );
        throw beyond;
      }
      next += 1;
      if ("throws" in answer) throw answer.throws;
      return asAnswer(answer);
    },
    async request([thread]) {
      const url = "script:";
      return {
        client: "scripted",
        method: "POST",
        url,
        redactedUrl: url,
        headers: {},
        redactedHeaders: {},
        body: thread,
        digest: sha256(thread),
      };
    },
    // A script has no types: an edit with the right intent is accepted unchanged.
    parse: (raw) => acceptAnswer(parseJson<S>(raw), EXACT, [], raw),
  };
}

function asAnswer<S extends { readonly intent: string }>(
  answer: Exclude<ScriptedAnswer<S>, { readonly throws: Error }> | S,
): Answer<S> {
  if ("unparseable" in answer) {
    const message = "The answer holds no JSON object. Answer with exactly one.";
    return { ok: false, reason: "no_match", message, completion: completion(answer.unparseable) };
  }
  if ("steps" in answer) {
    const [first, ...more] = answer.steps;
    return acceptAnswer(
      first,
      EXACT,
      more,
      answer.steps.map((step) => canonicalJson(toJson(step))).join("\n"),
    );
  }
  if ("step" in answer && "fidelity" in answer) {
    const json = canonicalJson(toJson(answer.step));
    const { said } = answer;
    if (said === undefined) return acceptAnswer(answer.step, answer.fidelity, [], json);
    const text = `${said}\n${json}`;
    const range = { start: text.length - json.length, end: text.length };
    return { ...acceptAnswer(answer.step, answer.fidelity, [], text), said: { text, json: [range] } };
  }
  return acceptAnswer(answer, EXACT, [], canonicalJson(toJson(answer)));
}

function acceptAnswer<S>(value: S, fidelity: Fidelity, more: readonly S[], raw: string): Accepted<S> {
  return {
    ok: true,
    value,
    fidelity,
    more: more.map((other) => ({ value: other, fidelity })),
    completion: completion(raw),
  };
}

function completion(raw: string) {
  return { raw, client: "scripted", usage: null, durationMs: 0, requestDigest: "scripted" };
}
