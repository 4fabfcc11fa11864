import { defineConfig } from "vitest/config";
import { requirementTags } from "./scripts/requirement-rows.ts";

/**
 * The package as it is installed: packed, put into fresh projects with npm, type-checked and run; and what else needs
 * other programs for long: compilers of prompts, browsers. `npm run test:package`.
 */
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    include: ["test/**/*.pack.ts"],
    tags: requirementTags(),
    env: { BAML_LOG: "off", BAML_INTERNAL_LOG: "off" },
    // A condition is waited for on whatever machine there is.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 300_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    globalSetup: ["test/package/setup.ts", "test/shared-servers.ts"],
  },
});
