import { userInfo } from "node:os";
import pc from "picocolors";
import type { Colors } from "picocolors/types.js";
import { NotFoundError } from "../base/errors.ts";
import { parseRequestId, parseThreadId, type ThreadId } from "../base/ids.ts";
import type { TwelvefoldConfig } from "../config.ts";
import { type VerifiedPrincipal, verifiedBy } from "../humans/principal.ts";
import { patienceIn } from "../prompts/models/patience-variables.ts";
import { localModel, selectModel } from "../prompts/models/select-model.ts";
import type { ModelChoice } from "../prompts/types.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../runtime/runtime.ts";
import type { ThreadStore } from "../store/store.ts";
import { freshenClient } from "./baml/fresh-client.ts";
import { loadConfig } from "./load-config.ts";
import { engineNamed, openEngine } from "./open-engine.ts";
import { openCopy, openExisting, openStore } from "./open-store.ts";
import { secretIn } from "./server-variables.ts";
import { jsonTerminal, type Terminal } from "./terminal.ts";

/** What every command works with: the only way to the environment, the terminal and the project. */
export interface Session {
  readonly terminal: Terminal;
  readonly colors: Colors;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project's folder. */
  readonly folder: string;
  /** Whoever sits at the terminal. */
  readonly person: VerifiedPrincipal;
  config(): Promise<TwelvefoldConfig>;
  /** Throws if the BAML client is stale and may not be regenerated. Called before agents run. */
  requireFreshClient(): Promise<void>;
  store(): Promise<ThreadStore>;
  /** The same for a command that only looks at what is there: throws `NotFoundError` where a file would be created. */
  existingStore(): Promise<ThreadStore>;
  /** A store with the same threads for a command that only reads, and must not bring a file to a new version. */
  storeToRead(): Promise<ThreadStore>;
  /** A runtime that does not advance threads by itself, so it needs no model. */
  runtime(): Promise<Runtime>;
  /** The configured model. Prints which one answers. */
  model(): Promise<ModelChoice>;
  /** A runtime with the configured model. */
  runtimeWithModel(): Promise<Runtime>;
  /** The same with the configured engine, for a process that stays. `worker`: whether it advances threads. */
  lastingRuntime(worker: boolean): Promise<Runtime>;
  /** A runtime that writes what comes in and leaves the rest to `serve` or `worker`. */
  receivingRuntime(): Promise<Runtime>;
  /** Registers something to close at the end. */
  onClose(close: () => Promise<unknown>): void;
}

export interface SessionOptions {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly json: boolean;
  /** Who sits at the terminal. Default: the account that the process runs under. */
  readonly person?: VerifiedPrincipal | undefined;
}

/**
 * The account of this process as the operating system knows it. An environment variable would prove nothing, since
 * whoever starts the command sets it. `uid-<number>` if the account has no name.
 */
export function accountPerson(account: () => { readonly username: string } = userInfo): VerifiedPrincipal {
  const named = nameOf(account);
  return verifiedBy(
    "terminal",
    named === undefined || named === "" ? `uid-${process.getuid?.() ?? "unknown"}` : named,
  );
}

/** A user id without an account, as in many containers, has no name. */
function nameOf(account: () => { readonly username: string }): string | undefined {
  try {
    return account().username.trim();
  } catch {
    return undefined;
  }
}

/** Opens nothing until it is asked for; `close` closes what was opened, latest first. */
export function createSession({ env, folder, json, person, ...options }: SessionOptions): {
  readonly session: Session;
  close(): Promise<void>;
} {
  const terminal = json ? jsonTerminal(options.terminal) : options.terminal;
  const closers: (() => Promise<unknown>)[] = [];
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const say = (text: string) => terminal.err(session.colors.dim(text));
  const client = once(() => freshenClient({ project: folder, env, say }));
  const config = once(async () => {
    // Must happen before the agents import the client.
    const staleClient = await client();
    return loadConfig(folder, staleClient);
  });
  const openWith = (open: typeof openStore) =>
    once(async () => {
      const place = env["TWELVEFOLD_STORE"] ?? (await config()).store ?? ".twelvefold/threads.db";
      const opened = await open(place, folder, say);
      closers.push(() => opened.close());
      return opened;
    });
  const store = openWith(openStore);
  const existingStore = openWith(openExisting);
  const storeToRead = openWith(openCopy);
  const makeRuntime = async (
    extra: Pick<RuntimeOptions, "model" | "engine" | "worker" | "retention"> = {},
  ): Promise<Runtime> => {
    const { agents, concurrency, channels, people, stillAllowed, modelLimits, credentials } = await config();
    const secret = secretIn(env);
    const runtime = createRuntime({
      agents,
      store: await store(),
      ...extra,
      concurrency,
      channels,
      people,
      credentials,
      stillAllowed,
      modelLimits,
      secret,
    });
    closers.push(() => runtime.stop());
    return runtime;
  };
  const runtime = once(() => makeRuntime());
  const model = once(async () => {
    const { agents, timeouts, retry } = await config();
    await requireFreshClient();
    const choice = await chooseModel();
    for (const { name, nextStep } of agents) {
      if (nextStep.ownModel.length > 0) say(`  ${name} uses its own: ${nextStep.ownModel.join(", ")}`);
    }
    return {
      ...choice,
      timeouts: { ...timeouts, ...choice.timeouts },
      retry: { ...retry, ...choice.retry },
    };
  });
  const requireFreshClient = async () => {
    const staleClient = await client();
    if (staleClient !== undefined) throw staleClient;
  };
  const chooseModel = async (): Promise<ModelChoice> => {
    const selected = selectModel(env);
    if (selected.kind === "configured") {
      say(`model: ${selected.choice.clients.map(({ name }) => name).join(", ")}`);
      return selected.choice;
    }
    const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../model/offline/offline-model.ts");
    const server = await startOfflineModel();
    closers.push(() => server.close());
    say("model: the built-in offline model (no provider key is set; see .env.example)");
    return { ...localModel(OFFLINE_MODEL_NAME, server.url), ...patienceIn(env) };
  };
  let working: Promise<Runtime> | undefined;
  const runtimeWithModel: Session["runtimeWithModel"] = () => {
    working ??= model().then((choice) => makeRuntime({ model: choice }));
    return working;
  };
  const lastingRuntime = async (worker: boolean): Promise<Runtime> => {
    const named = env["TWELVEFOLD_ENGINE"];
    const name = named === undefined || named === "" ? (await config()).engine : engineNamed(named);
    const choice = await model();
    const engine = await openEngine(name ?? "in-process", await store());
    return makeRuntime({ model: choice, engine, worker, retention: (await config()).retention });
  };
  const session: Session = {
    terminal,
    colors: pc.createColors(terminal.colors),
    json,
    env,
    folder,
    requireFreshClient,
    person: person ?? accountPerson(),
    config,
    store,
    existingStore,
    storeToRead,
    runtime,
    model,
    runtimeWithModel,
    lastingRuntime,
    receivingRuntime: () => makeRuntime({ worker: false }),
    onClose: (close) => closers.push(close),
  };
  return {
    session,
    close: async () => {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** A thread's id, from the id of the thread or of one of its requests. Throws `NotFoundError` for anything else. */
export function threadIdFrom(text: string): ThreadId {
  const id = parseThreadId(text) ?? parseRequestId(text)?.threadId;
  if (id === undefined)
    throw new NotFoundError(`"${text}" is not a thread's id; \`npx twelvefold list\` shows the ids`);
  return id;
}
