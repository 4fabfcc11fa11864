import { setTimeout } from "node:timers/promises";
import { shownThread } from "../../agent/shown-thread.ts";
import { eventLine } from "../../present/event-line.ts";
import { howToAnswer } from "../../present/how-to-answer.ts";
import { visible } from "../../present/visible-text.ts";
import { fold } from "../../thread/fold.ts";
import { type Thread, threadOf } from "../../thread/thread.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import { gradesOf } from "../follow.ts";
import { untilInterrupted } from "../interrupt.ts";
import { interruptedLine, isInterrupted } from "../interrupted.ts";
import type { Session } from "../session.ts";
import { showCard } from "../show-card.ts";
import { threadJson } from "../thread-json.ts";
import { createWorkingLine } from "../working-line.ts";

/** How often to look for what other processes have written, in ms. */
const LOOK_MS = 250;

/** `twelvefold follow <thread>`: shows what happens in a thread, whoever works on it, and advances nothing. */
export async function followThread(session: Session, id: string): Promise<number> {
  const { terminal, json } = session;
  const threadId = await findThread(session, id);
  const thread = await untilInterrupted((signal) => watch(session, threadId, signal));
  if (thread === undefined) {
    terminal.status?.("");
    terminal.err("Nothing was changed: the thread goes on without you.");
    return EXIT.interrupted;
  }
  const { status, request } = thread.state;
  if (json) terminal.out(JSON.stringify(threadJson(thread), null, 2));
  else if (status.kind === "finished")
    terminal.out(visible(typeof status.result === "string" ? status.result : JSON.stringify(status.result)));
  else if (status.kind === "running") terminal.out(interruptedLine(threadId));
  else {
    await showCard(session, request);
    const { people } = await session.runtime();
    const lines =
      request === null ? [`thread ${threadId} is ${status.kind}`] : howToAnswer(thread, request, people);
    for (const line of lines) terminal.out(line);
  }
  return status.kind === "failed" ? EXIT.failed : EXIT.ok;
}

/** Resolves with the thread once it waits for somebody, has ended or was interrupted. */
async function watch(session: Session, threadId: Thread["id"], signal: AbortSignal): Promise<Thread> {
  const { terminal, colors, json } = session;
  const [store, runtime] = [await session.store(), await session.runtime()];
  const working = createWorkingLine(session);
  let whole = threadOf(threadId, await store.read(threadId));
  let shown = 0;
  try {
    for (;;) {
      const thread = shownThread(whole, runtime.agents.get(whole.state.agent));
      const graded = gradesOf(runtime, thread.state.agent);
      for (const event of json ? [] : thread.events.slice(shown)) {
        const line = eventLine(event, colors, graded);
        if (line !== undefined && event.type !== "finished") working.above(() => terminal.err(line));
      }
      if (thread.events.length > shown) working.moved(thread.state);
      shown = thread.events.length;
      const { kind } = thread.state.status;
      const atWork =
        kind === "running" ||
        kind === "awaiting_time" ||
        kind === "awaiting_event" ||
        kind === "awaiting_child";
      if (!atWork || (await isInterrupted(session, thread))) return thread;
      await setTimeout(LOOK_MS, undefined, { signal });
      const added = await store.read(threadId, whole.state.seq);
      if (added.length > 0) {
        whole = { id: threadId, events: [...whole.events, ...added], state: fold(added, whole.state) };
      }
    }
  } finally {
    working.hide();
  }
}
