import { TwelvefoldError } from "../base/errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Thread } from "../thread/thread.ts";

/** How often it is looked whether somebody else has answered, in ms. */
const LOOK_MS = 500;

/** The request of a thread is asked about for as long as nobody has answered it elsewhere. */
export interface Asking {
  readonly runtime: Pick<Runtime, "get">;
  readonly thread: Thread;
  /** The request's number. */
  readonly seq: number;
  /** Ends the asking for another reason. */
  readonly signal: AbortSignal;
}

/** What was answered elsewhere while a person was being asked here. */
export const ANSWERED_ELSEWHERE = Symbol("answered elsewhere");

/**
 * Asks until somebody answers here, or the request is answered, expires or is withdrawn elsewhere: then the asking ends, and
 * the result is `ANSWERED_ELSEWHERE`.
 */
export async function askUntilAnswered<T>(
  { runtime, thread, seq, signal }: Asking,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof ANSWERED_ELSEWHERE> {
  const elsewhere = new AbortController();
  const look = async () => {
    const { state } = await runtime.get(thread.id);
    if (state.request?.seq !== seq) elsewhere.abort(new Error("answered elsewhere"));
  };
  // What cannot be read now is read at the next look; the answer itself is checked against the store in any case.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  try {
    return await ask(AbortSignal.any([signal, elsewhere.signal]));
  } catch (error) {
    if (signal.aborted || !elsewhere.signal.aborted) throw error;
    return ANSWERED_ELSEWHERE;
  } finally {
    clearInterval(timer);
  }
}

/** Whether an answer was refused because somebody else's came first. */
export async function cameTooLate(
  error: unknown,
  { runtime, thread, seq }: Pick<Asking, "runtime" | "thread" | "seq">,
): Promise<boolean> {
  if (!TwelvefoldError.isInstance(error) || error.code !== "conflict") return false;
  return (await runtime.get(thread.id)).state.request?.seq !== seq;
}
