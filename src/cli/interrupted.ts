import type { ThreadId } from "../base/ids.ts";
import type { ThreadSummary } from "../store/store.ts";
import type { Thread } from "../thread/thread.ts";
import type { Session } from "./session.ts";

/** What a thread is called that has work which no process does. */
export const INTERRUPTED = "interrupted";

const AT_MOST = 1_000;

/** The threads that have work and that no process works on, because it was ended or killed. */
export async function interruptedThreads(session: Session): Promise<ReadonlySet<ThreadId>> {
  return new Set(await (await session.store()).due(Date.now(), AT_MOST));
}

/** A process that has just launched or woken a thread takes it up a moment later, in ms. */
const SOON_MS = 2_000;

/** Whether a working thread among these was left alone, not just about to be taken up. */
export function isLeft(
  left: ReadonlySet<ThreadId>,
  { threadId, status, updatedAt }: Pick<ThreadSummary, "threadId" | "status" | "updatedAt">,
): boolean {
  return status === "running" && left.has(threadId) && Date.now() - Date.parse(updatedAt) > SOON_MS;
}

export async function isInterrupted(
  session: Session,
  { id, state }: Pick<Thread, "id" | "state">,
): Promise<boolean> {
  const { updatedAt, status } = state;
  if (status.kind !== "running") return false;
  return isLeft(await interruptedThreads(session), { threadId: id, status: status.kind, updatedAt });
}

export function interruptedLine(threadId: ThreadId): string {
  return `No process works on it; nothing is lost. To go on: npx twelvefold resume ${threadId}`;
}
