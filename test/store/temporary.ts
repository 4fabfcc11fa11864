import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";

/** A folder of its own, removed with everything in it by `remove`. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "twelvefold-store-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A new SQLite store in a folder of its own. */
export async function temporaryStore(options: SqliteStoreOptions = {}): Promise<{
  path: string;
  store: ThreadStore;
  reopen: () => Promise<ThreadStore>;
  close: () => Promise<void>;
}> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "threads.db");
  const open: ThreadStore[] = [];
  const reopen = async () => {
    const store = await openSqliteStore(path, options);
    open.push(store);
    return store;
  };
  return {
    path,
    store: await reopen(),
    reopen,
    close: async () => {
      for (const store of open) await store.close();
      await folder.remove();
    },
  };
}
