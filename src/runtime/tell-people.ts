import { shownThread } from "../agent/shown-thread.ts";
import { requestIdOf } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { Channel, RequestNotice } from "../humans/channel.ts";
import type { EventData } from "../thread/events.ts";
import { deliveryBackoffMs, newsDueAt } from "../thread/projection.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { deliveryKey } from "./tell-news.ts";
import { recordTold, type TellingOptions, withinTime } from "./tellings.ts";

/**
 * Tells people about the pending request, through each channel that wants it and has not delivered it yet. The request is
 * on disk before anybody is told; each delivery is recorded, and a failed one is tried again later. A channel that takes long
 * is not waited for: the next one is told meanwhile.
 */
export async function tellPeople(options: TellingOptions): Promise<void> {
  const { journal, channels, clock, signal, tellings } = options;
  for (const channel of channels) {
    const { request, status } = journal.thread.state;
    if (request === null || (status.kind !== "awaiting_human" && status.kind !== "awaiting_approval")) return;
    if (signal.aborted || !isOwed(request, channel.name, clock.now())) continue;
    const key = deliveryKey(channel.name);
    if (tellings.isUnderWay(key)) continue;
    tellings.add(key, tell(channel, request, options));
    await tellings.waitFor(key);
    await recordTold(options);
  }
}

/** How an attempt to tell of the request ended; `undefined`: nobody is told, or it was interrupted. Never rejects. */
async function tell(
  channel: Channel,
  request: PendingRequest,
  options: TellingOptions,
): Promise<EventData["notified"] | undefined> {
  const { store, signal } = options;
  const update = channel.update === undefined ? {} : ({ update: true } as const);
  const delivery = { request: request.seq, channel: channel.name, ...update };
  try {
    const notice = noticeOf(channel, request, options);
    if (channel.wants?.(notice) === false) return undefined;
    await withinTime((until) => channel.deliver(notice, until, store), { signal });
    return { ...delivery, ok: true };
  } catch (error) {
    return signal.aborted ? undefined : { ...delivery, ok: false, error: compactError(error) };
  }
}

function noticeOf(
  { name }: Channel,
  request: PendingRequest,
  { journal, agent, people }: TellingOptions,
): RequestNotice {
  const { thread } = journal;
  const requestId = requestIdOf(thread.id, request.seq);
  const mayBeRepeated = request.deliveries[name] !== undefined || request.seq <= journal.readUpTo;
  const id = `${requestId}.${request.type === "approval" ? request.escalations : 0}`;
  // What the agent hides is hidden from everybody who is told.
  const shown = shownThread(thread, agent);
  const about = { id, threadId: thread.id, thread: shown, mayBeRepeated };
  return { kind: "request", ...about, requestId, request: shown.state.request ?? request, people };
}

/** Whether some channel has yet to tell people of something. */
export function isNewsOwed({ state }: ThreadHead, channels: readonly Channel[], now: number): boolean {
  const { request, status, news, updates } = state;
  if ([...news, ...updates].some((one) => newsDueAt(one) <= now)) return true;
  if (request === null || (status.kind !== "awaiting_human" && status.kind !== "awaiting_approval"))
    return false;
  return channels.some(({ name }) => isOwed(request, name, now));
}

function isOwed(request: PendingRequest, channel: string, now: number): boolean {
  const delivery = request.deliveries[channel];
  if (delivery === undefined) return true;
  return !delivery.ok && now >= Date.parse(delivery.lastAt) + deliveryBackoffMs(delivery.attempts);
}
