import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { readEnvFile, tooLate } from "../../src/cli/env-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "twelvefold-env-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const env = (content: string | Uint8Array) => writeFileSync(join(folder, ".env"), content);

describe("the .env file", { tags: "F2.8" }, () => {
  it("adds what the environment does not have", async () => {
    env('FIRST=1\r\nSECOND="two words" # said\nTAKEN=file\nexport THIRD=3\n');
    const environment: Record<string, string | undefined> = { TAKEN: "environment", EMPTY: "" };
    expect(await readEnvFile(folder, environment)).toEqual([]);
    expect(environment).toEqual({
      FIRST: "1",
      SECOND: "two words",
      THIRD: "3",
      TAKEN: "environment",
      EMPTY: "",
    });
  });

  it("is refused by name where it cannot be read", async () => {
    mkdirSync(join(folder, ".env"));
    await expect(readEnvFile(folder, {})).rejects.toThrow(/\.env cannot be read: EISDIR/);
  });

  it("may be missing", async () => {
    expect(await readEnvFile(folder, {})).toEqual([]);
  });

  it("keeps its first variable behind a byte order mark", async () => {
    env("\ufeffOPENAI_API_KEY=k\nB=2\n");
    const environment = {};
    await readEnvFile(folder, environment);
    expect(environment).toEqual({ OPENAI_API_KEY: "k", B: "2" });
  });

  it.each([
    ["little-endian, with a mark", Buffer.from("\ufeffA=1\n", "utf16le")],
    ["little-endian", Buffer.from("A=1\n", "utf16le")],
    ["big-endian, with a mark", Buffer.from("\ufeffA=1\n", "utf16le").swap16()],
    ["big-endian", Buffer.from("A=1\n", "utf16le").swap16()],
  ])("is refused as UTF-16: %s", async (_, bytes) => {
    env(bytes);
    await expect(readEnvFile(folder, {})).rejects.toThrow(UsageError);
    await expect(readEnvFile(folder, {})).rejects.toThrow(/\.env is UTF-16: save it as UTF-8/);
  });

  it("says which settings come too late for Node", async () => {
    env("NODE_USE_ENV_PROXY=1\nHTTPS_PROXY=http://proxy\nhttp_proxy=\nA=1\n");
    const late = await readEnvFile(folder, { HTTPS_PROXY: "http://set-before" });
    expect(late).toEqual(["NODE_USE_ENV_PROXY"]);
    expect(tooLate(late)).toContain("NODE_USE_ENV_PROXY in .env comes too late");
  });
});
