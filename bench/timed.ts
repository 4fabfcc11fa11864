export interface Timed {
  readonly perSecond: number;
  /** Milliseconds of one, of the middle and of the slowest in a hundred. */
  readonly p50: number;
  readonly p99: number;
}

/** Does something so often, so many at once, and times each. The first twentieth does not count: code gets compiled. */
export async function timed(
  count: number,
  atOnce: number,
  one: (n: number) => Promise<unknown>,
): Promise<Timed> {
  const warmUp = Math.ceil(count / 20);
  const times: number[] = [];
  let next = 0;
  let began = performance.now();
  const worker = async () => {
    while (next < count + warmUp) {
      const n = next;
      next += 1;
      if (n === warmUp) began = performance.now();
      const start = performance.now();
      await one(n);
      if (n >= warmUp) times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: sorted.length / seconds, p50: at(0.5), p99: at(0.99) };
}
