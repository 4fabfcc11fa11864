import type { ThreadId } from "../base/ids.ts";
import { keepLatest } from "../base/keep-latest.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { figuresOf, type ThreadFigures } from "./views/figures.ts";

const MAX_KEPT = 5_000;

/** What threads took. Each thread is read once for each of its changes. */
export function createFiguresList(runtime: Runtime) {
  const kept = new Map<ThreadId, { readonly seq: number; readonly figures: ThreadFigures }>();
  return {
    /** `undefined` for a thread that cannot be read. */
    async of(threadId: ThreadId, seq: number): Promise<ThreadFigures | undefined> {
      const known = kept.get(threadId);
      if (known?.seq === seq) return known.figures;
      const thread = await runtime.get(threadId).catch(() => undefined);
      if (thread === undefined) return undefined;
      const figures = figuresOf(thread, runtime.agents.get(thread.state.agent));
      kept.delete(threadId);
      kept.set(threadId, { seq: thread.state.seq, figures });
      keepLatest(kept, MAX_KEPT);
      return figures;
    },
  };
}

export type FiguresList = ReturnType<typeof createFiguresList>;
