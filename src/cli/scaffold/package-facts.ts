import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readJson } from "../../base/json.ts";

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

const installer = z.object({
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

/**
 * The archive from which whoever installed this package, a project or `npx`, has it, if it is still there. `undefined`: from a
 * registry, or it is not known.
 */
export function archiveOf(root: string): string | undefined {
  const modules = dirname(root);
  if (basename(modules) !== "node_modules") return undefined;
  const project = dirname(modules);
  const file = join(project, "package.json");
  const manifest = installer.safeParse(existsSync(file) ? readJson(readFileSync(file, "utf8")) : undefined);
  const { dependencies, devDependencies } = manifest.data ?? {};
  const spec = dependencies?.["twelvefold"] ?? devDependencies?.["twelvefold"];
  const path = /^file:(.+\.(?:tgz|tar\.gz))$/.exec(spec ?? "")?.[1];
  const archive = path === undefined ? undefined : resolve(project, path);
  return archive !== undefined && existsSync(archive) ? archive : undefined;
}
