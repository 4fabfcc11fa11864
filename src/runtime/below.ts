import { NotFoundError } from "../base/errors.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import type { ThreadStore } from "../store/store.ts";
import type { ThreadHead } from "../thread/thread.ts";

/** What the threads that work for this one, and those below them, ask people; each with the way down to it. */
export async function requestsBelow(
  { state }: ThreadHead,
  store: Pick<ThreadStore, "state">,
): Promise<readonly HumanRequest[]> {
  const found: HumanRequest[] = [];
  for (const { threadId } of state.children) {
    const child = await headOf(threadId, store);
    if (child === undefined) continue;
    const request = pendingRequest(child);
    if (request !== null) found.push(request);
    found.push(...(await requestsBelow(child, store)));
  }
  return found;
}

/** `undefined` for a thread that is only about to begin. */
async function headOf(
  id: ThreadHead["id"],
  store: Pick<ThreadStore, "state">,
): Promise<ThreadHead | undefined> {
  try {
    return { id, state: await store.state(id) };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
