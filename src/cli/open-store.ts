import { resolve } from "node:path";
import { withPackages } from "../base/missing-package.ts";
import { openSqliteStore } from "../store/sqlite/open.ts";
import type { ThreadStore } from "../store/store.ts";

/**
 * Opens the store that the settings name: an SQLite file by its path, relative to `folder`, or a PostgreSQL database by
 * its address, which may name a schema: `postgres://agents@db.example/agents?schema=support`.
 */
export async function openStore(place: string, folder: string): Promise<ThreadStore> {
  const database = parsePostgresPlace(place);
  if (database !== undefined) {
    const { openPostgresStore } = await withPackages(
      "a store in PostgreSQL",
      ["pg"],
      () => import("../store/postgres/open.ts"),
    );
    return openPostgresStore(database.address, { schema: database.schema });
  }
  return openSqliteStore(resolve(folder, place));
}

/** The address of a PostgreSQL database and the schema it names; `undefined` for anything else. */
export function parsePostgresPlace(
  place: string,
): { address: string; schema: string | undefined } | undefined {
  if (!/^postgres(ql)?:\/\//.test(place)) return undefined;
  const schema = /[?&]schema=([^&]*)/.exec(place)?.[1];
  return { address: place.replace(/([?&])schema=[^&]*&?/, "$1").replace(/[?&]$/, ""), schema };
}
