import { openPostgresStore, type PostgresStoreOptions } from "../../src/store/postgres/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { sharedPostgres } from "./postgres-server.ts";

let schemas = 0;

/** A new PostgreSQL store in a schema of its own. */
export async function temporaryPostgres(options: PostgresStoreOptions = {}): Promise<{
  address: string;
  schema: string;
  store: ThreadStore;
  reopen: () => Promise<ThreadStore>;
  close: () => Promise<void>;
}> {
  const address = await sharedPostgres();
  schemas += 1;
  const schema = `test_${process.pid}_${schemas}`;
  const open: ThreadStore[] = [];
  const reopen = async () => {
    const store = await openPostgresStore(address, { schema, connections: 4, ...options });
    open.push(store);
    return store;
  };
  return {
    address,
    schema,
    store: await reopen(),
    reopen,
    close: async () => {
      for (const store of open) await store.close();
    },
  };
}
