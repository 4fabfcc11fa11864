import { NotFoundError } from "../base/errors.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import type { ThreadStore } from "../store/store.ts";
import { isOver } from "../thread/projection.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { isCorrupt } from "./damaged.ts";

/**
 * What the threads that work for this one, and those below them, ask people; each with the way down to it. Nothing below one that
 * is over or cannot be read: nothing more comes of what is asked there.
 */
export async function requestsBelow(
  { state }: ThreadHead,
  store: Pick<ThreadStore, "state">,
): Promise<readonly HumanRequest[]> {
  const found: HumanRequest[] = [];
  if (isOver(state)) return found;
  for (const { threadId } of state.children) {
    const child = await headOf(threadId, store);
    if (child === undefined) continue;
    const request = pendingRequest(child);
    if (request !== null) found.push(request);
    found.push(...(await requestsBelow(child, store)));
  }
  return found;
}

/** `undefined` for a thread that is only about to begin, or that cannot be read. */
async function headOf(
  id: ThreadHead["id"],
  store: Pick<ThreadStore, "state">,
): Promise<ThreadHead | undefined> {
  try {
    return { id, state: await store.state(id) };
  } catch (error) {
    if (error instanceof NotFoundError || isCorrupt(error)) return undefined;
    throw error;
  }
}
