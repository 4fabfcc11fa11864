import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import { OFFLINE_MODEL_NAME as OFFLINE, startOfflineModel } from "../model/offline/offline-model.ts";
import { startReplayingModel } from "../model/replaying-model.ts";
import { selectModel } from "../prompts/models/select-model.ts";
import type { Session } from "./session.ts";

/** The model that tests ask: a server that speaks OpenAI's chat format. */
export interface TestModel {
  readonly what: string;
  /** As baselines name it. */
  readonly client: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly name: string | undefined;
}

/** Chooses who is asked. Throws `UsageError` for a model that BAML's own test command cannot ask. */
export async function chooseModel(
  session: Session,
  { offline, recording }: { readonly offline?: boolean; readonly recording?: string },
): Promise<TestModel> {
  if (recording !== undefined && offline === true) {
    throw new UsageError("invalid_argument", "--recording and --offline exclude each other");
  }
  if (recording !== undefined) return startRecording(session, recording);
  return offline === true ? startOffline(session) : modelFor(session);
}

/** The answers of a recording, each as often as it was recorded; a request that is not in it fails. */
async function startRecording(session: Session, recording: string): Promise<TestModel> {
  const server = await startReplayingModel({ file: resolve(session.folder, recording) });
  session.onClose(() => server.close());
  const body = server.leftovers()[0]?.request.body;
  const name = body !== undefined && isJsonObject(body) ? body["model"] : undefined;
  return {
    what: `recording ${recording}`,
    client: `recording ${recording}`,
    url: server.url,
    key: undefined,
    name: typeof name === "string" ? name : OFFLINE,
  };
}

async function startOffline(session: Session): Promise<TestModel> {
  const server = await startOfflineModel();
  session.onClose(() => server.close());
  return {
    what: "built-in offline model",
    client: OFFLINE,
    url: server.url,
    key: undefined,
    name: undefined,
  };
}

async function modelFor(session: Session): Promise<TestModel> {
  const { env } = session;
  if (env["TWELVEFOLD_MODEL"]) return namedModel(session);
  const url = env["TWELVEFOLD_BASE_URL"];
  if (!url) return startOffline(session);
  return { what: url, client: url, url, key: env["TWELVEFOLD_API_KEY"], name: env["TWELVEFOLD_MODEL_NAME"] };
}

/** The addresses of providers that speak OpenAI's chat format; `undefined` if the address is configured. */
const SERVERS: ReadonlyMap<string, string | undefined> = new Map([
  ["openai", "https://api.openai.com/v1"],
  ["openrouter", "https://openrouter.ai/api/v1"],
  ["ollama", undefined],
  ["openai-generic", undefined],
]);

/** The configured model. Throws unless it speaks OpenAI's chat format, as the client in the `.baml` files does. */
async function namedModel(session: Session): Promise<TestModel> {
  const selection = selectModel(session.env);
  if (selection.kind === "offline") return startOffline(session);
  const [client] = selection.choice.clients;
  const { name = "", provider = "", options = {} } = client ?? {};
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const url = text(options["base_url"]) ?? SERVERS.get(provider);
  if (!SERVERS.has(provider) || url === undefined) {
    throw new UsageError(
      "invalid_configuration",
      `BAML tests use a client that speaks OpenAI's chat format, which ${name} does not: choose one of ${[...SERVERS.keys()].join(", ")}`,
    );
  }
  return { what: name, client: name, url, key: text(options["api_key"]), name: text(options["model"]) };
}
