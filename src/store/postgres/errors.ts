import { StorageError, TwelvefoldError } from "../../base/errors.ts";

/** What is wrong and what to do, by SQLSTATE or by the code of a socket error. */
const ADVICE: Readonly<Record<string, string>> = {
  "25006": "it is read-only (a standby, or default_transaction_read_only): connect to the primary",
  "28000": "it does not let this user in: check the user and pg_hba.conf",
  "28P01": "the password is wrong",
  "3D000": "there is no such database: create it, or correct the name",
  "42501": "the user may not do this: it must own the schema, or be allowed to create one",
  "53100": "its disk is full and nothing was written: make room",
  "53200": "it is out of memory",
  "53300": "it has no connection left: lower `connections` here or elsewhere, or raise max_connections",
  "57014": "a statement was cancelled, by statement_timeout or by somebody",
  "55P03": "a lock was held for too long",
  ENOTFOUND: "there is no such host",
  ECONNREFUSED: "nothing listens there: is the server running?",
};

/** The connection is gone or could not be made: the statement may be tried again. */
const CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENOENT",
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "53300",
]);

const CONNECTION_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout)/;

/**
 * True if the connection failed rather than the statement: the server is down, restarting, or has no connection left.
 */
export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && (CONNECTION.has(code) || code.startsWith("08"))) return true;
  return CONNECTION_WORDS.test(messageOf(error));
}

/** True if transactions got in each other's way and nothing was changed: they may be tried again. */
export function isRetryable(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/**
 * Any failure as an error of this package; errors of this package stay as they are. `where` names the database, without
 * a password.
 */
export function storageError(error: unknown, where: string): TwelvefoldError {
  if (TwelvefoldError.isInstance(error)) return error;
  const code = codeOf(error);
  // XX000 is any fault within the server, a pooler's among them; these two are damage to a table or an index.
  const kind = code === "XX001" || code === "XX002" ? "storage_corrupt" : "storage_failed";
  const said = messageOf(error) || (code ?? String(error));
  const what =
    (code === undefined ? undefined : ADVICE[code]) ?? (isConnectionError(error) ? DOWN : undefined);
  return new StorageError(
    kind,
    `the database ${where} failed: ${what === undefined ? said : `${what} (${said})`}`,
    {
      cause: error,
      details: { database: where, code },
    },
  );
}

/** Also of an error that was copied into a plain object, as pg-boss does it. */
function messageOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return "";
  return typeof error.message === "string" ? error.message : "";
}

const DOWN = "it is down, restarting or out of reach";

/** Node reports a failure at several addresses of one host as one error. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
