import type { Terminal } from "./terminal.ts";

export interface Progress {
  readonly done: number;
  /** Absent if it is not known yet. */
  readonly of?: number;
  readonly failed?: number;
}

/**
 * Shows how far long work is: one line that changes where a person is looking, else a line at every tenth of work that has
 * at least 50 parts. Call it with `undefined` at the end.
 */
export function showProgress(terminal: Terminal, what: string): (progress: Progress | undefined) => void {
  let tenth = 0;
  return (progress) => {
    if (progress === undefined) return terminal.status?.("");
    const { done, of, failed = 0 } = progress;
    const line = `${what}: ${done}${of === undefined ? "" : ` of ${of}`}${failed === 0 ? "" : `, ${failed} failed`}`;
    if (terminal.status !== undefined) return terminal.status(done === of ? "" : line);
    if (of === undefined) return done % 1_000 === 0 ? terminal.err(line) : undefined;
    const reached = Math.floor((10 * done) / of);
    if (of < 50 || reached <= tenth || done === of) return;
    tenth = reached;
    terminal.err(line);
  };
}
