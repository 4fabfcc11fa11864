import { type ErrorCode, TwelvefoldError } from "../base/errors.ts";

/** The exit codes of the process, as listed in `twelvefold --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  storage: 5,
  interrupted: 130,
} as const;

const BY_CODE: { readonly [C in ErrorCode]: number } = {
  invalid_argument: EXIT.usage,
  invalid_configuration: EXIT.usage,
  missing_credentials: EXIT.usage,
  not_found: EXIT.notFound,
  conflict: EXIT.conflict,
  sequence_conflict: EXIT.conflict,
  illegal_event: EXIT.conflict,
  forbidden: EXIT.conflict,
  expired: EXIT.conflict,
  storage_failed: EXIT.storage,
  storage_corrupt: EXIT.storage,
  engine_failed: EXIT.storage,
  provider_rejected: EXIT.failed,
  provider_unavailable: EXIT.failed,
  prompt_too_long: EXIT.failed,
  needs_person: EXIT.conflict,
  run_failed: EXIT.failed,
  aborted: EXIT.interrupted,
  replay_mismatch: EXIT.failed,
  unexpected_call: EXIT.failed,
};

export function exitCodeOf(error: unknown): number {
  return TwelvefoldError.isInstance(error) ? (BY_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}
