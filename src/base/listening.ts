import { UsageError } from "./errors.ts";

/** Why a server could not listen, and what to do about it. */
export function cannotListen(host: string, port: number, cause: Error): UsageError {
  return new UsageError("invalid_configuration", `cannot listen on ${host}:${port}: ${reasonOf(cause)}`, {
    cause,
  });
}

const ANOTHER = "choose another port (0 takes a free one; of a command: --port)";

function reasonOf(cause: Error): string {
  const code = "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") return `another program listens there already: end it, or ${ANOTHER}`;
  return code === "EACCES" ? `this account may not use that port: ${ANOTHER}` : cause.message;
}
