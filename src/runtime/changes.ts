import { secretIn } from "../agent/shown-thread.ts";
import { appendToThread } from "../agent/to-store.ts";
import { anything, boolean, check, fields, fieldsAtLeast, list, optional, text } from "../base/checks.ts";
import { type NewThreadId, parseThreadId, type RequestId, type ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { checkArgument, checkNames } from "../base/options.ts";
import type { People } from "../humans/people.ts";
import { identify, type VerifiedPrincipal } from "../humans/principal.ts";
import type { HumanResponse } from "../humans/respond.ts";
import type { EventData, Via } from "../thread/events.ts";
import { isOver } from "../thread/projection.ts";
import type { ThreadState } from "../thread/state.ts";
import { startThread, type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { agentNamed } from "./agent-named.ts";
import type { Change } from "./commit.ts";
import {
  eventData,
  firstEvent,
  type Input,
  isEnded,
  messageEvent,
  requireOpen,
  requireStatus,
  type SentEvent,
} from "./input.ts";
import { checkJobToken, finishJob, type JobOutcome } from "./jobs.ts";
import { dropResultsOf } from "./kept-results.ts";
import { type LeaveOut, leaveOutEvent } from "./leave-out.ts";
import { addressEvent, emitEvent } from "./named-events.ts";
import { pausedFork } from "./paused-fork.ts";
import { deleteThread, type EraseOptions, eraseEvents } from "./remove.ts";
import { respondTo } from "./requests.ts";
import type { Writer, WriterOptions } from "./writer.ts";

export interface Launch {
  readonly agent: string;
  /** What starts the thread: a person's message, or any other event. */
  readonly input: Input;
  /**
   * Where the thread comes from: a channel of this runtime, and an address that it understands. That channel is told of
   * progress and how the run ends; the model never sees it. For channels and triggers: never take it from a request.
   */
  readonly via?: Via | undefined;
  /**
   * For whom the thread works besides whoever sent the input: those for whom the program works that launches it, and how many
   * threads stand above it.
   */
  readonly onBehalfOf?:
    | (Pick<ThreadState, "requester" | "requesters"> & { readonly depth?: number | undefined })
    | undefined;
  readonly threadId?: ThreadId;
  /** An idempotency key: a second launch with it returns the thread of the first. */
  readonly once?: string | undefined;
}

const LAUNCH = fields({
  agent: text(),
  // Checked where its event is made.
  input: anything,
  via: anything,
  onBehalfOf: optional(
    fieldsAtLeast({ requesters: fieldsAtLeast({ known: list(anything), unknown: boolean }) }),
  ),
  threadId: optional(
    check((value) =>
      typeof value === "string" && parseThreadId(value) !== undefined ? undefined : "is no id of a thread",
    ),
  ),
  once: optional(text()),
});

/**
 * What people and programs do to threads. Every method resolves when its change is on disk; the work itself goes on in the
 * background. `once` is an idempotency key: the same change under the same key is made only once.
 */
export interface Changes {
  launch(launch: Launch): Promise<{ readonly threadId: ThreadId; readonly created: boolean }>;
  message(threadId: ThreadId, text: string, from: VerifiedPrincipal, once?: string): Promise<ThreadHead>;
  /** Sends the thread an event from outside: to its call that waits for an event of this name, or else as new input. */
  receive(threadId: ThreadId, event: SentEvent, once?: string): Promise<ThreadHead>;
  /**
   * Sends a named event to every thread that waits for it and whose agent is known here. Returns the threads that it woke.
   */
  emit(event: SentEvent, once?: string): Promise<readonly ThreadId[]>;
  /** The result of a long-running job, by the token that `startJob` gave it. See `finishJob` for its errors. */
  finishJob(token: string, outcome: JobOutcome): Promise<ThreadHead>;
  /** Throws as `finishJob` does unless a call waits for this token: to be asked before a result of any size is read. */
  checkJobToken(token: string): Promise<void>;
  respond(requestId: RequestId, response: HumanResponse, by: VerifiedPrincipal): Promise<ThreadHead>;
  pause(threadId: ThreadId, by: VerifiedPrincipal, reason?: string): Promise<ThreadHead>;
  resume(threadId: ThreadId, by: VerifiedPrincipal): Promise<ThreadHead>;
  /**
   * Stops a thread for good, with all that work for it. One that has finished can be cancelled as long as others work for it
   * in the background. Throws `ConflictError` if it is over.
   */
  cancel(threadId: ThreadId, by: VerifiedPrincipal, reason?: string): Promise<ThreadHead>;
  /**
   * Makes a new, paused thread with the events up to `seq`; the original does not change. With `once`, a second call
   * returns the thread of the first.
   */
  fork(threadId: ThreadId, seq: number, by: VerifiedPrincipal, once?: string): Promise<Thread>;
  /**
   * From here on, the model does not read these events; the log keeps them. With one event of a step go the others of this
   * step, and with a summary all that it stands for. Whoever does this counts as a requester. Throws `UsageError` for events
   * of which the model reads nothing, and `ConflictError` for a step that is not settled yet.
   */
  leaveOut(threadId: ThreadId, what: LeaveOut, by: VerifiedPrincipal, once?: string): Promise<ThreadHead>;
  /**
   * What a placeholder hides in this thread: recorded as the event `secret_revealed`, with who was shown it, before it is
   * returned. For people whom the caller knows to have that right. Throws `NotFoundError` if nothing is hidden behind it.
   */
  reveal(threadId: ThreadId, placeholder: string, by: VerifiedPrincipal): Promise<Json>;
  /**
   * Erases for good what people, models and tools said in a thread that has ended. Ids, times, names of steps, and who did
   * what remain, and the hash chain still verifies. Throws `ConflictError` if the thread works or waits: cancel it first.
   */
  erase(threadId: ThreadId, by: VerifiedPrincipal, options: EraseOptions): Promise<Thread>;
  /**
   * Deletes for good a thread that has ended and everything kept about it: its events, its idempotency keys with their
   * answers, and sessions for its requests. Throws `ConflictError` if the thread works or waits: cancel it first.
   */
  delete(threadId: ThreadId): Promise<void>;
}

export interface ChangesOptions extends WriterOptions {
  readonly writer: Writer;
  readonly people: People;
  readonly newThreadId: NewThreadId;
  /** Whether a job's token can be told to be genuine without looking at any thread. */
  readonly isOwnToken: (token: string) => boolean;
  /** Aborts whatever runs here for a thread. */
  readonly interrupt: (threadId: ThreadId) => void;
}

export function createChanges(options: ChangesOptions): Changes {
  const { store, clock, agents, newThreadId, isOwnToken, notify, nudge } = options;
  const { change, create } = options.writer;
  const read = async (id: ThreadId): Promise<Thread> => threadOf(id, await store.read(id));

  return {
    async launch(launch) {
      checkArgument("launch", LAUNCH, launch);
      const { agent: name, input, via, onBehalfOf, threadId = newThreadId(), once } = launch;
      const now = clock.now();
      const agent = agentNamed(agents, name);
      const started = startThread(
        { agent: name, version: agent.version, ...startFor(onBehalfOf) },
        now,
        threadId,
      );
      const thread = appendToThread(started, [firstEvent(input, agent, via)], { agent, now });
      const outcome = await create(thread, once);
      if (outcome.kind === "duplicate") return { threadId: outcome.threadId, created: false };
      nudge(threadId, thread);
      return { threadId, created: true };
    },

    message: (threadId, text, from, once) => {
      const build: Change["build"] = (thread) => {
        requireOpen(thread);
        return [messageEvent(text, from)];
      };
      return change({ threadId, build, once });
    },

    receive: (threadId, event, once) => {
      const build: Change["build"] = (thread) => {
        requireOpen(thread);
        return [{ type: "event_received", data: addressEvent(thread, eventData(event)) }];
      };
      return change({ threadId, build, once });
    },

    emit: (event, once) => emitEvent(eventData(event), once, { store, agents, change }),

    finishJob: (token, outcome) => finishJob(token, outcome, { store, clock, agents, change, isOwnToken }),
    checkJobToken: async (token) => {
      await checkJobToken(token, { store, clock, isOwnToken });
    },

    respond: (requestId, response, by) => respondTo(requestId, { response, by }, { ...options, change }),

    pause: (threadId, by, reason) => {
      const build: Change["build"] = (thread) => {
        requireStatus(thread, "paused", (kind) => kind !== "paused" && !isEnded(kind));
        return [{ type: "paused", data: withReason(by, reason) }];
      };
      return change({ threadId, build });
    },

    resume: (threadId, by) => {
      const build: Change["build"] = (thread) => {
        requireStatus(thread, "resumed", (kind) => kind === "paused");
        return [{ type: "resumed", data: { by: identify(by) } }];
      };
      return change({ threadId, build });
    },

    async cancel(threadId, by, reason) {
      const build: Change["build"] = (thread) => {
        if (isOver(thread.state)) requireStatus(thread, "cancelled", () => false);
        return [{ type: "cancelled", data: withReason(by, reason) }];
      };
      const thread = await change({ threadId, build });
      options.interrupt(threadId);
      // What was interrupted may be the worker that was to tell people of it.
      nudge(threadId, thread);
      return thread;
    },

    async fork(threadId, seq, by, once) {
      const original = await read(threadId);
      const agent = agents.get(original.state.agent);
      const thread = pausedFork(original, { seq, id: newThreadId(), by }, { agent, now: clock.now() });
      const outcome = await create(thread, once);
      return outcome.kind === "duplicate" ? read(outcome.threadId) : thread;
    },

    leaveOut: (threadId, what, by, once) => {
      const build: Change["build"] = async (_head, readWhole) => {
        const thread = await readWhole();
        return [leaveOutEvent(thread, what, by, agentNamed(agents, thread.state.agent))];
      };
      return change({ threadId, build, once });
    },

    async reveal(threadId, placeholder, by) {
      let secret: Json = null;
      const build: Change["build"] = async (_head, readWhole) => {
        const thread = await readWhole();
        secret = secretIn(thread, agentNamed(agents, thread.state.agent), placeholder);
        return [{ type: "secret_revealed", data: { placeholder, by: identify(by) } }];
      };
      await change({ threadId, build });
      return secret;
    },

    async erase(threadId, by, wanted) {
      checkNames("erase", { reason: true, seqs: true }, wanted);
      const { before, thread, added } = await eraseEvents({ ...wanted, threadId, by }, options);
      // Also if nothing was left to erase: an earlier try may have ended in between.
      await dropResultsOf(threadId, store);
      if (added.length > 0) notify({ kind: "events", before: before.state, thread, events: added });
      return thread;
    },

    delete: (threadId) => deleteThread(threadId, store),
  };
}

function startFor(
  people: Launch["onBehalfOf"],
): Pick<EventData["thread_started"], "requester" | "requesters" | "depth"> {
  if (people === undefined) return {};
  const { requester, requesters, depth } = people;
  const start = { requesters, depth };
  return requester === null ? start : { ...start, requester: identify(requester) };
}

function withReason(by: VerifiedPrincipal, reason: string | undefined): EventData["paused"] {
  return reason === undefined ? { by: identify(by) } : { by: identify(by), reason };
}
