import { openPostgresStore } from "../../../src/store/postgres/open.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { ThreadStore } from "../../../src/store/store.ts";

/** The store at a place: the path of an SQLite file, or the address of a PostgreSQL database with its schema after `#`. */
export async function openStoreAt(place: string): Promise<ThreadStore> {
  if (!place.startsWith("postgres://")) return openSqliteStore(place);
  const [address = "", schema] = place.split("#");
  return openPostgresStore(address, { schema, connections: 4 });
}
