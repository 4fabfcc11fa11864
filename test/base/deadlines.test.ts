import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { limitTime, withDeadline } from "../../src/base/deadlines.ts";

const never = () => new Promise<string>(() => {});
const soon = (value: string) => new Promise<string>((resolve) => setTimeout(resolve, 10, value));

describe("a deadline", { tags: "F8.1" }, () => {
  it("ends the wait for work that heeds nothing, and aborts the signal of work that does", async () => {
    let given: AbortSignal | undefined;
    const work = (signal: AbortSignal) => {
      given = signal;
      return never();
    };
    await expect(withDeadline(work, { ms: 5 })).rejects.toThrow("no answer within 5 ms");
    expect(given?.reason).toMatchObject({ name: "TimeoutError" });
    const timeUp = () => new RangeError("too slow");
    await expect(withDeadline(never, { ms: 5, timeUp })).rejects.toThrow(RangeError);
  });

  it("gives what the work gives, and throws what it throws, also at once", async () => {
    expect(await withDeadline(() => "done", { ms: 1_000 })).toBe("done");
    const failing = () => {
      throw new Error("broken");
    };
    await expect(withDeadline(failing, {})).rejects.toThrow("broken");
  });

  it("ends with the reason of the signal, before it has begun too", async () => {
    const stop = new AbortController();
    const waiting = withDeadline(never, { signal: stop.signal });
    stop.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
    await expect(withDeadline(() => "done", { signal: stop.signal })).rejects.toThrow("cancelled");
  });

  it.each([2 ** 31, 100 * 365 * 86_400_000, Number.POSITIVE_INFINITY])(
    "%d ms is longer than a timer can wait and does not end at once",
    async (ms) => {
      expect(await withDeadline(() => soon("done"), { ms })).toBe("done");
      const stop = new AbortController();
      const slept = systemClock.sleep(ms, stop.signal).then(
        () => "slept",
        () => "stopped",
      );
      expect(await Promise.race([slept, soon("still asleep")])).toBe("still asleep");
      stop.abort();
      expect(await slept).toBe("stopped");
    },
  );
});

describe("a signal for a request", () => {
  it("waits as long as a timer can, whatever the time, and ends with the signal of others", async () => {
    for (const ms of [2 ** 31, 2 ** 33, 1e300]) {
      const stop = new AbortController();
      const signal = limitTime(ms, stop.signal);
      await soon("a longer time than a timer takes that has overflowed");
      expect(signal.aborted).toBe(false);
      stop.abort("enough");
      expect(signal.reason).toBe("enough");
    }
    const half = limitTime(0.5);
    await expect.poll(() => half.aborted).toBe(true);
  });
});
