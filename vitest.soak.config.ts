import { defineConfig } from "vitest/config";
import { requirementTags } from "./scripts/requirement-rows.ts";

/**
 * Minutes, not seconds: crashes, races and faults in bulk. `npm run test:soak`. `SOAK_SEED` draws other faults,
 * `SOAK_THREADS` sets the threads of the faulty model.
 */
export default defineConfig({
  test: {
    include: ["test/soak/**/*.soak.ts"],
    tags: requirementTags(),
    env: { BAML_LOG: "off", BAML_INTERNAL_LOG: "off" },
    // A condition is waited for on whatever machine there is.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 900_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    globalSetup: "test/shared-servers.ts",
  },
});
