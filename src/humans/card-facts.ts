import type { CardFailures, CardInputs, EventOf } from "../thread/events.ts";
import { isRequestersInput } from "../thread/requesters.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

/*
 * What the thread says that an approver must know beside the step itself. Pure.
 */

/** How many failures, and how many messages, are on a card: the latest. */
const MAX_ON_CARD = 5;
/** How many characters of each; the rest is in the thread. */
const MAX_TEXT = 2_000;

/** The failures of steps like this one since one of them last succeeded; `undefined` if there are none. */
export function failuresOf({ events }: Pick<Thread, "events">, { step }: OpenCall): CardFailures | undefined {
  const like = new Set<string>();
  for (const { type, data } of events)
    if (type === "step_proposed" && data.step.intent === step.intent) like.add(data.callId);
  const isLike = (callId: string | undefined) => callId !== undefined && like.has(callId);
  const succeeded = events.findLastIndex(
    (event) =>
      (event.type === "tool_finished" || event.type === "event_received") && isLike(event.data.callId),
  );
  const failed = events
    .slice(succeeded + 1)
    .filter((event) => event.type === "tool_failed")
    .filter((event) => isLike(event.data.callId));
  if (failed.length === 0) return undefined;
  const latest = failed
    .slice(-MAX_ON_CARD)
    .map(({ at, data: { error } }) => ({ at, message: cut(`${error.name}: ${error.message}`) }));
  return { count: failed.length, latest };
}

/** What requesters have sent after an event, which who proposed or approved before did not know; `undefined`: nothing. */
export function inputsAfter({ events }: Pick<Thread, "events">, seq: number): CardInputs | undefined {
  const newer = events.slice(seq).filter(isRequestersInput);
  if (newer.length === 0) return undefined;
  return { count: newer.length, latest: newer.slice(-MAX_ON_CARD).map(onCard) };
}

type Input = "message_received" | "event_received";

function onCard({ at, type, data }: EventOf<Input>): CardInputs["latest"][number] {
  const text = type === "message_received" ? data.text : `${data.name} ${JSON.stringify(data.payload)}`;
  const from = data.from === "system" || data.from === undefined ? null : data.from;
  return { at, from, text: cut(text), length: text.length };
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT).toWellFormed();
}
