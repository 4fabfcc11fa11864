import { resolve } from "node:path";
import { withPackages } from "../base/missing-package.ts";
import { openSqliteStore } from "../store/sqlite/open.ts";
import type { ThreadStore } from "../store/store.ts";

/**
 * Opens the store that the settings name: an SQLite file by its path, relative to `folder`, or a PostgreSQL database by
 * its address, which may name a schema: `postgres://agents@db.example/agents?schema=support`.
 */
export async function openStore(place: string, folder: string): Promise<ThreadStore> {
  if (/^postgres(ql)?:\/\//.test(place)) {
    const { openPostgresStore } = await withPackages(
      "a store in PostgreSQL",
      ["pg"],
      () => import("../store/postgres/open.ts"),
    );
    const schema = /[?&]schema=([^&]*)/.exec(place)?.[1];
    const address = place.replace(/([?&])schema=[^&]*&?/, "$1").replace(/[?&]$/, "");
    return openPostgresStore(address, { schema });
  }
  return openSqliteStore(resolve(folder, place));
}
