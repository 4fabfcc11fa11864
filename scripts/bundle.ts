import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";
import { leanBuiltins } from "./lean-builtins.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * What `import "twelvefold"` loads, in a few files that other entries share: Node needs about as long to open a file as
 * to read some hundred lines of it.
 */
const FILES = [
  { name: "base", test: /^\0node:|\/src\/(?:base|thread|store)\// },
  { name: "context", test: /\/src\/context\// },
  { name: "prompts", test: /\/src\/prompts\// },
  { name: "engine", test: /\/src\// },
];

/**
 * Writes the JavaScript that the package ships: one file for each entry of `exports` in package.json and for the command
 * line, and what they share in `src/chunks`. Names are kept; dependencies stay imports.
 */
export async function bundlePackage(outdir: string): Promise<void> {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const built = [...manifest.matchAll(/"default": "\.\/dist\/(.*)\.js"/g)].map((match) => match[1]);
  const entries = [...built, "src/cli/main"].map((entry) => [entry, `./${entry}.ts`]);
  const core = new Set<string>();
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries),
    platform: "node",
    tsconfig: "tsconfig.json",
    // Installed with the package: everything that is not a path.
    external: /^(?!node:)[^./\0]/,
    plugins: [leanBuiltins, loadedWith(join(root, "src", "index.ts"), core)],
  });
  await bundle.write({
    dir: outdir,
    format: "esm",
    sourcemap: true,
    chunkFileNames: "src/chunks/[name]-[hash].js",
    codeSplitting: {
      groups: FILES.map(({ name, test }) => ({ name, test: (id) => core.has(id) && test.test(id) })),
    },
  });
  await bundle.close();
}

/** Notes the modules that are loaded with an entry at once. */
function loadedWith(entry: string, found: Set<string>): Plugin {
  return {
    name: "loaded-with",
    buildEnd() {
      found.add(entry);
      for (const id of found) for (const next of this.getModuleInfo(id)?.importedIds ?? []) found.add(next);
      found.delete(entry);
    },
  };
}
