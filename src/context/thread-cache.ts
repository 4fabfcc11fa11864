import type { ThreadEvent } from "../thread/events.ts";

interface Remembered<Value> {
  readonly value: Value;
  readonly count: number;
  readonly last: ThreadEvent;
}

/**
 * Remembers what was made of a thread's events: for the same events with more after them, `add` is called only with the new
 * ones; for other events, it starts over. It remembers each thread by the identity of its first event, as long as that
 * event is in use. `add` changes the value in place.
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
