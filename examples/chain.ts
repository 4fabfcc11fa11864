// Chaining with a gate: each call is a run of its own, kept under its own id. After a crash the same call goes on where it was.
import { defineAgent, finish, type NextStepFunction, type Runtime, runAgent } from "../src/index.ts";

export type OutlineStep = { intent: "outline"; points: string[] };
export type TextStep = { intent: "text"; text: string };
type Prompt<Step> = NextStepFunction<[thread: string], Step>;

export const chainAgents = (outline: Prompt<OutlineStep>, write: Prompt<TextStep>) => ({
  outliner: defineAgent(outline, { name: "outliner", steps: { outline: finish(({ points }) => points) } }),
  writer: defineAgent(write, { name: "writer", steps: { text: finish(({ text }) => text) } }),
});

/** The text, or why the gate lets nothing through. */
export async function writeReport(
  { outliner, writer }: ReturnType<typeof chainAgents>,
  topic: string,
  { runtime, id }: { readonly runtime: Runtime; readonly id: string },
): Promise<{ readonly text: string } | { readonly problem: string }> {
  const points = await runAgent(outliner, topic, { runtime, id: `${id}:outline` });
  const problem = problemWith(points);
  if (problem !== undefined) return { problem };
  return { text: await runAgent(writer, { topic, points }, { runtime, id: `${id}:text` }) };
}

/** The gate: code decides whether to go on. */
function problemWith(points: readonly string[]): string | undefined {
  if (points.length < 2 || points.length > 7) return `2 to 7 points are wanted, these are ${points.length}`;
  return new Set(points).size < points.length ? "a point occurs twice" : undefined;
}
