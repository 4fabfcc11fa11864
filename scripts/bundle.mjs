import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { leanBuiltins } from "./lean-builtins.mjs";

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
export async function bundlePackage(outdir) {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const built = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.default]));
  const files = [...built, "./dist/src/cli/main.js"].map((file) => /^\.\/dist\/(.*)\.js$/.exec(file)?.[1]);
  const core = new Set();
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(files.map((file) => [file, `./${file}.ts`])),
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
function loadedWith(entry, found) {
  return {
    name: "loaded-with",
    buildEnd() {
      found.add(entry);
      for (const id of found) for (const next of this.getModuleInfo(id)?.importedIds ?? []) found.add(next);
      found.delete(entry);
    },
  };
}
