import { checkNames } from "../../base/options.ts";
import { chatRoutes, type ListenOptions, listen, type ModelServer } from "../model-server.ts";
import type { AnswerOptions } from "./answer.ts";

/** The offline model's name in `GET /v1/models` and in every completion. */
export const OFFLINE_MODEL_NAME = "twelvefold-offline";

/** The offline model's name wherever people see it. */
export const OFFLINE_MODEL_TITLE = "built-in offline model";

/** A running offline model. */
export interface OfflineModel extends ModelServer {
  /** What `createRuntime`, a prompt function and a server take as `model`. */
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
 * Starts the built-in offline model: an OpenAI-compatible server on loopback that needs no key and no network. It knows
 * only the request it is sent: it reads the rendered thread and the allowed schema, and calls the tools that the
 * request names with the numbers in it. The same request always gets the same answer. Throws `UsageError` if the port
 * is not available.
 *
 * @example
 * const model = await startOfflineModel();
 * const runtime = createRuntime({ agents: [calculator], store: createMemoryStore(), model: model.choice });
 */
export async function startOfflineModel(options: ListenOptions & AnswerOptions = {}): Promise<OfflineModel> {
  checkNames("startOfflineModel", { port: true, host: true, untidy: true }, options);
  const routes = chatRoutes({
    model: OFFLINE_MODEL_NAME,
    answer: async (request) => {
      // Loaded with the first request: starting must cost next to nothing in a process that may never ask.
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
