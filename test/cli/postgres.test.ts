import { expect, it } from "vitest";
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
});
