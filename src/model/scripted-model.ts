import { TwelvefoldError } from "../base/errors.ts";
import { checkNames } from "../base/options.ts";
import type { ChatRequest, Completion, Problem } from "./chat-protocol.ts";
import { chatRoutes, type ListenOptions, listen, type ModelServer } from "./model-server.ts";

/** A completion's text, a completion, or an error to answer with. */
export type ScriptedAnswer = string | Completion | Problem;

/** A model that gives the answers that a test scripted. */
export interface ScriptedModel extends ModelServer {
  /** Every request that came, in order, even those for which no answer was left. */
  readonly requests: readonly ChatRequest[];
  /** The answers that have not been asked for yet. */
  leftovers(): readonly ScriptedAnswer[];
  /** Throws `TwelvefoldError` (`unexpected_call`) unless there were exactly as many requests as answers. */
  assertDone(): void;
}

/**
 * Starts a model that gives these answers in order, one per request. A request beyond the last answer gets status 400
 * (`unexpected_request`), which clients do not retry, and makes `assertDone` throw.
 *
 * @example
 * const model = await startScriptedModel(['{"intent":"done_for_now","message":"hi"}']);
 * // … let the code under test use model.url …
 * model.assertDone();
 * await model.close();
 */
export async function startScriptedModel(
  answers: readonly ScriptedAnswer[],
  options: ListenOptions = {},
): Promise<ScriptedModel> {
  checkNames("startScriptedModel", { port: true, host: true }, options);
  const requests: ChatRequest[] = [];
  const routes = chatRoutes({
    model: "twelvefold-scripted",
    answer: async (request) => {
      requests.push(request);
      const answer = answers[requests.length - 1];
      if (answer === undefined) {
        const message = `Request ${requests.length} came, but the script has only ${answers.length} answers.`;
        return { status: 400, message, code: "unexpected_request" };
      }
      return typeof answer === "string" ? { content: answer } : answer;
    },
  });
  const server = await listen(routes, options);
  return {
    ...server,
    requests,
    leftovers: () => answers.slice(requests.length),
    assertDone: () => {
      if (requests.length === answers.length) return;
      throw new TwelvefoldError(
        "unexpected_call",
        `the scripted model has ${answers.length} answers, but ${requests.length} requests came`,
        { details: { answers: answers.length, requests: requests.length } },
      );
    },
  };
}
