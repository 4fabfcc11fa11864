import { atOnce } from "../../base/hooks.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { createEventIndex } from "./event-index.ts";
import { type ContextView, defaultOrigin, originLabel } from "./view.ts";

/** Content in a thread that is not to be trusted. */
export interface UntrustedSource {
  /** The event that brought it. */
  readonly seq: number;
  /** Where it came from, e.g. `webhook:github`. */
  readonly origin: string;
}

/**
 * What came into a thread from outside, in order; also what the model no longer sees, since it may have acted on it.
 * For rules such as: a tool needs approval while the thread holds any.
 */
export function untrustedSources(
  events: readonly ThreadEvent[],
  untrusted: NonNullable<ContextView["untrusted"]> = defaultOrigin,
): UntrustedSource[] {
  const index = createEventIndex();
  return events.flatMap((event) => {
    index.add(event);
    const callId = "callId" in event.data ? event.data.callId : undefined;
    const step = callId === undefined ? undefined : index.stepOf(callId);
    const origin = atOnce("`untrusted`", untrusted(event, step));
    return origin === undefined ? [] : [{ seq: event.seq, origin: originLabel(origin) }];
  });
}
