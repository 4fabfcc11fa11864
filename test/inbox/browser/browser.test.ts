import { afterEach, expect, it, vi } from "vitest";
import { browserIsThere } from "./browser.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("without a browser its tests are left out with a word, and fail where CI is set", {
  tags: "F11.1",
}, () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(browserIsThere("", "")).toBe(false);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("no Chromium found"));
  expect(() => browserIsThere("", "true")).toThrow("no Chromium found");
  expect(browserIsThere("/usr/bin/chromium", "true")).toBe(true);
});
