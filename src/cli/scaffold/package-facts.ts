import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const versions = z.record(z.string(), z.string());
const manifestSchema = z.object({
  version: z.string(),
  dependencies: versions,
  devDependencies: versions,
  peerDependencies: versions,
});

/** This package as it is installed or checked out. */
export interface PackageFacts {
  /** The folder with `templates/`. */
  readonly root: string;
  readonly version: string;
  /** The version of another package that this one was tested with. Throws for an unknown package. */
  versionOf(name: string): string;
}

export function readPackageFacts(): PackageFacts {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, "templates", "project")) && dirname(root) !== root) root = dirname(root);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const known = { ...manifest.peerDependencies, ...manifest.devDependencies, ...manifest.dependencies };
  return {
    root,
    version: manifest.version,
    versionOf(name) {
      const version = known[name];
      if (version === undefined) throw new Error(`package.json of twelvefold does not name ${name}`);
      return version;
    },
  };
}
