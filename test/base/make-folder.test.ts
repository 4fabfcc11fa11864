import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeFolder } from "../../src/base/make-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "twelvefold-folder-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a folder is made", { tags: "F12.1" }, () => {
  it("with those above it, for its owner alone where that is wanted; one that is there stays", () => {
    const deep = join(folder, "a", "b", "c");
    expect(makeFolder(deep, 0o700)).toBe(join(folder, "a"));
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(makeFolder(deep)).toBeUndefined();
  });

  it("or refused: at a file, below one, and where no folder can be made, which Node itself tries for ever", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow("EEXIST");
    expect(() => makeFolder(join(file, "below", "it"))).toThrow("ENOTDIR");
    if (existsSync("/proc/self"))
      expect(() => makeFolder("/proc/twelvefold/x")).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
