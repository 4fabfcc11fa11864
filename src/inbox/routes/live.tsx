import type { Context } from "hono";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { shownPartial, shownThread } from "../../agent/shown-thread.ts";
import type { Json } from "../../base/json.ts";
import { extendThread, type Thread } from "../../thread/thread.ts";
import { Partial, TimelineGroupEntry } from "../components/timeline.tsx";
import { Controls, ThreadEnd, ThreadFacts, ThreadHead, ThreadJumps } from "../pages/thread.tsx";
import { groupsOf, jumpsOf, type TimelineFilter, type TimelineGroup } from "../views/groups.ts";
import { timelineOf } from "../views/timeline.ts";
import { accessOf, baseOf, type Pages, renderPart } from "./page.tsx";
import { threadIdIn, timelineFilterIn } from "./threads.tsx";

/** Events of other processes are looked for this often. */
const LOOK_MS = 1_000;
/** Proxies and browsers close connections that are silent. */
const HEARTBEAT_MS = 15_000;
/** Events that come in a burst are shown together. */
const BURST_MS = 60;
const MAX_STREAMS = 200;
/** A stream ends after so long, and the browser asks again: a session that is over gets no new one. */
const LONGEST_MS = 15 * 60_000;

/**
 * `GET /inbox/threads/:id/stream`: the parts of the thread page that changed, as they change. Each message's id is the
 * number of the last event in it, so a browser that was away gets what it missed.
 */
export function liveRoutes(pages: Pages): Hono {
  let open = 0;
  return new Hono().get("/inbox/threads/:id/stream", async (c) => {
    const threadId = threadIdIn(c);
    const thread = await pages.deps.runtime.get(threadId);
    if (open >= MAX_STREAMS) return c.text("too many open pages", 503, { "retry-after": "10" });
    const after = Number(c.req.header("last-event-id") ?? c.req.query("after") ?? "0");
    c.header("cache-control", "no-store");
    c.header("x-accel-buffering", "no");
    return streamSSE(c, async (stream) => {
      open += 1;
      try {
        const seen = Number.isSafeInteger(after) && after >= 0 ? after : 0;
        await follow(pages, c, { thread, seen }, stream);
      } finally {
        open -= 1;
      }
    });
  });
}

type Sse = Parameters<Parameters<typeof streamSSE>[1]>[0];

async function follow(
  pages: Pages,
  c: Context,
  start: { readonly thread: Thread; readonly seen: number },
  stream: Sse,
): Promise<void> {
  const { runtime, clock } = pages.deps;
  const csrf = accessOf(pages, c).launch ? pages.deps.csrfToken(c) : null;
  const filter = timelineFilterIn(c);
  const ends = clock.now() + LONGEST_MS;
  const base = baseOf(pages, c);
  let { thread, seen } = start;
  const { id: threadId } = thread;
  const agent = runtime.agents.get(thread.state.agent);
  let partial: { readonly value: unknown } | null = null;
  const takePartial = () => {
    const taken = partial;
    partial = null;
    return taken;
  };
  let wake = () => {};
  const gone = new AbortController();
  stream.onAbort(() => {
    gone.abort();
    wake();
  });
  const unsubscribe = runtime.subscribe((observation) => {
    if (observation.kind === "events" && observation.thread.id === threadId) {
      partial = null;
      wake();
    } else if (observation.kind === "partial" && observation.threadId === threadId) {
      partial = { value: observation.partial };
      wake();
    }
  });
  try {
    for (let beat = clock.now(); !gone.signal.aborted && clock.now() < ends; ) {
      // Asked for before the look, so that nothing that comes in between is missed.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const summary = await runtime.store.summary(threadId);
      if (summary === undefined) return;
      const writing = takePartial();
      const silent = clock.now() - beat >= HEARTBEAT_MS;
      if ((summary.seq > seen || writing !== null || silent) && !(await isStillValid(pages, c))) return;
      if (summary.seq > seen) {
        thread = await latest(runtime, thread);
        await stream.writeSSE({
          id: String(thread.state.seq),
          data: changes(base, shownThread(thread, agent), { seen, now: clock.now(), csrf, filter }),
        });
        seen = thread.state.seq;
        beat = clock.now();
      }
      if (writing !== null) {
        await stream.writeSSE({ data: writingNow(base, shownPartial(writing.value, thread.events, agent)) });
        beat = clock.now();
      }
      if (clock.now() - beat >= HEARTBEAT_MS) {
        await stream.write(": still here\n\n");
        beat = clock.now();
      }
      await Promise.race([woken, pause(clock, LOOK_MS, gone.signal)]);
      await pause(clock, BURST_MS, gone.signal);
    }
  } finally {
    unsubscribe();
    gone.abort();
  }
}

