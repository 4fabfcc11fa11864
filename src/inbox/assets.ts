import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Hono } from "hono";
import { sha256 } from "../base/digest.ts";
import { withPackages } from "../base/missing-package.ts";
import { PALETTE } from "../server/palette.ts";

interface Asset {
  readonly type: string;
  /** Resolved when first asked for. */
  readonly url: () => string | URL;
  /** What stands before the file's own text. */
  readonly before?: string;
}

// Bundled, this code stands in another folder beside `inbox`.
const own = (file: string) => () => new URL(`../inbox/assets/${file}`, import.meta.url);
const ofPackage = (file: string) => () => createRequire(import.meta.url).resolve(file);

/** Everything the pages load. All of it comes from this server. */
const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["inbox.css", { type: "text/css; charset=utf-8", url: own("inbox.css"), before: PALETTE }],
  ["inbox.js", { type: "text/javascript; charset=utf-8", url: own("inbox.js") }],
  ["icon.svg", { type: "image/svg+xml", url: own("icon.svg") }],
  ["htmx.js", { type: "text/javascript; charset=utf-8", url: ofPackage("htmx.org/dist/htmx.min.js") }],
  [
    "htmx-sse.js",
    { type: "text/javascript; charset=utf-8", url: ofPackage("htmx.org/dist/ext/hx-sse.min.js") },
  ],
]);

interface Loaded {
  readonly text: string;
  readonly type: string;
}

let loading: Promise<{ readonly files: ReadonlyMap<string, Loaded>; readonly version: string }> | undefined;

/** The files, read once per process, and a version that changes with any of them. */
export function loadAssets() {
  loading ??= withPackages("twelvefold/inbox", ["htmx.org"], readAssets);
  return loading;
}

async function readAssets() {
  const files = new Map<string, Loaded>();
  for (const [name, { type, url, before = "" }] of ASSETS) {
    files.set(name, { type, text: before + (await readFile(url(), "utf8")) });
  }
  const version = sha256([...files.values()].map(({ text }) => text).join("\0")).slice(0, 12);
  return { files, version };
}

/**
 * `GET /inbox/assets/*`: style sheet, scripts, icon. They hold nothing of anybody, so they need no sign-in: mount them
 * before the authentication.
 */
export function inboxAssets(): Hono {
  return new Hono().get("/inbox/assets/:file", async (c) => {
    const { files, version } = await loadAssets();
    const asset = files.get(c.req.param("file"));
    if (asset === undefined) return c.text("not found", 404);
    const forEver = c.req.query("v") === version;
    c.header("cache-control", forEver ? "public, max-age=31536000, immutable" : "no-cache");
    c.header("content-type", asset.type);
    c.header("x-content-type-options", "nosniff");
    return c.body(asset.text);
  });
}
