// Run by BAML's `on_generate` in the generated folder: marks the type imports that BAML writes as values.
import { readFileSync, writeFileSync } from "node:fs";

for (const file of ["async_request.ts", "sync_request.ts"]) {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/, HTTPRequest,/, ", type HTTPRequest,"));
}
