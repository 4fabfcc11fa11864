import type { SSEStreamingApi } from "hono/streaming";
import type { Clock } from "../base/clock.ts";
import type { ThreadId } from "../base/ids.ts";
import { checkNames } from "../base/options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { createShownReader } from "./shown.ts";

export interface EventStreams {
  /**
   * Sends every event of a thread after `reader.after`, then new ones as they come, no matter which process writes them,
   * until the reader goes away, its credentials become invalid, or the server stops. Partial model output is sent as
   * `partial`, without an id.
   */
  send(threadId: ThreadId, reader: StreamReader, stream: SSEStreamingApi): Promise<void>;
  /** How many streams are open. */
  readonly open: number;
  /** Ends all streams. Readers connect again, to another process, and miss nothing. */
  close(): void;
}

export interface StreamReader {
  /** Sequence number of the last event that the reader has. */
  readonly after: number;
  /** Whether the reader's credentials are still valid. Called before anything is sent, even a heartbeat. */
  stillValid(): Promise<boolean>;
}

export interface EventStreamOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** How often to look for events that another process wrote, in ms: they are sent that much later at most. Default 400. */
  readonly pollMs?: number | undefined;
  /** Milliseconds of silence after which a comment is sent. Default 15,000. */
  readonly heartbeatMs?: number | undefined;
}

/** After this long a stream ends and its reader connects again, so that its credentials are checked anew. */
const LONGEST_MS = 15 * 60_000;

interface Listener {
  wake(): void;
  partial(partial: unknown): void;
}

/** One subscription to the runtime, shared by all streams. */
export function createEventStreams(options: EventStreamOptions): EventStreams {
  const names = { runtime: true, clock: true, pollMs: true, heartbeatMs: true } as const;
  checkNames("createEventStreams", names, options);
  const { runtime, clock, pollMs = 400, heartbeatMs = 15_000 } = options;
  const listeners = new Map<ThreadId, Set<Listener>>();
  const closed = new AbortController();
  let open = 0;
  const unsubscribe = runtime.subscribe((observation) => {
    if (observation.kind === "events") {
      for (const listener of listeners.get(observation.thread.id) ?? []) listener.wake();
    } else if (observation.kind === "partial") {
      for (const listener of listeners.get(observation.threadId) ?? []) listener.partial(observation.partial);
    }
  });

  const send: EventStreams["send"] = async (threadId, { after, stillValid }, stream) => {
    const shown = createShownReader(runtime, threadId);
    let last = after;
    let latest: { readonly partial: unknown } | null = null;
    let news = Promise.withResolvers<void>();
    const gone = new AbortController();
    const end = () => gone.abort();
    stream.onAbort(end);
    closed.signal.addEventListener("abort", end, { once: true });
    const listener: Listener = {
      wake: () => news.resolve(),
      // A slow reader sees only the newest partial.
      partial: (partial) => {
        latest = { partial };
        news.resolve();
      },
    };
    const ofThread = listeners.get(threadId) ?? new Set();
    listeners.set(threadId, ofThread.add(listener));
    const takePartial = () => {
      const taken = latest;
      latest = null;
      return taken;
    };
    try {
      let quietSince = clock.now();
      const ends = quietSince + LONGEST_MS;
      await stream.write(`retry: ${pollMs}\n\n`);
      while (!gone.signal.aborted && !closed.signal.aborted && clock.now() < ends) {
        news = Promise.withResolvers<void>();
        const partial = takePartial();
        const events = await shown.read(last);
        const silent = clock.now() - quietSince >= heartbeatMs;
        if ((events.length > 0 || partial !== null || silent) && !(await stillValid())) return;
        for (const event of events) {
          await stream.writeSSE({ id: String(event.seq), data: JSON.stringify(event) });
          last = event.seq;
        }
        // Once its own step is there, a partial is old news.
        if (partial !== null && events.length === 0) {
          await stream.writeSSE({
            event: "partial",
            data: JSON.stringify(shown.partial(partial.partial)),
          });
        }
        if (events.length > 0 || partial !== null) quietSince = clock.now();
        else if (silent) {
          await stream.write(": still here\n\n");
          quietSince = clock.now();
        }
        if (latest === null) await waitFor(news.promise, clock, Math.min(pollMs, heartbeatMs), gone.signal);
      }
    } finally {
      closed.signal.removeEventListener("abort", end);
      ofThread.delete(listener);
      if (ofThread.size === 0) listeners.delete(threadId);
    }
  };

  return {
    get open() {
      return open;
    },
    async send(threadId, reader, stream) {
      open += 1;
      try {
        await send(threadId, reader, stream);
      } finally {
        open -= 1;
      }
    },
    close() {
      unsubscribe();
      closed.abort();
    },
  };
}

/** Waits until there is news, the time is up or the reader is gone. Leaves no timer behind. */
async function waitFor(news: Promise<void>, clock: Clock, ms: number, gone: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, gone]);
  await Promise.race([news, clock.sleep(ms, signal).catch(() => {})]);
  stop.abort();
}
