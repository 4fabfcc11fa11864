import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import type { Clock } from "../base/clock.ts";
import { ConflictError, NotFoundError, SequenceConflictError, UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import { eraseContent } from "../context/redaction/erase-content.ts";
import { identify, type VerifiedPrincipal } from "../humans/principal.ts";
import type { ThreadStore } from "../store/store.ts";
import { erasureData } from "../thread/chain.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import type { StatusKind } from "../thread/state.ts";
import { type Thread, threadOf } from "../thread/thread.ts";
import { isEnded } from "./input.ts";

export interface EraseOptions {
  /** The reason, e.g. "requested by the customer". It is recorded. */
  readonly reason: string;
  /** Sequence numbers of the events to erase. Default: all that hold content. */
  readonly seqs?: readonly number[] | undefined;
}

interface Erasing extends EraseOptions {
  readonly threadId: ThreadId;
  readonly by: VerifiedPrincipal;
}

interface Tools {
  readonly store: ThreadStore;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<string, Agent>;
}

interface Erased {
  readonly before: Thread;
  readonly thread: Thread;
  readonly added: readonly ThreadEvent[];
}

/** Erases the content of events of a thread that has ended, starting over whenever another writer was first. */
export async function eraseEvents(erasing: Erasing, tools: Tools): Promise<Erased> {
  for (;;) {
    const before = threadOf(erasing.threadId, await tools.store.read(erasing.threadId));
    requireEnded(before.id, before.state.status.kind, "erased");
    const replacements = before.events.filter(isAmong(erasing.seqs, before)).flatMap((event) => {
      const erased = eraseContent(event);
      return erased === event ? [] : [erased];
    });
    if (replacements.length === 0) return { before, thread: before, added: [] };
    const without = new Map(replacements.map((event) => [event.seq, event]));
    const erased = threadOf(
      before.id,
      before.events.map((event) => without.get(event.seq) ?? event),
    );
    const data = erasureData(replacements, identify(erasing.by), erasing.reason);
    const agent = tools.agents.get(before.state.agent);
    const now = tools.clock.now();
    const thread = appendToThread(erased, [{ type: "data_erased", data }], { agent, now });
    const added = thread.events.slice(before.events.length);
    const [record] = added;
    if (record === undefined) throw new Error("an erasure has a record");
    try {
      const projection = projectionOf(thread.state);
      const texts = agent?.context.forSearch(added, erased.events);
      await tools.store.erase(before.id, before.state.seq, { replacements, record, projection, texts });
      return { before, thread, added };
    } catch (error) {
      if (!(error instanceof SequenceConflictError)) throw error;
    }
  }
}

/** Deletes a thread that has ended. */
export async function deleteThread(threadId: ThreadId, store: ThreadStore): Promise<void> {
  for (;;) {
    const summary = await store.summary(threadId);
    if (summary === undefined) throw new NotFoundError(`there is no thread ${threadId}`, { threadId });
    requireEnded(threadId, summary.status, "deleted");
    if (summary.wantsAdvance) {
      const message = `thread ${threadId} has yet to tell the threads above and below it that it has ended: try again`;
      throw new ConflictError("conflict", message, { details: { threadId } });
    }
    // It takes its work up again with their outcome.
    if (summary.status === "finished" && (await store.state(threadId)).children.length > 0) {
      const message = `thread ${threadId} waits for what others do for it in the background; cancel them first`;
      throw new ConflictError("conflict", message, { details: { threadId } });
    }
    try {
      await store.delete(threadId, summary.seq);
      return;
    } catch (error) {
      // Somebody wrote to the thread meanwhile: it may be working again.
      if (!(error instanceof SequenceConflictError)) throw error;
    }
  }
}

function requireEnded(threadId: ThreadId, status: StatusKind, verb: string): void {
  if (isEnded(status)) return;
  const message = `thread ${threadId} is ${status}: only a thread that has ended can be ${verb}; cancel it first`;
  throw new ConflictError("conflict", message, { details: { threadId, status } });
}

function isAmong(
  seqs: readonly number[] | undefined,
  { id, state }: Thread,
): (event: { readonly seq: number }) => boolean {
  if (seqs === undefined) return ({ seq }) => seq >= 2;
  const wrong = seqs.find((seq) => !Number.isInteger(seq) || seq < 2 || seq > state.seq);
  if (wrong === undefined) return ({ seq }) => seqs.includes(seq);
  const message = `thread ${id} has events 2 to ${state.seq} to erase, not ${wrong}`;
  throw new UsageError("invalid_argument", message, { details: { threadId: id, seq: wrong } });
}
