import { LAST_TIME } from "../../base/clock.ts";
import { StorageError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import type { Principal } from "../../thread/events.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { parsePrincipal } from "../read-principal.ts";
import { decodeText } from "./text.ts";

/* Columns of a row, checked. The tables enforce the types; these catch damaged or edited rows. */

export type Row = Readonly<Record<string, unknown>>;

/** A text that was written with `encodeText`. */
export function text(row: Row, column: string): string {
  return decodeText(rawText(row, column));
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

/** A text exactly as the table holds it. */
export function rawText(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : throwUnexpected(column, "text", value);
}

/** A number; `bigint` columns come as text. */
export function number(row: Row, column: string): number {
  const value = row[column];
  const found = typeof value === "string" && /^-?[0-9]+$/.test(value) ? Number(value) : value;
  return typeof found === "number" && Number.isSafeInteger(found)
    ? found
    : throwUnexpected(column, "a number", value);
}

export function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

export function principalOrNull(row: Row, column: string): Principal | null {
  const value = textOrNull(row, column);
  return value === null ? null : (parsePrincipal(value) ?? throwUnexpected(column, "a person", value));
}

/** A time in milliseconds since the epoch that a date can hold. */
export function time(row: Row, column: string): number {
  const value = number(row, column);
  return Math.abs(value) <= LAST_TIME ? value : throwUnexpected(column, "a time", value);
}

export function timeOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : time(row, column);
}

/** Bytes as lower-case hex. */
export function hex(row: Row, column: string): string {
  const value = row[column];
  return Buffer.isBuffer(value) ? value.toString("hex") : throwUnexpected(column, "bytes", value);
}

export function hexOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : hex(row, column);
}

export function threadId(row: Row, column: string): ThreadId {
  return parseThreadId(rawText(row, column)) ?? throwUnexpected(column, "a thread id", row[column]);
}

export function statusKind(row: Row, column: string): StatusKind {
  const value = rawText(row, column);
  return STATUS_KINDS.find((kind) => kind === value) ?? throwUnexpected(column, "a status", value);
}

function throwUnexpected(column: string, wanted: string, value: unknown): never {
  const came =
    typeof value === "string" || typeof value === "number"
      ? JSON.stringify(String(value).slice(0, 40))
      : typeof value;
  throw new StorageError("storage_corrupt", `the column ${column} should hold ${wanted}, not ${came}`, {
    details: { column },
  });
}
