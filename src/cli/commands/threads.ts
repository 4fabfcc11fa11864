import { UsageError } from "../../base/errors.ts";
import { describeEvent } from "../../present/describe-event.ts";
import { howToAnswer } from "../../present/how-to-answer.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import { follow } from "../follow.ts";
import type { Session } from "../session.ts";
import { showCard } from "../show-card.ts";
import { threadJson } from "../thread-json.ts";

/** `twelvefold message <thread> <text…>`: sends a further message. */
export async function message(session: Session, id: string, words: readonly string[]): Promise<number> {
  const threadId = await findThread(session, id);
  const runtime = await session.runtimeWithModel();
  const thread = await runtime.message(threadId, words.join(" "), session.person);
  const { request } = thread.state;
  if (request !== null && !session.json) {
    session.terminal.err("the message is stored; the model reads it once the pending request is answered");
    await showCard(session, request);
    for (const line of howToAnswer(thread, request, runtime.people)) session.terminal.err(line);
    return EXIT.ok;
  }
  return follow(session, runtime, threadId, thread.state.seq);
}

/** `twelvefold pause <thread>`: pauses a thread. */
export async function pause(
  session: Session,
  id: string,
  options: { readonly reason?: string },
): Promise<number> {
  const runtime = await session.runtime();
  const { id: threadId } = await runtime.pause(await findThread(session, id), session.person, options.reason);
  const thread = await runtime.get(threadId);
  return say(session, thread, `paused; go on with: npx twelvefold resume ${threadId}`);
}

/**
 * `twelvefold resume <thread>`: ends a pause, or goes on with a thread that no process advances. One that waits for a person
 * asks whoever sits here, or says how to answer.
 */
export async function resume(session: Session, id: string): Promise<number> {
  const threadId = await findThread(session, id);
  const runtime = await session.runtimeWithModel();
  const before = await runtime.get(threadId);
  const { status, request } = before.state;
  const goesOn = status.kind === "running" || (status.kind !== "paused" && request !== null);
  const thread = goesOn ? before : await runtime.resume(threadId, session.person);
  return follow(session, runtime, threadId, thread.state.seq);
}

/** `twelvefold cancel <thread>`: cancels a thread for good. */
export async function cancel(
  session: Session,
  id: string,
  options: { readonly reason?: string },
): Promise<number> {
  const runtime = await session.runtime();
  const { id: threadId } = await runtime.cancel(
    await findThread(session, id),
    session.person,
    options.reason,
  );
  return say(session, await runtime.get(threadId), "cancelled");
}

/** `twelvefold fork <thread> --at <seq>`: copies the beginning of a thread. */
export async function fork(session: Session, id: string, options: { readonly at: number }): Promise<number> {
  const thread = await (await session.runtime()).fork(
    await findThread(session, id),
    options.at,
    session.person,
  );
  const next =
    thread.state.status.kind === "paused" ? `; go on with: npx twelvefold resume ${thread.id}` : "";
  return say(session, thread, `forked as ${thread.id} (${thread.state.status.kind})${next}`);
}

/** `twelvefold leave-out <thread> <seq…>`: leaves events out of what the model reads from here on. */
export async function leaveOut(
  session: Session,
  id: string,
  numbers: readonly string[],
  { reason }: { readonly reason?: string },
): Promise<number> {
  const runtime = await session.runtime();
  const wrong = numbers.filter((number) => !/^\d{1,9}$/.test(number));
  if (wrong.length > 0)
    throw new UsageError("invalid_argument", `events are named by their numbers, not ${wrong.join(", ")}`);
  const seqs = numbers.map(Number);
  const { id: threadId } = await runtime.leaveOut(
    await findThread(session, id),
    { seqs, reason },
    session.person,
  );
  const thread = await runtime.get(threadId);
  const record = thread.events.findLast(({ type }) => type === "events_left_out");
  return say(session, thread, record === undefined ? "done" : describeEvent(record).title);
}

/** `twelvefold verify <thread…>`: checks that stored events are unaltered. */
export async function verify(session: Session, ids: readonly string[]): Promise<number> {
  const store = await session.store();
  const results = [];
  for (const id of ids)
    results.push({
      threadId: await findThread(session, id),
      ...(await store.verify(await findThread(session, id))),
    });
  if (session.json) session.terminal.out(JSON.stringify(results, null, 2));
  else {
    for (const { threadId, ok, events, erased, problem } of results) {
      const gone = erased === 0 ? "" : `, ${erased} erased by record`;
      session.terminal.out(
        ok
          ? `${session.colors.green("✓")} ${threadId}: ${events} events, unaltered${gone}`
          : `${session.colors.red("✗")} ${threadId}: event ${problem?.seq} ${problem?.kind}: ${visibleLine(problem?.message ?? "")}`,
      );
    }
  }
  return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}

function say(session: Session, thread: Parameters<typeof threadJson>[0], text: string): number {
  session.terminal.out(session.json ? JSON.stringify(threadJson(thread), null, 2) : text);
  return EXIT.ok;
}
