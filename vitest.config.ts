import { defineConfig } from "vitest/config";
import { requirementTags } from "./scripts/requirement-rows.ts";

/** Folders whose tests start programs, servers and browsers: each of their files has a process of its own. */
const APART = "test/{agents,cli,docs,examples,inbox,scripts,server,store}/**";
const TESTS = "*.test.{ts,tsx}";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    exclude: ["test/soak/**", "node_modules/**"],
    tags: requirementTags(),
    env: { BAML_LOG: "off", BAML_INTERNAL_LOG: "off" },
    // A condition is waited for on whatever machine there is.
    expect: { poll: { timeout: 15_000 } },
    // Continuous integration has whatever machine it has.
    testTimeout: process.env.CI === undefined ? 20_000 : 60_000,
    maxWorkers: 2,
    globalSetup: "test/shared-servers.ts",
    projects: [
      { extends: true, test: { name: "apart", include: [`${APART}/${TESTS}`] } },
      // To load the modules anew for each file took as long as half of the tests.
      {
        extends: true,
        test: {
          name: "together",
          include: [`test/**/${TESTS}`],
          exclude: ["test/soak/**", APART],
          isolate: false,
        },
      },
    ],
  },
});
