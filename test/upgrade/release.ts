import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach } from "vitest";
import { z } from "zod";
import { createVault } from "../../src/context/index.ts";
import {
  createRuntime,
  parseRequestId,
  parseThreadId,
  type Runtime,
  requestIdOf,
  type Thread,
  type ThreadId,
  type ThreadStore,
} from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { type FakeClock, fakeClock, type ScriptedAnswer } from "../../src/testing/index.ts";
import {
  type ReleaseAgents,
  type ReleaseOptions,
  type ReleaseStep,
  releaseAgents,
} from "../fixtures/releases/agent-0.1.0.ts";
import { CARD, PEOPLE } from "../fixtures/releases/scenario.ts";
import { temporaryFolder } from "../store/temporary.ts";

export const folder = join(import.meta.dirname, "..", "fixtures", "releases", "0.1.0");

const threadId = z.string().transform((text, context) => {
  const id = parseThreadId(text);
  if (id === undefined) context.addIssue("not a thread id");
  return id ?? z.NEVER;
});

const principal = z.object({ channel: z.string(), id: z.string(), name: z.string().optional() });

const recordedRequest = z.object({
  requestId: z.string(),
  digest: z.string().optional(),
  reasons: z.array(z.string()).optional(),
  arguments: z.record(z.string(), z.json()).optional(),
  approvedBy: z.array(principal).optional(),
  escalatedTo: z.array(z.string()).optional(),
  kind: z.string().optional(),
  question: z.string().optional(),
});

const notes = z.object({
  release: z.string(),
  tables: z.number(),
  versions: z.record(z.string(), z.number()),
  madeAt: z.number(),
  secret: z.string(),
  jobToken: z.string(),
  idempotency: z.object({
    path: z.string(),
    key: z.string(),
    body: z.string(),
    status: z.number(),
    answer: z.string(),
  }),
  threads: z.array(
    z.object({
      name: z.string(),
      threadId,
      agent: z.string(),
      status: z.string(),
      seq: z.number(),
      head: z.string(),
      request: recordedRequest.optional(),
    }),
  ),
});

export type Recorded = z.infer<typeof notes>["threads"][number];

/** What the release noted of its threads when it wrote them. */
export const recorded = notes.parse(JSON.parse(await readFile(join(folder, "threads.json"), "utf8")));

export function recordedThread(name: string): Recorded {
  const found = recorded.threads.find((thread) => thread.name === name);
  if (found === undefined) throw new Error(`there is no thread ${name} in the fixture`);
  return found;
}

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A copy of the release's file: the fixture itself is never opened, for that would write to it. */
export async function copyOfFile(): Promise<string> {
  const temporary = await temporaryFolder();
  cleanUps.unshift(temporary.remove);
  const path = join(temporary.path, "threads.db");
  await copyFile(join(folder, "threads.db"), path);
  return path;
}

export async function openFile(path: string): Promise<ThreadStore> {
  const store = await openSqliteStore(path);
  cleanUps.unshift(() => store.close());
  return store;
}

export interface UpgradeOptions extends Omit<ReleaseOptions, "script"> {
  readonly script?: readonly ScriptedAnswer<ReleaseStep>[];
  /** Milliseconds since the epoch. Default: when the file was written. */
  readonly now?: number;
}

export interface Upgraded {
  readonly store: ThreadStore;
  readonly path: string;
  readonly runtime: Runtime;
  readonly clock: FakeClock;
  readonly agents: ReleaseAgents;
  /** The thread as it is now. */
  thread(name: string): Promise<Thread>;
  settled(name: string): Promise<Thread>;
}

const done: ReleaseStep = { intent: "done", message: "after the upgrade" };
const DONE = Array.from({ length: 200 }, () => done);

/** Today's code on a copy of the release's file, with the release's agents. Without a script the model always answers `done`. */
export async function upgraded(options: UpgradeOptions = {}): Promise<Upgraded> {
  const { now = recorded.madeAt, script = DONE, ...rest } = options;
  const path = await copyOfFile();
  const store = await openFile(path);
  const clock = fakeClock(now);
  const vault = createVault();
  vault.placeholderFor(CARD, "card");
  const agents = releaseAgents({ vault, script, ...rest });
  const runtime = createRuntime({
    agents: agents.agents,
    store,
    clock,
    people: PEOPLE,
    secret: recorded.secret,
    owner: "upgraded",
  });
  cleanUps.unshift(() => runtime.stop());
  const idOf = (name: string): ThreadId => recordedThread(name).threadId;
  return {
    store,
    path,
    runtime,
    clock,
    agents,
    thread: (name) => runtime.get(idOf(name)),
    settled: (name) => runtime.settled(idOf(name)),
  };
}

/** The id of a thread's pending request, as the release gave it to people. */
export function requestOf({ name, request }: Recorded) {
  const parsed = parseRequestId(request?.requestId ?? "");
  if (parsed === undefined) throw new Error(`nothing was pending in ${name}`);
  return requestIdOf(parsed.threadId, parsed.seq);
}

/** Resolves with a thread as soon as it is so. */
export async function until(it: Upgraded, name: string, isSo: (thread: Thread) => boolean): Promise<Thread> {
  for (let look = 0; look < 2_000; look++) {
    const thread = await it.thread(name);
    if (isSo(thread)) return thread;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${name} stays ${(await it.thread(name)).state.status.kind}`);
}
