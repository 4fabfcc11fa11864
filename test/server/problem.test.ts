import { describe, expect, it } from "vitest";
import { type ErrorCode, HTTP_STATUS, StorageError, TwelvefoldError } from "../../src/base/errors.ts";
import { problemOf as problemPage } from "../../src/inbox/routes/page.tsx";
import { problemOf } from "../../src/server/problem.ts";

const codes = Object.keys(HTTP_STATUS).map((code) => code as ErrorCode);

describe("what an error is over HTTP", () => {
  it.each(codes)("%s has the same status and title in the API and on a page", (code) => {
    const error = new TwelvefoldError(code, "the words of the error");
    const problem = problemOf(error, "1");
    const page = problemPage(error);
    expect([page.status, page.title]).toEqual([problem.status, problem.title]);
    expect(page.text === error.message).toBe(problem.detail === error.message);
  });

  it("a store that does not answer may answer later; what it said is for the log", () => {
    const error = new StorageError("storage_failed", "/var/lib/threads.db cannot be written");
    expect(problemOf(error, "1")).toMatchObject({ status: 503, code: "storage_failed" });
    expect(JSON.stringify([problemOf(error, "1"), problemPage(error)])).not.toContain("/var/lib");
    expect(problemOf(new StorageError("storage_corrupt", "bad"), "1").status).toBe(500);
    expect([problemOf(new Error("x"), "1").status, problemPage(new Error("x")).status]).toEqual([500, 500]);
  });
});
