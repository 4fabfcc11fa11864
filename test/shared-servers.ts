import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SHARED, stopSharedPostgres } from "./store/postgres-server.ts";

/** What the test files of one run share: servers that are started by the first file that needs them, and ended here. */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tf-"));
  // The user that PostgreSQL runs as goes through it.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "owner"), String(process.pid));
  process.env[SHARED] = folder;
  return () => stopSharedPostgres(folder);
}
