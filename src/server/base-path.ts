import type { Context } from "hono";
import { getPath } from "hono/utils/url";
import { type Check, check } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import type { ServerEnv } from "./env.ts";

/** The beginnings of the server's own paths. */
const OWN =
  /^\/(?:inbox|threads|requests|events|jobs|webhooks|channels|open|login|logout|docs|openapi\.json|healthz|pages\.css|favicon\.ico)(?=\/|$)/;

/** A path to be mounted under, such as `/agents` or `/tools/agents`. */
export const basePathText: Check = check((value) => {
  if (typeof value !== "string") return `must be text, not ${typeof value}`;
  const path = withoutEnd(value);
  if (path !== "" && !/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(path))
    return "must be a path such as /agents";
  // Some frameworks strip the prefix before they pass a request on; with such a prefix, that could not be
  // detected.
  return OWN.test(path) ? `begins like one of the server's own paths, ${OWN.exec(path)?.[0]}` : undefined;
});

/**
 * The path that a server is mounted under: the given one, or else that of its public address; `""` if there is none.
 * Throws `UsageError` if the two disagree.
 */
export function basePathOf(options: {
  readonly basePath?: string | undefined;
  readonly publicUrl?: string | undefined;
}): string {
  const named = options.basePath === undefined ? undefined : withoutEnd(options.basePath);
  const shown = options.publicUrl === undefined ? "" : withoutEnd(new URL(options.publicUrl).pathname);
  if (shown === "" || shown === named) return named ?? "";
  const problem =
    named === undefined
      ? basePathText(shown)[0]?.message
      : `has another path than the base path, ${named || "/"}`;
  if (problem === undefined) return shown;
  throw new UsageError("invalid_configuration", `the path of publicUrl, ${shown}, ${problem}`);
}

/** The server's own path in a request, whether or not the prefix was stripped on the way. */
export function pathWithin(basePath: string, request: Request): string {
  const path = getPath(request);
  if (path === basePath) return "/";
  return basePath !== "" && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** The address of one of the server's own paths, for a page or a redirect. */
export function linkTo(c: Context<ServerEnv>, path: string): string {
  return `${c.get("basePath")}${path}`;
}

/** The address of one of the server's own paths for somebody elsewhere, who reaches the server at `publicUrl`. */
export function publicAddress(publicUrl: string, path: string): string {
  const { origin, pathname } = new URL(publicUrl);
  return `${origin}${withoutEnd(pathname)}${path}`;
}

/** The prefix that a path seems to have lost, if it ends in one of the server's own paths. */
export function forgottenPrefix(path: string): string | undefined {
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
    if (OWN.test(path.slice(at))) return path.slice(0, at);
  }
  return undefined;
}

function withoutEnd(path: string): string {
  return path.replace(/\/+$/, "");
}
