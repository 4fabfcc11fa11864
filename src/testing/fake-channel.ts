import { TwelvefoldError } from "../base/errors.ts";
import type { Channel, ClosedNotice, Notice } from "../humans/channel.ts";

export interface FakeChannel extends Channel {
  deliver(notice: Notice, signal?: AbortSignal): Promise<void>;
  /** Every notice that it was asked to deliver, in order, even those that failed. */
  readonly notices: readonly Notice[];
  /** The requests that it was told are closed. */
  readonly closedNotices: readonly ClosedNotice[];
  /**
   * Makes the next delivery fail with `error`; each further call makes one more fail. Default: an error that says so.
   */
  failNext(error?: Error): void;
  /**
   * Throws `TwelvefoldError` (`unexpected_call`) if a planned failure did not happen, or if people were told about a
   * request twice without a failure in between.
   */
  assertUsedUp(): void;
}

/** A channel that delivers to a list. Default name: `fake`. */
export function fakeChannel(name = "fake"): FakeChannel {
  const notices: Notice[] = [];
  const closedNotices: ClosedNotice[] = [];
  const failures: Error[] = [];
  const delivered = new Map<string, number>();
  return {
    name,
    notices,
    closedNotices,
    failNext: (error = new Error(`${name} was told to fail`)) => {
      failures.push(error);
    },
    async deliver(notice) {
      notices.push(notice);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      // After an escalation, the message about a request is another one.
      const key = notice.id;
      delivered.set(key, (delivered.get(key) ?? 0) + 1);
    },
    async update(notice) {
      if (notice.kind === "closed") closedNotices.push(notice);
    },
    assertUsedUp() {
      if (failures.length > 0) {
        throw new TwelvefoldError("unexpected_call", `${failures.length} failures of ${name} were not used`);
      }
      const twice = [...delivered].filter(([, times]) => times > 1).map(([request]) => request);
      if (twice.length > 0) {
        throw new TwelvefoldError(
          "unexpected_call",
          `${name} was told more than once about ${twice.join(", ")}`,
        );
      }
    },
  };
}
