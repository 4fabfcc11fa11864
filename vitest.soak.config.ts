import { defineConfig } from "vitest/config";

/** Minutes, not seconds: crashes, races and faults in bulk. `npm run test:soak`. */
export default defineConfig({
  test: {
    include: ["test/soak/**/*.soak.ts"],
    env: { BAML_LOG: "off" },
    testTimeout: 900_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
