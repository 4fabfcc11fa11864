import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const own = (file: string) => () => new URL(`assets/${file}`, import.meta.url);
const ofPackage = (file: string) => () => createRequire(import.meta.url).resolve(file);

/** The files that the pages load, and where they stand here. */
export const ASSET_FILES: Readonly<Record<string, () => string | URL>> = {
  "inbox.css": own("inbox.css"),
  "inbox.js": own("inbox.js"),
  "icon.svg": own("icon.svg"),
  "htmx.js": ofPackage("htmx.org/dist/htmx.min.js"),
  "htmx-sse.js": ofPackage("htmx.org/dist/ext/hx-sse.min.js"),
};

/**
 * The files' texts by name. The package holds the texts in place of this module (`scripts/bundle.ts`), so that no bundler
 * can lose the files.
 */
export async function assetTexts(): Promise<Readonly<Record<string, string>>> {
  const names = Object.entries(ASSET_FILES);
  const texts = names.map(async ([name, place]) => [name, await readFile(place(), "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
}
