import { Hono } from "hono";
import { sha256 } from "../base/digest.ts";
import { PALETTE } from "../present/palette.ts";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

let loading: Promise<{ readonly files: ReadonlyMap<string, string>; readonly version: string }> | undefined;

/** The files, read once per process, and a version that changes with any of them. */
export function loadAssets() {
  loading ??= readAssets();
  return loading;
}

async function readAssets() {
  const { assetTexts } = await import("./asset-files.ts");
  const files = new Map(Object.entries(await assetTexts()));
  files.set("inbox.css", PALETTE + (files.get("inbox.css") ?? ""));
  const version = sha256([...files.values()].join("\0")).slice(0, 12);
  return { files, version };
}

/**
 * `GET /inbox/assets/*`: style sheet, scripts, icon. They hold nothing of anybody, so they need no sign-in: mount them
 * before the authentication.
 */
export function inboxAssets(): Hono {
  return new Hono().get("/inbox/assets/:file", async (c) => {
    const { files, version } = await loadAssets();
    const name = c.req.param("file");
    const text = files.get(name);
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (text === undefined || type === undefined) return c.text("not found", 404);
    const forEver = c.req.query("v") === version;
    c.header("cache-control", forEver ? "public, max-age=31536000, immutable" : "no-cache");
    c.header("content-type", type);
    c.header("x-content-type-options", "nosniff");
    return c.body(text);
  });
}
