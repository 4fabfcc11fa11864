import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { html, raw } from "hono/html";
import type { Child } from "hono/jsx";
import { sha256 } from "../../base/digest.ts";
import { ForbiddenError, HTTP_STATUS, HTTP_TITLE, isInternal, TwelvefoldError } from "../../base/errors.ts";
import { principalKey, type VerifiedPrincipal } from "../../humans/principal.ts";
import { formFields } from "../../server/form.ts";
import type { FormFields } from "../../steps/form-decision.ts";
import { loadAssets } from "../assets.ts";
import type { Frame, Theme } from "../components/layout.tsx";
import { EVERYTHING, type InboxAccess, type InboxDeps } from "../deps.ts";
import type { FiguresList } from "../figures-list.ts";
import { type Problem, ProblemPage } from "../pages/problem.tsx";
import { BasePath, pathsFor } from "../paths.ts";
import type { RequestList } from "../request-list.ts";

/** What the routes share. */
export interface Pages {
  readonly deps: InboxDeps;
  readonly requests: RequestList;
  readonly figures: FiguresList;
}

export const THEME_COOKIE = "tf_theme";

export function accessOf({ deps }: Pages, c: Context): InboxAccess {
  return deps.access?.(c) ?? EVERYTHING;
}

/** Throws `ForbiddenError` for sessions that may not see threads and agents. */
export function requireRead(pages: Pages, c: Context): void {
  if (!accessOf(pages, c).read) throw new ForbiddenError("this session may not see threads and agents");
}

/** The person who is looking. Throws if there is none, which the middleware of `inboxRoutes` has already ruled out. */
export function viewerOf({ deps }: Pages, c: Context): VerifiedPrincipal {
  const principal = deps.principal(c);
  if (principal === undefined) throw new Error("the route is reachable without a principal");
  return principal;
}

/** What surrounds a page for this session. */
export async function frameOf(pages: Pages, c: Context): Promise<Frame> {
  const { deps, requests } = pages;
  const viewer = deps.principal(c) ?? null;
  const { version } = await loadAssets();
  const { read, onlyRequest = false } = accessOf(pages, c);
  return {
    theme: themeOf(getCookie(c, THEME_COOKIE)),
    viewer,
    csrf: viewer === null ? "" : deps.csrfToken(c),
    here: c.req.method === "GET" ? ownPath(pages, c) + new URL(c.req.url).search : "/inbox",
    pending: viewer === null || onlyRequest ? null : await requests.count(viewer),
    reach: onlyRequest ? "one_request" : read ? "everything" : "requests",
    signOutPath: deps.signOutPath?.(c) ?? null,
    version,
  };
}

export function themeOf(text: string | undefined): Theme {
  return text === "light" || text === "dark" ? text : "system";
}

/** The path that the pages are mounted under; `""`: none. */
export function baseOf({ deps }: Pages, c: Context): string {
  return deps.basePath?.(c) ?? "";
}

/** The addresses of the pages, for redirects. */
export function pathsOf(pages: Pages, c: Context) {
  return pathsFor(baseOf(pages, c));
}

/** The path of this request as the inbox itself knows it, without what it is mounted under. */
export function ownPath(pages: Pages, c: Context): string {
  const base = baseOf(pages, c);
  return base !== "" && c.req.path.startsWith(`${base}/`) ? c.req.path.slice(base.length) : c.req.path;
}

/** A part of a page as text. */
export function renderPart(base: string, part: Child): string {
  return String(<BasePath.Provider value={base}>{part}</BasePath.Provider>);
}

/** A whole page. */
export function show(pages: Pages, c: Context, page: Child, status: Problem["status"] | 200 = 200) {
  return c.html(html`<!doctype html>${raw(renderPart(baseOf(pages, c), page))}`, status);
}

export async function showProblem(pages: Pages, c: Context, problem: Problem) {
  return show(pages, c, <ProblemPage frame={await frameOf(pages, c)} problem={problem} />, problem.status);
}

/** Any error as a page. What went wrong inside is for the log. */
export function problemOf(error: unknown): Problem {
  const status = TwelvefoldError.isInstance(error) ? HTTP_STATUS[error.code] : 500;
  const text =
    TwelvefoldError.isInstance(error) && !isInternal(error)
      ? error.message
      : "The server could not do this. Its log says why.";
  return { status, title: HTTP_TITLE[status], text };
}

/**
 * The idempotency key of a form with `<Once />`: the same form with the same text acts once. `undefined` for a form
 * without one.
 */
export function onceOf(
  pages: Pages,
  c: Context,
  { once = "" }: FormFields,
  text: string,
): string | undefined {
  if (!/^[\w-]{16,64}$/.test(once)) return undefined;
  return `inbox:${sha256([principalKey(viewerOf(pages, c)), ownPath(pages, c), once, text].join("\n"))}`;
}

/** The text fields of a posted form. */
export async function formOf(c: Context): Promise<FormFields> {
  return formFields(c);
}
