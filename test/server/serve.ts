import { afterEach } from "vitest";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { type ApiKey, newApiKey } from "../../src/server/api-key.ts";
import { createServer, type ServerOptions } from "../../src/server/app.ts";
import type { Scope } from "../../src/server/scopes.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import { type Effects, type ExampleStep, exampleAgent } from "../runtime/example-agent.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Runs after the test, the last first. */
export function afterwards(cleanUp: () => Promise<void> | void): void {
  cleanUps.push(cleanUp);
}

export function keyFor(id: string, scopes: readonly Scope[] = ["launch", "read", "respond"]) {
  const { key, digest } = newApiKey();
  const configured: ApiKey = { id: `key-of-${id}`, digest, scopes, principal: { id } };
  return { key, configured };
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ServeOptions {
  readonly script?: readonly ScriptedAnswer<ExampleStep>[];
  readonly effects?: Effects;
  readonly agents?: RuntimeOptions["agents"];
  readonly runtime?: Partial<RuntimeOptions>;
  readonly store?: ThreadStore;
  readonly server?: Partial<ServerOptions>;
}

/** A server over a runtime, with keys for ada (no admin), bob, and root (admin). */
export function serve(options: ServeOptions = {}) {
  const example = exampleAgent(options.script ?? [], options.effects);
  const store = options.store ?? createMemoryStore();
  const runtime: Runtime = createRuntime({
    agents: options.agents ?? [example.agent],
    store,
    ...options.runtime,
  });
  const ada = keyFor("ada");
  const bob = keyFor("bob");
  const reader = keyFor("reader", ["read"]);
  const root = keyFor("root", ["admin"]);
  const { app, streams } = createServer({
    runtime,
    log: { info() {}, warn() {}, error() {} },
    auth: { kind: "keys", keys: [ada, bob, reader, root].map(({ configured }) => configured) },
    ...options.server,
  });
  afterwards(async () => {
    streams.close();
    await runtime.stop();
  });
  const keys = { ada: ada.key, bob: bob.key, reader: reader.key, root: root.key };
  const send = (path: string, { method, body, as = keys.ada, headers }: Call = {}) =>
    app.request(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(as === "" ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const call = async (path: string, given: Call = {}) => {
    const response = await send(path, given);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? null : JSON.parse(text),
    };
  };
  const launch = async (message = "go") => {
    const { body } = await call("/threads", { body: { agent: "example", message } });
    const threadId: string = body.threadId;
    const thread = await runtime.settled(
      (await runtime.list({ search: threadId })).threads[0]?.threadId ?? never(),
    );
    return { threadId: thread.id, thread };
  };
  return { ...example, app, streams, store, runtime, keys, send, call, launch };
}

function never(): never {
  throw new Error("the thread is not listed");
}
