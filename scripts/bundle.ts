import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputChunk, type OutputOptions, type Plugin, rolldown } from "rolldown";
import { z } from "zod";
import { assetTexts } from "../src/inbox/asset-files.ts";
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

const CLIENT = "src/client/index";

/**
 * Writes the JavaScript that the package ships: one file for each entry of `exports` in package.json and for the command
 * line, and what they share in `src/chunks`. Names are kept; dependencies stay imports.
 */
export async function bundlePackage(outdir: string): Promise<void> {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const built = [...manifest.matchAll(/"default": "\.\/dist\/(.*)\.js"/g)]
    .map((match) => match[1])
    .filter((entry) => entry !== CLIENT);
  const entries = [...built, "src/cli/main", "src/base/missing-package"].map((entry) => [
    entry,
    `./${entry}.ts`,
  ]);
  const { peerDependenciesMeta } = z
    .object({ peerDependenciesMeta: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(manifest));
  // Zod comes with the package, but `@hono/zod-openapi` takes the project's.
  const optional = [...Object.keys(peerDependenciesMeta), "zod"];
  // Browsers load the client: it is one file, which shares nothing.
  const client = await rolldown({
    cwd: root,
    input: { [CLIENT]: `./${CLIENT}.ts` },
    tsconfig: "tsconfig.json",
  });
  await client.write({ dir: outdir, format: "esm", sourcemap: true });
  await client.close();
  const core = new Set<string>();
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries),
    platform: "node",
    tsconfig: "tsconfig.json",
    // Installed with the package: everything that is not a path.
    external: /^(?!node:)[^./\0]/,
    plugins: [leanBuiltins, assetsInside, loadedWith(join(root, "src", "index.ts"), core)],
  });
  const options: OutputOptions = {
    dir: outdir,
    format: "esm",
    sourcemap: true,
    chunkFileNames: "src/chunks/[name]-[hash].js",
    codeSplitting: {
      groups: FILES.map(({ name, test }) => ({ name, test: (id) => core.has(id) && test.test(id) })),
    },
  };
  const { output } = await bundle.generate(options);
  const wrappers = wrappersFor(
    output.filter((file) => file.type === "chunk"),
    optional,
  );
  await bundle.write({
    ...options,
    entryFileNames: ({ name }) => (wrappers.has(name) ? `${name}.direct.js` : "[name].js"),
  });
  await bundle.close();
  for (const [name, code] of wrappers) writeFileSync(join(outdir, `${name}.js`), code);
}

/**
 * Entries that need packages which may be missing. What they import is looked for before any of their code runs, so that
 * the code itself cannot say what is missing: a file around it does. `require` takes the code directly, since it cannot
 * wait for it.
 */
function wrappersFor(chunks: readonly OutputChunk[], optional: readonly string[]): Map<string, string> {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const wrappers = new Map<string, string>();
  for (const { name, isEntry, exports, fileName } of chunks) {
    if (!isEntry || name.startsWith("src/cli/")) continue;
    const files = new Set([fileName]);
    for (const file of files) for (const next of byFile.get(file)?.imports ?? []) files.add(next);
    const imported = optional.filter((peer) =>
      [...files].some((file) => file === peer || file.startsWith(`${peer}/`)),
    );
    // Zod is always there; it is named only where another package takes the project's own.
    const needs = imported.filter((peer) => peer !== "zod" || imported.includes("@hono/zod-openapi"));
    if (needs.length === 0) continue;
    const here = relative(dirname(name), "src/base/missing-package.js").replaceAll("\\", "/");
    const door = `twelvefold/${dirname(name).split("/").at(-1)}`;
    wrappers.set(
      name,
      `import { withPackages } from "${here}";
const all = await withPackages("${door}", ${JSON.stringify(needs)}, () => import("./${basename(name)}.direct.js"));
export const { ${exports.join(", ")} } = all;
`,
    );
  }
  return wrappers;
}

/** Puts the files that the inbox serves into the code, as text: other people's bundlers could not find them. */
const assetsInside: Plugin = {
  name: "assets-inside",
  async load(id) {
    if (!/\/src\/inbox\/asset-files\.ts$/.test(id.replaceAll("\\", "/"))) return null;
    return `const texts = ${JSON.stringify(await assetTexts())};\nexport const assetTexts = async () => texts;\n`;
  },
};

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
