import { chatRoutes, type ListenOptions, listen, type ModelServer } from "../model-server.ts";

/** The offline model's name, as `GET /v1/models` and every completion give it. */
export const OFFLINE_MODEL_NAME = "twelvefold-offline";

/** What the offline model is called wherever a person sees it. */
export const OFFLINE_MODEL_TITLE = "built-in offline model";

/**
 * Starts the built-in offline model: an OpenAI-compatible server on loopback that needs no key and no network. It
 * knows nothing but the request it is sent: it reads the rendered thread and the allowed schema, understands the
 * domains of the reference agents, and is deterministic. Throws `UsageError` where the port cannot be had.
 */
export async function startOfflineModel(options: ListenOptions = {}): Promise<ModelServer> {
  const routes = chatRoutes({
    model: OFFLINE_MODEL_NAME,
    answer: async (request) => {
      // Loaded with the first request, so that starting costs a process that may never ask next to nothing.
      const { answerOffline } = await import("./answer.ts");
      return answerOffline(request);
    },
  });
  return listen(routes, options);
}
