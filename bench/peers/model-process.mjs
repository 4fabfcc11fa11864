import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts the model that answers at once, in a process of its own. */
export async function startModel() {
  const child = spawn(process.execPath, [join(import.meta.dirname, "model.mjs")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { value: port } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return { baseURL: `http://127.0.0.1:${port}/v1`, end: () => child.stdin.end() };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
