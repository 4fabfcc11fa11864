#!/usr/bin/env node
// Starts the command line.
import { existsSync } from "node:fs";
import * as module from "node:module";
import { join } from "node:path";

// A checkout has the sources, a package the built files.
const sources = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/src/cli/main.js", import.meta.url);
const isCheckout = existsSync(sources);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 16)) {
  const own = isCheckout ? "npm install" : "npm install --save-dev node@24";
  console.error(
    `twelvefold needs Node 22.16 or later (22.18 for a project in TypeScript); this is ${process.version}. Install a newer one (https://nodejs.org), ` +
      `or one for this project alone (${own}) and run npx twelvefold.`,
  );
  process.exit(2);
}
process.env.BAML_LOG ??= "off";
// Its parser reports what it cannot read, on standard error and with stack traces; here that is an event of the thread.
process.env.BAML_INTERNAL_LOG ??= "off";
// What was compiled is kept for the next start, in the person's own folder: Node's choice is one that all can write to.
const { XDG_CACHE_HOME, HOME, LOCALAPPDATA } = process.env;
const caches = XDG_CACHE_HOME || (HOME && join(HOME, ".cache")) || LOCALAPPDATA;
if (caches) module.enableCompileCache(join(caches, "twelvefold"));
if (isCheckout) {
  const { register } = await import("tsx/esm/api").catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(
      "twelvefold: the dependencies of this clone are not installed: run npm install (npm start does it by itself)",
    );
    process.exit(2);
  });
  register();
}
const { main } = await import((isCheckout ? sources : built).href);
await main();
