import { defineConfig } from "vitest/config";
import { requirementTags } from "./scripts/requirement-rows.ts";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/soak/**", "node_modules/**"],
    tags: requirementTags(),
    env: { BAML_LOG: "off", BAML_INTERNAL_LOG: "off" },
    // A condition is waited for on whatever machine there is.
    expect: { poll: { timeout: 15_000 } },
    // Continuous integration has whatever machine it has.
    testTimeout: process.env.CI === undefined ? 20_000 : 60_000,
    maxWorkers: 2,
    globalSetup: "test/shared-servers.ts",
  },
});
