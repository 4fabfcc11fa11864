import { chatRoutes, type ListenOptions, listen, type ModelServer } from "../model-server.ts";
import type { AnswerOptions } from "./answer.ts";

/** The offline model's name, as `GET /v1/models` and every completion give it. */
export const OFFLINE_MODEL_NAME = "twelvefold-offline";

/** What the offline model is called wherever a person sees it. */
export const OFFLINE_MODEL_TITLE = "built-in offline model";

/**
 * Starts the built-in offline model: an OpenAI-compatible server on loopback that needs no key and no network. It
 * knows nothing but the request it is sent: it reads the rendered thread and the allowed schema, calls the tools that
 * the request names with the numbers in it, and is deterministic. Throws `UsageError` where the port cannot be had.
 */
export async function startOfflineModel(options: ListenOptions & AnswerOptions = {}): Promise<ModelServer> {
  const routes = chatRoutes({
    model: OFFLINE_MODEL_NAME,
    answer: async (request) => {
      // Loaded with the first request, so that starting costs a process that may never ask next to nothing.
      const { answerOffline } = await import("./answer.ts");
      return answerOffline(request, options);
    },
  });
  return listen(routes, options);
}
