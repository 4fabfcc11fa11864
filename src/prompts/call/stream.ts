import type { Answer, PromptStream } from "../types.ts";

/**
 * A call as a stream. It starts at once, whether or not anybody iterates, and holds at most one partial: a slow reader
 * sees fewer of them, never old ones. Every iterator sees the same stream from where it joins.
 */
export class Stream<Result, Partial> implements PromptStream<Result, Partial> {
  readonly answer: Promise<Answer<Result>>;
  private latest: { readonly value: Partial; readonly count: number } | undefined;
  private ended = false;
  private wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(start: (onPartial: (partial: Partial) => void) => Promise<Answer<Result>>) {
    this.answer = start((value) => {
      this.latest = { value, count: (this.latest?.count ?? 0) + 1 };
      this.signal();
    });
    const end = () => {
      this.ended = true;
      this.signal();
    };
    // Handles both outcomes: a rejection is for the caller that awaits `answer` or iterates.
    this.answer.then(end, end);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Partial> {
    let seen = 0;
    for (;;) {
      const { latest } = this;
      if (latest !== undefined && latest.count > seen) {
        seen = latest.count;
        yield latest.value;
      } else if (this.ended) {
        await this.answer;
        return;
      } else await this.wake.promise;
    }
  }

  private signal(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }
}
