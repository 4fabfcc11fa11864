import { StorageError, TwelvefoldError } from "../../base/errors.ts";

/** SQLite's primary result codes that are handled here: https://sqlite.org/rescode.html */
const BUSY = 5;
const PROTOCOL = 15;
const READ_ONLY = 8;
const INPUT_OUTPUT = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

const advice: Readonly<Record<number, readonly ["storage_failed" | "storage_corrupt", string]>> = {
  [BUSY]: [
    "storage_failed",
    "another process held its lock for too long; look for a process that stopped in the middle of a write, or a tool that has the file open",
  ],
  [READ_ONLY]: ["storage_failed", "it cannot be written; check the permissions of the file and its folder"],
  [INPUT_OUTPUT]: ["storage_failed", "the disk failed to read or write; check the disk and its limits"],
  [CORRUPT]: [
    "storage_corrupt",
    "the file is damaged; restore a backup, or save what can be read with the sqlite3 tool's .recover",
  ],
  [FULL]: ["storage_failed", "the disk is full; make room, then try again"],
  [CANNOT_OPEN]: ["storage_failed", "it cannot be opened; check that the path is a file this user may write"],
  [NOT_A_DATABASE]: ["storage_corrupt", "the file is not an SQLite database; check the path"],
};

/** Another connection is in the way: try again in a moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === PROTOCOL;
}

/** Any failure of the database as an error that says what to check. Errors of this package stay as they are. */
export function storageError(error: unknown, path: string): TwelvefoldError {
  if (TwelvefoldError.isInstance(error)) return error;
  const code = resultCode(error);
  const [kind, what] = (code === undefined ? undefined : advice[code === PROTOCOL ? BUSY : code]) ?? [
    "storage_failed",
    error instanceof Error ? error.message : String(error),
  ];
  return new StorageError(kind, `the database ${path} failed: ${what}`, {
    cause: error,
    details: { path, sqliteCode: code },
  });
}

function resultCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  // The low byte is the primary code; the rest tells variants apart.
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
