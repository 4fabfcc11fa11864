#!/usr/bin/env node
// Starts the command line.
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 14)) {
  console.error(
    `twelvefold needs Node 22.14 or later; this is ${process.version}. In a project, run it through npx.`,
  );
  process.exit(2);
}
process.env.BAML_LOG ??= "off";
// Its parser reports what it cannot read, on standard error and with stack traces; here that is an event of the thread.
process.env.BAML_INTERNAL_LOG ??= "off";
// Also lets a project's own twelvefold.config.ts and agents be TypeScript.
const { register } = await import("tsx/esm/api");
register();
// A checkout has the sources, a package the built files.
const sources = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/src/cli/main.js", import.meta.url);
const { main } = await import((existsSync(sources) ? sources : built).href);
await main();
