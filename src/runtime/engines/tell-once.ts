import { TwelvefoldError } from "../../base/errors.ts";
import { isConnectionError, storageError } from "../../store/postgres/errors.ts";

/** How long, in ms, nobody is told again of what is still wrong. */
const TELL_AGAIN_MS = 60_000;

/** Tells of the same trouble once a minute, however many timers and connections of pg-boss meet it. */
export function tellOnce(where: string, tell: (error: unknown) => void): (error: unknown) => void {
  let last = { what: "", at: 0 };
  return (error) => {
    const isOut = isConnectionError(error);
    const failure = storageError(error, where);
    const what = isOut ? "out of reach" : failure.message;
    const now = performance.now();
    if (what === last.what && now - last.at < TELL_AGAIN_MS) return;
    last = { what, at: now };
    tell(isOut ? new TwelvefoldError("engine_failed", failure.message, { cause: error }) : failure);
  };
}
