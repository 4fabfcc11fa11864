import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { createThread } from "../../src/testing/store-contract/samples.ts";
import { sharedPostgres } from "../store/postgres-server.ts";
import { cli } from "./run-cli.ts";

it("the command line keeps threads in PostgreSQL where the settings name one", {
  tags: "F5.9",
  timeout: 120_000,
}, async () => {
  const address = await sharedPostgres();
  const twelvefold = cli(`${address}&schema=cli`);
  const ran = await twelvefold(["run", "calculator", "multiply 3 by 4", "--json"]);
  expect(ran.code).toBe(0);
  const listed = await twelvefold(["list", "--json"]);
  const { threads } = JSON.parse(listed.stdout);
  expect(threads).toMatchObject([{ agent: "calculator", status: "finished" }]);
  const verified = await twelvefold(["verify", threads[0].threadId]);
  expect(verified.code).toBe(0);
  const down = await twelvefold(["list"], {
    TWELVEFOLD_STORE: "postgres://ada:s3cret@127.0.0.1:1/x?schema=a;b",
  });
  expect(down.code).toBe(2);
  expect(down.stderr).toContain("schema is a name of lower-case letters");
  const misspelt = await twelvefold(["list"], { TWELVEFOLD_STORE: "postgres:/ada:s3cret@db/agents" });
  expect([misspelt.code, misspelt.stderr]).toEqual([
    2,
    expect.stringContaining("or a database (postgres://user@host/database), not postgres:…"),
  ]);
});

it("store copy moves the threads of a file into PostgreSQL, and says what it does not take", {
  tags: "F5.9",
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-"));
  const path = join(folder, "threads.db");
  const store = await openSqliteStore(path);
  for (let thread = 0; thread < 3; thread++) await createThread(store, { texts: ["one"] });
  await store.close();
  const target = `${await sharedPostgres()}&schema=cli_copy`;
  const copied = await cli(path)(["store", "copy", `sqlite:${path}`, target]);
  expect(copied.stderr).toBe("3 of 3 threads are copied and verified\n");
  expect(copied.stdout).toBe("copied and verified: 3 threads, 0 values; the source is unchanged\n");
  const listed = await cli(`sqlite:${path}`)(["list", "--json"]);
  expect(JSON.parse(listed.stdout).threads).toHaveLength(3);
  const again = await cli(path)(["store", "copy", path, target]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("holds threads")]);
  const wrong = await cli(path)(["store", "copy", target, path]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("from a file into PostgreSQL")]);
});
