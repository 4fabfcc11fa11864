import { backup, DatabaseSync } from "node:sqlite";
import { storageError } from "./errors.ts";

/** Copies an SQLite file as it is at one moment, while others write to it. The source is not changed. Throws `StorageError`. */
export async function copyFile(from: string, to: string): Promise<void> {
  try {
    const database = new DatabaseSync(from, { readOnly: true });
    try {
      await backup(database, to);
    } finally {
      database.close();
    }
  } catch (error) {
    throw storageError(error, from);
  }
}
