import type { EventOf, ThreadEvent } from "./events.ts";
import type { News, ThreadState } from "./state.ts";

/** After so many tries, over about a day and a half, a channel is not told any more. */
export const MAX_TRIES_TO_TELL = 45;

/** Where replies go: only the event that starts a thread says so. Nobody who writes later can turn them to somewhere else. */
export function viaAfter(
  { via, seq }: ThreadState,
  { data }: EventOf<"message_received" | "event_received">,
): ThreadState["via"] {
  return seq === 1 ? (data.via ?? null) : via;
}

/** The news with one more, if anybody is to be told. */
export function withNews({ via, news }: ThreadState, { seq, at }: ThreadEvent): readonly News[] {
  return via === null ? news : [...news, { seq, attempts: 0, lastAt: at }];
}

/** The news with the end of the run, if anybody is to be told: of the end of a child only its parent is. */
export function withEnd(state: ThreadState, event: ThreadEvent): readonly News[] {
  return state.parent === null ? withNews(state, event) : state.news;
}

/** The news after an attempt to tell one. */
export function newsAfter({ news }: ThreadState, { at, data }: EventOf<"notified">): readonly News[] {
  return news.flatMap((one) => {
    if (one.seq !== data.about) return [one];
    const attempts = one.attempts + 1;
    return data.ok || attempts >= MAX_TRIES_TO_TELL ? [] : [{ ...one, attempts, lastAt: at }];
  });
}
