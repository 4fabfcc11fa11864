import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** What really happened, kept outside the store: one line for each effect, on disk before the tool goes on. */
export interface LedgerLine {
  readonly kind: "pay" | "save" | "launched" | "answered" | "told" | "retold";
  readonly key: string;
}

export function note(path: string, line: LedgerLine): void {
  const file = openSync(path, "a");
  try {
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function readLedger(path: string): readonly LedgerLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line): LedgerLine => JSON.parse(line));
}
