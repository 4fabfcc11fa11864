import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { withPackages } from "../../base/missing-package.ts";
import { EXIT } from "../exit.ts";
import { parsePostgresPlace, tellOutage } from "../open-store.ts";
import type { Session } from "../session.ts";

/** `twelvefold store copy <from> <to>`: moves the threads of a file into PostgreSQL. */
export async function copyStore(session: Session, from: string, to: string): Promise<number> {
  const { terminal, folder, json } = session;
  const file = from.replace(/^sqlite:/, "");
  const place = parsePostgresPlace(to.replace(/^postgres(ql)?:(?!\/\/)/, "postgres://"));
  if (parsePostgresPlace(from) !== undefined || file === "" || place === undefined) {
    throw new UsageError(
      "invalid_argument",
      "copy goes from a file into PostgreSQL: twelvefold store copy sqlite:threads.db postgres://user@host/database",
    );
  }
  const load = () => import("../../store/postgres/copy-from-sqlite.ts");
  const { copySqliteToPostgres } = await withPackages("store copy", ["pg"], load);
  const interrupted = new AbortController();
  const onSignal = () =>
    interrupted.abort(
      new UsageError("invalid_argument", "interrupted; the same command goes on where it ended"),
    );
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    let told = 0;
    const copied = await copySqliteToPostgres(resolve(folder, file), place.address, {
      schema: place.schema,
      onOutage: tellOutage(terminal.err),
      now: Date.now(),
      signal: interrupted.signal,
      onProgress: (done, total) => {
        if (json || (done < total && Date.now() - told < 1_000)) return;
        told = Date.now();
        terminal.err(`${done} of ${total} threads are copied and verified`);
      },
    });
    if (json) terminal.out(JSON.stringify(copied));
    else
      terminal.out(
        `copied and verified: ${copied.threads} threads, ${copied.values} values; the source is unchanged`,
      );
    return EXIT.ok;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
