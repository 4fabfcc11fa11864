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
  /** In the transaction of a change, of which an engine's wake is a part: before the wake, and after it. */
  "before_enqueue",
  "before_commit",
  /** So many milliseconds after its start, wherever the process is. */
  "any_instant",
] as const;

/** The points that a process without an engine comes to. */
export const WITHOUT_ENGINE = FAULT_POINTS.filter(
  (point) => point !== "before_enqueue" && point !== "before_commit",
);

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
