import type { ThreadId } from "../base/ids.ts";
import type { Principal } from "../thread/events.ts";

/** A person with a part in a call that is about to run. */
export interface PartInCall {
  readonly role: "requester" | "approver";
  readonly agent: string;
  readonly intent: string;
  readonly threadId: ThreadId;
  readonly signal: AbortSignal;
}

/**
 * Whether a person is still known and still allowed to have a part in a call: the requester for whom it runs, or one who
 * has approved it. Called right before the call runs, once for each; nothing but `true` lets it run. If it throws, nothing
 * runs and it is tried again later.
 */
export type StillAllowed = (person: Principal, part: PartInCall) => boolean | Promise<boolean>;
