/**
 * Runs something that Ctrl-C (or SIGTERM) ends through its signal; `undefined`: it was interrupted. A second Ctrl-C ends the
 * process at once.
 */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    return await run(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return undefined;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
