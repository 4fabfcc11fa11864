import type { Agent } from "../../agent/agent.ts";
import { NotFoundError, TwelvefoldError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import { checkNames } from "../../base/options.ts";
import type { ThreadStore } from "../../store/store.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { threadOf } from "../../thread/thread.ts";
import { checkOpenThread, type DeployOptions } from "./check-thread.ts";
import type { DeployFinding } from "./finding.ts";

/** An open thread, and what would be different for it. */
export interface CheckedThread {
  readonly threadId: string;
  /** Empty for a thread that cannot be listed. */
  readonly agent: string;
  readonly status: StatusKind | "unknown";
  readonly findings: readonly DeployFinding[];
}

export interface DeployCheckOptions extends DeployOptions {
  /** Only threads of this agent. */
  readonly agent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ENDED: ReadonlySet<StatusKind> = new Set(["finished", "failed", "cancelled"]);
const OPEN = STATUS_KINDS.filter((kind) => !ENDED.has(kind));

/**
 * Holds every open thread of a store against the agents of now, one after another. Nothing is sent, no tool runs and nothing is
 * stored. Throws `NotFoundError` for an `agent` that is neither configured nor has threads.
 */
export async function* deployCheck(
  store: Pick<ThreadStore, "list" | "read">,
  options: DeployCheckOptions,
): AsyncGenerator<CheckedThread> {
  const names = {
    agents: true,
    before: true,
    modelOf: true,
    count: true,
    against: true,
    agent: true,
    signal: true,
  } as const;
  checkNames("deployCheck", names, options);
  const { agent, agents, signal } = options;
  let seen = 0;
  let cursor: string | undefined;
  do {
    const page = await store.list({ agent, status: OPEN, limit: 200, cursor });
    for (const { threadId, problem } of page.unreadable) {
      seen += 1;
      yield { threadId, agent: "", status: "unknown", findings: [notLoaded(problem)] };
    }
    for (const { threadId, agent: name, status } of page.threads) {
      signal?.throwIfAborted();
      seen += 1;
      yield { threadId, agent: name, status, findings: await checkStored(store, threadId, options) };
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  if (seen === 0 && agent !== undefined) requireKnown(agent, agents);
}

function requireKnown(agent: string, agents: readonly Agent[]): void {
  if (!agents.some(({ name }) => name === agent))
    throw new NotFoundError(`there is no agent ${JSON.stringify(agent)}`, { agent });
}

async function checkStored(
  store: Pick<ThreadStore, "read">,
  threadId: ThreadId,
  options: DeployOptions,
): Promise<readonly DeployFinding[]> {
  let thread: ReturnType<typeof threadOf>;
  try {
    thread = threadOf(threadId, await store.read(threadId));
  } catch (error) {
    if (!TwelvefoldError.isInstance(error)) throw error;
    return [notLoaded(error.message)];
  }
  return checkOpenThread(thread, options);
}

function notLoaded(message: string): DeployFinding {
  return { kind: "not_loaded", message };
}
