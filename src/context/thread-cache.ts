import type { ThreadEvent } from "../thread/events.ts";

interface Remembered<Value> {
  readonly value: Value;
  readonly count: number;
  readonly last: ThreadEvent;
}

/**
 * Remembers what came of a thread's events: given the same events with more behind them, `add` hears of the new ones
 * only; given others, it begins anew. It remembers per thread, by the identity of the first event, as long as that event
 * is in use. `add` changes the value in place.
 */
export function createThreadCache<Value>(
  begin: () => Value,
  add: (value: Value, event: ThreadEvent) => void,
): (events: readonly ThreadEvent[]) => Value {
  const threads = new WeakMap<ThreadEvent, Remembered<Value>>();
  return (events) => {
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return begin();
    const known = threads.get(first);
    const goesOn = known !== undefined && events[known.count - 1] === known.last;
    const value = goesOn ? known.value : begin();
    for (let index = goesOn ? known.count : 0; index < events.length; index += 1) {
      const event = events[index];
      if (event !== undefined) add(value, event);
    }
    threads.set(first, { value, count: events.length, last });
    return value;
  };
}
