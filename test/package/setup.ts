import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { TestProject } from "vitest/node";
import { installTools, pack } from "./packed.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the package as it is published. */
    archive: string;
    /** The folder of the tools that the tests need besides the development dependencies. */
    tools: string;
  }
}

/** What the test files of one run share: the package, packed once, and the tools that install it. */
export default function setup(project: TestProject): () => void {
  const archive = pack();
  project.provide("tools", installTools());
  project.provide("archive", archive);
  return () => rmSync(dirname(archive), { recursive: true, force: true });
}
