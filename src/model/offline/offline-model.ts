import { chatRoutes, type ListenOptions, listen, type ModelServer } from "../model-server.ts";
import type { AnswerOptions } from "./answer.ts";

/** The offline model's name, as `GET /v1/models` and every completion give it. */
export const OFFLINE_MODEL_NAME = "twelvefold-offline";

/** What the offline model is called wherever a person sees it. */
export const OFFLINE_MODEL_TITLE = "built-in offline model";

/** The offline model as it listens. */
export interface OfflineModel extends ModelServer {
  /** What `createRuntime`, a prompt function or a server takes as `model`. */
  readonly choice: {
    readonly clients: readonly [
      {
        readonly name: string;
        readonly provider: string;
        readonly options: Readonly<Record<string, string>>;
      },
    ];
    readonly strategy: "fallback";
  };
}

/**
 * Starts the built-in offline model: an OpenAI-compatible server on loopback that needs no key and no network. It
 * knows nothing but the request it is sent: it reads the rendered thread and the allowed schema, calls the tools that
 * the request names with the numbers in it, and is deterministic. Throws `UsageError` if the port cannot be had.
 *
 * @example
 * const model = await startOfflineModel();
 * const runtime = createRuntime({ agents: [calculator], store: createMemoryStore(), model: model.choice });
 */
export async function startOfflineModel(options: ListenOptions & AnswerOptions = {}): Promise<OfflineModel> {
  const routes = chatRoutes({
    model: OFFLINE_MODEL_NAME,
    answer: async (request) => {
      // Loaded with the first request, so that starting costs a process that may never ask next to nothing.
      const { answerOffline } = await import("./answer.ts");
      return answerOffline(request, options);
    },
  });
  const server = await listen(routes, options);
  const settings = { model: OFFLINE_MODEL_NAME, base_url: server.url, api_key: "none" };
  return {
    ...server,
    choice: {
      clients: [{ name: OFFLINE_MODEL_NAME, provider: "openai-generic", options: settings }],
      strategy: "fallback",
    },
  };
}
