import { PATIENCE_MS } from "./tellings.ts";

/** A thread that a worker of this process holds. */
export class Job {
  /** Aborted when the thread is cancelled. */
  readonly cancel = new AbortController();
  /** Aborted when the thread is cancelled or the process wants to stop. */
  readonly stop = new AbortController();
  /** Aborted when a message interrupts what runs now. */
  interruption = new AbortController();
  /** The latest input that the work takes into account. */
  lastInput: () => number = () => Number.POSITIVE_INFINITY;
  /** Whether this process has claimed the thread. */
  claimed = false;
  /** The thread's last event when it was last looked at. */
  seen = 0;
  /** Something arrived while the job ran: look once more. */
  again = false;
  /** Resolves when the work has ended. */
  done: Promise<void> = Promise.resolve();
  readonly #taken = Promise.withResolvers<void>();
  #rested = Promise.withResolvers<void>();
  #isResting = false;
  /** While there is nothing to do but to wait for channels: what ends the wait, and the last event known. */
  #waiting: { readonly wake: () => void; readonly seq: number } | undefined;

  /** Resolves when this process has claimed the thread, or when the job ends without a claim. */
  waitForClaim(): Promise<void> {
    return this.#taken.promise;
  }

  endWaitForClaim(): void {
    this.#taken.resolve();
  }

  /** Whether it has waited so long for channels that it counts as at rest: it takes up no place, and nobody waits for it. */
  get isResting(): boolean {
    return this.#isResting;
  }

  /** Resolves when the work has ended or is at rest; `undefined` where it is. */
  get idle(): Promise<void> | undefined {
    return this.#isResting ? undefined : Promise.race([this.done, this.#rested.promise]);
  }

  /** Waits for `until`: resolves with false then, or with true when it is woken. `onRest`: called once it is at rest. */
  async rest(until: Promise<unknown>, seq: number, onRest: () => void): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#isResting = true;
      this.#rested.resolve();
      onRest();
    }, PATIENCE_MS);
    this.#waiting = { wake: resolve, seq };
    if (this.#isStopping) await until;
    else if (!this.again) await Promise.race([until, promise]);
    clearTimeout(timer);
    this.#waiting = undefined;
    this.#leaveRest();
    // What arrives while it stops is left to the next job.
    if (!this.again || this.#isStopping) return false;
    this.again = false;
    return true;
  }

  get #isStopping(): boolean {
    return this.stop.signal.aborted;
  }

  /** Whether there are events that it does not know while it waits for channels. */
  lacks(seq: number): boolean {
    return this.#waiting !== undefined && this.#waiting.seq < seq;
  }

  /** Something has arrived: to be looked at now, or once what runs has ended. */
  wake(): void {
    this.again = true;
    this.#leaveRest();
    this.#waiting?.wake();
  }

  #leaveRest(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#rested = Promise.withResolvers();
  }
}
