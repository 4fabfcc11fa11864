import type { Agent } from "../agent/agent.ts";
import { shownThread } from "../agent/shown-thread.ts";
import { withDeadline } from "../base/deadlines.ts";
import { requestIdOf } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { Channel, Notice } from "../humans/channel.ts";
import { write } from "../loop/journal.ts";
import type { EventData } from "../thread/events.ts";
import { deliveryBackoffMs, newsDueAt } from "../thread/projection.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { StoreJournal } from "./store-journal.ts";
import type { TellNewsOptions } from "./tell-news.ts";

/**
 * Tells people about the pending request, through each channel that wants it and has not delivered it yet. The request is
 * on disk before anybody is told; each delivery is recorded, and a failed one is tried again later.
 */
export async function tellPeople(
  journal: StoreJournal,
  agent: Agent,
  { channels, store, clock, signal, people }: TellNewsOptions,
): Promise<void> {
  for (const channel of channels) {
    const { thread } = journal;
    const { request, status } = thread.state;
    if (request === null || (status.kind !== "awaiting_human" && status.kind !== "awaiting_approval")) return;
    if (signal.aborted || !isOwed(request, channel.name, clock.now())) continue;
    const requestId = requestIdOf(thread.id, request.seq);
    const mayBeRepeated = request.deliveries[channel.name] !== undefined || request.seq <= journal.readUpTo;
    const id = `${requestId}.${request.type === "approval" ? request.escalations : 0}`;
    // What the agent hides is hidden from everybody who is told.
    const shown = shownThread(thread, agent);
    const about = { id, threadId: thread.id, thread: shown, mayBeRepeated };
    const asked = shown.state.request ?? request;
    const notice: Notice = { kind: "request", ...about, requestId, request: asked, people };
    const update = channel.update === undefined ? {} : ({ update: true } as const);
    const delivery = { request: request.seq, channel: channel.name, ...update };
    let outcome: EventData["notified"];
    try {
      if ((await withDeadline(() => channel.wants?.(notice), { signal })) === false) continue;
      await channel.deliver(notice, signal, store);
      outcome = { ...delivery, ok: true };
    } catch (error) {
      if (signal.aborted) return;
      outcome = { ...delivery, ok: false, error: compactError(error) };
    }
    // Keep the record whatever else was written meanwhile: without it, people would be told twice.
    await journal.append({ ...write({ type: "notified", data: outcome }), onConflict: "keep" });
  }
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
