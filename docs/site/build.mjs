// Builds the site into docs/site/dist: the API reference from the sources, the pages of docs/, and llms.txt with the pages as they are.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { build } from "vitepress";
import { doors } from "./doors.mjs";

const site = dirname(fileURLToPath(import.meta.url));
const docs = join(site, "..");
/** What the site is built from: a copy of `docs/`, beside which the packages of the site are found, and the reference. */
const pages = join(site, "pages");
const root = join(docs, "..");

async function writeReference() {
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: doors().map(({ source }) => join(root, source)),
    tsconfig: join(root, "tsconfig.json"),
    // The sources are checked by the repository's own compiler.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    readme: "none",
    disableSources: true,
    router: "module",
    entryFileName: "index",
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useHTMLAnchors: true,
    out: join(pages, "api"),
    logLevel: "Error",
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("the API reference could not be made");
  // Modules are called what users import.
  for (const { name, source } of doors()) {
    const module = project.children?.find(
      (child) => `src/${child.name}` === source.replace(/(?:\/index)?\.ts$/, ""),
    );
    const main = project.children?.find((child) => child.name === "index");
    const found = source === "src/index.ts" ? main : module;
    if (found === undefined) throw new Error(`the API reference has no module for ${source}`);
    found.name = name;
  }
  await app.generateOutputs(project);
}

/** What programs read: llms.txt, and each page as Markdown where it names it. */
function writeForPrograms(out) {
  writeFileSync(
    join(out, "llms.txt"),
    readFileSync(join(root, "llms.txt"), "utf8").replaceAll("](docs/", "]("),
  );
  cpSync(join(root, "SKILL.md"), join(out, "SKILL.md"));
  for (const page of readdirSync(pages, { recursive: true }).map(String)) {
    if (!page.endsWith(".md") || page.startsWith("api")) continue;
    mkdirSync(dirname(join(out, page)), { recursive: true });
    cpSync(join(pages, page), join(out, page));
  }
}

rmSync(pages, { recursive: true, force: true });
for (const name of readdirSync(docs))
  if (name !== "site") cpSync(join(docs, name), join(pages, name), { recursive: true });
await writeReference();
await build(site);
writeForPrograms(join(site, "dist"));
