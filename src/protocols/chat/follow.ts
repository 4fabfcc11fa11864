import type { Agent } from "../../agent/agent.ts";
import { shownPartial, shownThread } from "../../agent/shown-thread.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { extendThread, type Thread } from "../../thread/thread.ts";
import type { ProtocolCaller } from "../protocol.ts";
import { type ChatPart, chatParts } from "./parts.ts";

/** What happens in a thread while somebody watches, and where it stands when it waits or has ended. */
export type Happening =
  | { readonly kind: "part"; readonly seq: number; readonly part: ChatPart }
  /** As much of the next step as the model has written, after event `seq`; for display only. */
  | {
      readonly kind: "partial";
      readonly seq: number;
      readonly partial: Json;
      readonly agent: Agent | undefined;
    }
  | { readonly kind: "settled"; readonly thread: Thread }
  | { readonly kind: "problem" };

/** Events of other processes are looked for this often. */
const LOOK_MS = 500;

/**
 * What happens after event `after`, until the thread waits for somebody or has ended. Nothing is kept open beyond that, nor
 * when the caller's credentials are not good any more.
 */
export async function* followThread(
  runtime: Runtime,
  { threadId, after }: { readonly threadId: ThreadId; readonly after: number },
  caller: ProtocolCaller,
  signal: AbortSignal,
): AsyncGenerator<Happening> {
  let wake = () => {};
  const written: { latest: { readonly partial: unknown; readonly after: number } | undefined } = {
    latest: undefined,
  };
  const unsubscribe = runtime.subscribe((observation) => {
    if (observation.kind === "events" && observation.thread.id === threadId) wake();
    if (observation.kind !== "partial" || observation.threadId !== threadId) return;
    // A slow reader sees only the newest.
    written.latest = observation;
    wake();
  });
  const settled = new AbortController();
  const ended: { how: "settled" | "problem" | undefined } = { how: undefined };
  const end = AbortSignal.any([signal, settled.signal]);
  runtime.settled(threadId, end).then(
    () => {
      ended.how = "settled";
      wake();
    },
    () => {
      ended.how = "problem";
      wake();
    },
  );
  try {
    let thread = await runtime.get(threadId);
    const agent = runtime.agents.get(thread.state.agent);
    let seen = Math.min(after, thread.state.seq);
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, LOOK_MS).unref();
      });
      const last = ended.how;
      const partial = written.latest;
      written.latest = undefined;
      const added = await runtime.store.read(threadId, thread.state.seq);
      if (added.length > 0) thread = extendThread(thread, added);
      if ((await caller.stillValid?.()) === false) return;
      const shown = shownThread(thread, agent);
      for (const event of shown.events.slice(seen)) yield* partsOf(event, shown, agent);
      seen = thread.state.seq;
      // Once its own step is there, a partial is old news.
      if (partial !== undefined && partial.after >= seen)
        yield {
          kind: "partial",
          seq: partial.after,
          partial: shownPartial(partial.partial, thread.events, agent),
          agent,
        };
      if (last === "settled") {
        yield { kind: "settled", thread: shown };
        return;
      }
      if (last === "problem") {
        yield { kind: "problem" };
        return;
      }
      await woken;
    }
  } finally {
    unsubscribe();
    settled.abort();
  }
}

function* partsOf(event: ThreadEvent, { events }: Thread, agent: Agent | undefined): Generator<Happening> {
  for (const part of chatParts(event, events, agent)) yield { kind: "part", seq: event.seq, part };
}

const HEARTBEAT_MS = 15_000;

/** A stream of server-sent events. `make` gets a signal that is aborted when the client is gone. */
export function eventStream(
  make: (signal: AbortSignal) => AsyncIterable<{ readonly id?: number; readonly data: string }>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let heart: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      heart = setInterval(() => write(": still here\n\n"), HEARTBEAT_MS);
      heart.unref();
      send(make(gone.signal), write).then(
        () => {
          clearInterval(heart);
          if (!gone.signal.aborted) controller.close();
        },
        (error: unknown) => {
          clearInterval(heart);
          if (!gone.signal.aborted) controller.error(error);
        },
      );
    },
    cancel() {
      clearInterval(heart);
      gone.abort();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      ...headers,
    },
  });
}

async function send(
  events: AsyncIterable<{ readonly id?: number; readonly data: string }>,
  write: (text: string) => void,
): Promise<void> {
  for await (const { id, data } of events) write(`${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`);
}
