import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startOfflineModel } from "../../src/model/index.ts";

const run = promisify(execFile);

it("the script that compares the formats asks a model with each of them and counts its answers", {
  tags: "F3.9",
  timeout: 60_000,
}, async () => {
  const model = await startOfflineModel();
  const env = { ...process.env, TWELVEFOLD_BASE_URL: model.url };
  const { stdout } = await run(process.execPath, ["--import", "tsx", "scripts/compare-formats.ts", "1"], {
    env,
  });
  await model.close();
  const [title, header, ...rows] = stdout.trimEnd().split("\n");
  expect(title).toBe("4 decisions each");
  expect(header).toMatch(/^format +valid +right +prompt tokens$/);
  expect(rows.map((row) => row.split(/ +/)[0])).toEqual(["messages", "xml", "yaml", "json", "markdown"]);
  expect(rows.filter((row) => /^\w+ +4 +4 +\d+$/.test(row)).map((row) => row.split(" ")[0])).toEqual([
    "messages",
    "xml",
    "json",
  ]);
});
