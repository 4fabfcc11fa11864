export interface PoolOptions {
  /** How many run at the same time, at least 1. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does the same with each item, some at a time, and gives the outcomes in the items' order. The first error stops the rest
 * and is thrown once what runs has ended; so is the signal's reason when it is aborted.
 */
export async function inPool<Item, Outcome>(
  items: readonly Item[],
  { concurrency, signal }: PoolOptions,
  work: (item: Item, index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined && signal?.aborted !== true) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item === undefined || index >= items.length) return;
      try {
        outcomes[index] = await work(item, index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, concurrency), items.length) }, worker));
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  return outcomes;
}
