import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { NotFoundError, type TwelvefoldError, UsageError } from "../base/errors.ts";
import { withPackages } from "../base/missing-package.ts";
import { copyFile } from "../store/sqlite/copy-file.ts";
import { openSqliteStore } from "../store/sqlite/open.ts";
import type { ThreadStore } from "../store/store.ts";

/**
 * Opens the store that the settings name: an SQLite file by its path, relative to `folder`, or a PostgreSQL database by
 * its address, which may name a schema: `postgres://agents@db.example/agents?schema=support`. `tell` is called with a line when
 * the database is waited for.
 */
export async function openStore(place: string, folder: string, tell?: Tell): Promise<ThreadStore> {
  const database = parsePostgresPlace(place);
  if (database !== undefined) {
    const { openPostgresStore } = await withPackages(
      "a store in PostgreSQL",
      ["pg"],
      () => import("../store/postgres/open.ts"),
    );
    return openPostgresStore(database.address, {
      schema: database.schema,
      onOutage: tell && tellOutage(tell),
    });
  }
  return openSqliteStore(fileAt(place, folder));
}

export type Tell = (line: string) => void;

/** Says why nothing happens for a while. */
export function tellOutage(tell: Tell): (error: TwelvefoldError) => void {
  return ({ message }) => tell(`${message}; it is tried again for half a minute`);
}

/** Opens a store that is there. Throws `NotFoundError` for an SQLite file that is not: opening it would create it. */
export async function openExisting(place: string, folder: string, tell?: Tell): Promise<ThreadStore> {
  requireFile(place, folder);
  return openStore(place, folder, tell);
}

function requireFile(place: string, folder: string): void {
  if (parsePostgresPlace(place) !== undefined || existsSync(fileAt(place, folder))) return;
  throw new NotFoundError(
    `there is no store ${place}: nothing has run here yet, or TWELVEFOLD_STORE names another place`,
  );
}

/**
 * Opens a copy of an SQLite file, which stays as it is: opening a file brings its tables up to date, and the release that works
 * with it may be an earlier one. A database in PostgreSQL is opened itself. Throws `NotFoundError` where there is no file.
 */
export async function openCopy(place: string, folder: string, tell?: Tell): Promise<ThreadStore> {
  requireFile(place, folder);
  if (parsePostgresPlace(place) !== undefined) return openStore(place, folder, tell);
  const path = fileAt(place, folder);
  const temporary = mkdtempSync(join(tmpdir(), "twelvefold-copy-"));
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  try {
    const copy = join(temporary, "threads.db");
    await copyFile(path, copy);
    const store = await openSqliteStore(copy);
    return { ...store, close: () => store.close().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The path of an SQLite file. Throws `UsageError` for an address of something else: a file of that name would be made. */
function fileAt(place: string, folder: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(place)?.[1];
  if (scheme === undefined || scheme === "sqlite") return resolve(folder, place.replace(/^sqlite:/, ""));
  throw new UsageError(
    "invalid_configuration",
    `the store is a file (threads.db) or a database (postgres://user@host/database), not ${scheme}:…`,
  );
}

/** The address of a PostgreSQL database and the schema it names; `undefined` for anything else. */
export function parsePostgresPlace(
  place: string,
): { address: string; schema: string | undefined } | undefined {
  if (!/^postgres(ql)?:\/\//.test(place)) return undefined;
  const schema = /[?&]schema=([^&]*)/.exec(place)?.[1];
  return { address: place.replace(/([?&])schema=[^&]*&?/, "$1").replace(/[?&]$/, ""), schema };
}
