/** Where a process can be made to die. */
export const FAULT_POINTS = [
  "migration",
  "before_append",
  "after_append",
  "before_settle",
  "after_settle",
  "before_claim",
  "after_claim",
  "before_release",
  "tool_before",
  "tool_after",
  "model",
  "streaming",
  "notify_before",
  "notify_after",
  "answering",
  /** So many milliseconds after its start, wherever the process is. */
  "any_instant",
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** The n-th time (from 1) that the process comes to a point; of `any_instant`, milliseconds. */
export interface Fault {
  readonly point: FaultPoint;
  readonly nth: number;
}

/** Call it at each point: the process is killed there, as by `kill -9`, when the fault says so. */
export function killer(fault: Fault | undefined): (point: FaultPoint) => void {
  let left = fault?.nth ?? 0;
  return (point) => {
    if (point !== fault?.point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}