function isStillValid({ deps }: Pages, c: Context): Promise<boolean> {
  return deps.stillValid?.(c) ?? Promise.resolve(true);
}

/** The thread with the events added since; read again as a whole if anything was erased. */
async function latest(runtime: Pages["deps"]["runtime"], thread: Thread): Promise<Thread> {
  const added = await runtime.store.read(thread.id, thread.state.seq);
  return added.some(({ type }) => type === "data_erased")
    ? runtime.get(thread.id)
    : extendThread(thread, added);
}

const pause = (clock: Pages["deps"]["clock"], ms: number, signal: AbortSignal) =>
  clock.sleep(ms, signal).catch(() => {});

interface Seen {
  /** The number of the last event that the page shows. */
  readonly seen: number;
  readonly now: number;
  /** What the page looks for within the thread. */
  readonly filter: TimelineFilter;
  /** The token of the page's forms; `null`: it has none. */
  readonly csrf: string | null;
}

/** The parts of the page that the events after `seen` changed. */
function changes(base: string, thread: Thread, { seen, now, csrf, filter }: Seen): string {
  const items = timelineOf(thread.events);
  const before = groupsOf(timelineOf(thread.events.slice(0, seen)), filter);
  const render = (group: TimelineGroup) =>
    renderPart(base, <TimelineGroupEntry group={group} threadId={thread.id} acts={csrf !== null} />);
  const parts = changedGroups(before, groupsOf(items, filter), seen).map(({ target, swap, group }) =>
    part(target, swap, group === null ? "" : render(group)),
  );
  const jumps = renderPart(base, <ThreadJumps thread={thread} jumps={jumpsOf(items)} />);
  parts.push(part("#thread-jumps", "outerMorph", jumps));
  parts.push(part("#thread-head", "outerMorph", renderPart(base, <ThreadHead thread={thread} />)));
  parts.push(part("#thread-end", "outerMorph", renderPart(base, <ThreadEnd thread={thread} />)));
  parts.push(
    part("#thread-facts", "outerMorph", renderPart(base, <ThreadFacts thread={thread} now={now} />)),
  );
  if (csrf !== null)
    parts.push(part("#controls", "outerMorph", renderPart(base, <Controls thread={thread} csrf={csrf} />)));
  parts.push(part("#partial", "innerHTML", ""));
  return parts.join("\n");
}

interface GroupChange {
  readonly target: string;
  readonly swap: "beforeend" | "afterend" | "outerHTML" | "delete";
  readonly group: TimelineGroup | null;
}

/** How a page that shows the groups before comes to show those after: entries may join a run, or leave one. */
function changedGroups(
  before: readonly TimelineGroup[],
  after: readonly TimelineGroup[],
  seen: number,
): readonly GroupChange[] {
  const sizes = new Map(before.map(({ seq, items }) => [seq, items.length]));
  const kept = new Set(after.map(({ seq }) => seq));
  const gone = before
    .filter(({ seq }) => !kept.has(seq))
    .map(({ seq }): GroupChange => ({ target: `#group-${seq}`, swap: "delete", group: null }));
  const changed = after.flatMap((group, index): readonly GroupChange[] => {
    const size = sizes.get(group.seq);
    if (size === group.items.length && group.lastSeq <= seen) return [];
    if (size !== undefined) return [{ target: `#group-${group.seq}`, swap: "outerHTML", group }];
    const previous = after[index - 1];
    return group.seq > seen || previous === undefined
      ? [{ target: "#timeline", swap: "beforeend", group }]
      : [{ target: `#group-${previous.seq}`, swap: "afterend", group }];
  });
  return [...gone, ...changed];
}

function writingNow(base: string, value: Json): string {
  return part("#partial", "innerMorph", renderPart(base, <Partial partial={value} />));
}

/** `content` is rendered by the components above, which escape whatever is not theirs. */
function part(target: string, swap: string, content: string): string {
  return `<hx-partial hx-target="${target}" hx-swap="${swap}">${content}</hx-partial>`;
}
