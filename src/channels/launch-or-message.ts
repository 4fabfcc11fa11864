import { ConflictError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Via } from "../thread/events.ts";

export interface WrittenText {
  readonly agent: string;
  readonly threadId: ThreadId;
  readonly text: string;
  readonly from: VerifiedPrincipal;
  readonly via: Via;
  /** Names the delivery. */
  readonly once: string;
}

/**
 * Begins the thread of a conversation with what somebody has written, or adds it if the thread is there already: so it does not
 * matter which message arrives first. False if the thread takes no more messages.
 */
export async function launchOrMessage(
  runtime: Runtime,
  { agent, threadId, text, from, via, once }: WrittenText,
): Promise<boolean> {
  try {
    await runtime.launch({ agent, input: { message: text, from }, via, threadId, once });
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  try {
    await runtime.message(threadId, text, from, once);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return false;
  }
}
