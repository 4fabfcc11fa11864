import { LAST_TIME } from "../../base/clock.ts";
import { StorageError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import type { Principal } from "../../thread/events.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { parsePrincipal } from "../read-principal.ts";
import type { SqlRow } from "./port.ts";

/* Columns of a row, checked. STRICT tables enforce the types; these catch a damaged or edited file. */

export function text(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : throwUnexpected(column, "text", value);
}

export function number(row: SqlRow, column: string): number {
  const value = row[column];
  // If one number of a result is too large for a double, all of them come as bigint.
  if (typeof value === "bigint" && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) {
    return Number(value);
  }
  return typeof value === "number" ? value : throwUnexpected(column, "a number", value);
}

/** A time in milliseconds since the epoch that a date can hold. */
export function time(row: SqlRow, column: string): number {
  const value = number(row, column);
  return Math.abs(value) <= LAST_TIME ? value : throwUnexpected(column, "a time", value);
}

export function timeOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : time(row, column);
}

export function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function numberOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

/** Bytes as lower-case hex. */
export function hex(row: SqlRow, column: string): string {
  const value = row[column];
  if (!(value instanceof Uint8Array)) return throwUnexpected(column, "bytes", value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
}

export function hexOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : hex(row, column);
}

export function bytes(hexText: string): Uint8Array {
  return Buffer.from(hexText, "hex");
}

export function threadId(row: SqlRow, column: string): ThreadId {
  return parseThreadId(text(row, column)) ?? throwUnexpected(column, "a thread id", row[column]);
}

export function principalOrNull(row: SqlRow, column: string): Principal | null {
  const value = textOrNull(row, column);
  return value === null ? null : (parsePrincipal(value) ?? throwUnexpected(column, "a person", value));
}

const kinds: ReadonlySet<string> = new Set(STATUS_KINDS);

export function statusKind(row: SqlRow, column: string): StatusKind {
  const value = text(row, column);
  return isStatusKind(value) ? value : throwUnexpected(column, "a status", value);
}

function isStatusKind(value: string): value is StatusKind {
  return kinds.has(value);
}

function throwUnexpected(column: string, wanted: string, value: unknown): never {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const came =
    typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : isNumber ? String(value) : typeof value;
  throw new StorageError("storage_corrupt", `the column ${column} should hold ${wanted}, not ${came}`, {
    details: { column },
  });
}
