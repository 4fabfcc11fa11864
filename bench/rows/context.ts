import { callIdAt } from "../../src/base/ids.ts";
import { createContextWindow } from "../../src/context/window.ts";
import type { NewEvent, ThreadEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

/** Threads to a round: a single short one is over before it can be timed. */
const EVENTS_A_ROUND = 3000;

/** What the model reads after each further event, in long threads beside a short one: flat in the length. */
export const context: BenchRow = async ({ quick, tick }) => {
  const rows: Compared[] = [];
  const short = growing(10);
  for (const length of quick ? [100, 1000] : [100, 300, 1000]) {
    const long = growing(length);
    const times = await sideBySide(
      quick ? 11 : 41,
      async () => renderAll(long, length),
      async () => renderAll(short, 10),
      () => tick(`rendering, ${length} events`),
    );
    const micros = (ms: number) => (ms * 1000) / EVENTS_A_ROUND;
    rows.push({
      what: `rendering one more event, in a thread of ${length} beside one of 10`,
      ours: micros(times.ours),
      hand: micros(times.hand),
      ratio: times.ratio,
      unit: "us",
      budget: { atMost: 1.5 },
    });
  }
  return rows;
};

/** The event lists of a thread as it grows by so many events, one at a time. */
function growing(length: number): readonly (readonly ThreadEvent[])[] {
  let thread = startThread({ agent: "bench" }, 0);
  const lists: (readonly ThreadEvent[])[] = [];
  while (thread.state.seq <= length) {
    thread = appendEvents(thread, [nextEvent(thread.state.seq)], 0);
    lists.push(thread.events);
  }
  return lists;
}

function nextEvent(seq: number): NewEvent {
  const callId = callIdAt(seq);
  switch (seq % 3) {
    case 1: {
      const step = { intent: "look_up", customer: `customer ${seq}`, fields: ["name", "orders"] };
      const fidelity = { grade: "exact", reasons: [] } as const;
      return { type: "step_proposed", data: { callId: callIdAt(seq + 1), step, fidelity } };
    }
    case 2:
      return { type: "tool_started", data: { callId, intent: "look_up", key: `${seq}`, attempt: 1 } };
    default: {
      const result = {
        name: "Ada Lovelace",
        orders: [{ id: `A${seq}`, total: 12.5, note: "please be quick: it is late" }],
      };
      return { type: "tool_finished", data: { callId: callIdAt(seq - 1), result } };
    }
  }
}

/** Renders after every event, in threads of this length, until there were enough events. */
function renderAll(lists: readonly (readonly ThreadEvent[])[], length: number): void {
  for (let done = 0; done < EVENTS_A_ROUND; done += length) {
    const render = createContextWindow();
    for (const events of lists) render(events);
  }
}
