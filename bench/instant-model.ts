import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";

export interface InstantModel {
  /** What a client takes as its `base_url`. */
  readonly url: string;
  close(): void;
}

/** Starts the model that answers at once, in a process of its own: both loops ask the same one. */
export async function startInstantModel(): Promise<InstantModel> {
  const script = join(import.meta.dirname, `instant-model-child${extname(import.meta.filename)}`);
  const child = spawn(process.execPath, ["--no-warnings", script], { stdio: ["pipe", "pipe", "inherit"] });
  for await (const port of createInterface({ input: child.stdout })) {
    return { url: `http://127.0.0.1:${port}/v1`, close: () => child.stdin.end() };
  }
  throw new Error("the instant model did not start");
}

/** The message that makes the instant model answer `steps` additions and then the end. */
export function messageFor(run: string, steps: number): string {
  return `run-${run} steps-${steps}: please add these up`;
}
