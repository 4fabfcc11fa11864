import type { Context } from "hono";
import type { Clock } from "../base/clock.ts";
import { atOnce } from "../base/hooks.ts";
import type { ThreadId } from "../base/ids.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What a person of this session may do, from the server's scopes. */
export interface InboxAccess {
  /** See threads, agents and everything in them. */
  readonly read: boolean;
  /** Launch agents; message, pause, resume, cancel and fork threads. */
  readonly launch: boolean;
  /** See requests and decide on them, as far as each request's policy lets this person. */
  readonly respond: boolean;
  /** See single values that the agent's redaction hides; each look is recorded in the thread. Default false. */
  readonly reveal?: boolean;
  /** A session for one request, e.g. opened by a link: its page links nowhere else. Default false. */
  readonly onlyRequest?: boolean;
}

/** What a person may do unless `access` says otherwise. */
export const EVERYTHING: InboxAccess = { read: true, launch: true, respond: true };

/** What the pages need from the server around them. The inbox keeps no session and checks no password itself. */
export interface InboxDeps {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Returns the person who is looking, as verified by the server; `undefined` if nobody is signed in. Must not throw. */
  principal(c: Context): VerifiedPrincipal | undefined;
  /**
   * The path that the pages are mounted under, such as `/agents`. Default: none, they are at the root.
   */
  basePath?(c: Context): string;
  /** Default: everything. */
  access?(c: Context): InboxAccess;
  /** The token that every form of this session carries. */
  csrfToken(c: Context): string;
  /** Whether a posted token belongs to this session. Must compare in constant time. */
  checkCsrf(c: Context, token: string): boolean;
  /** Whether this person's credentials are valid now: asked before an open page is sent anything. Default: they are. */
  stillValid?(c: Context): Promise<boolean>;
  /** Where a person signs in. Default: a page says that nobody is signed in. */
  readonly signInPath?: string;
  /** Where the sign-out form posts, with the token as `csrf`. Absent or `undefined` if there is no such button. */
  signOutPath?(c: Context): string | undefined;
  /** Links to a thread's exports; absent: none are shown. */
  exportLinks?(threadId: ThreadId, c: Context): readonly { readonly label: string; readonly href: string }[];
  /** The prompt's source, e.g. its `.baml` text; `undefined`: not known here. */
  promptSource?(promptName: string): { readonly file: string; readonly text: string } | undefined;
  /** Told of what went wrong inside, which the page does not say. Default: nothing. May not throw. */
  report?(error: unknown, c: Context): void;
  /** Which model answers: the exact request of a step can then be shown. */
  readonly model?: ModelChoice;
}

/** The same; a promise, where a person or a right must be known at once, is an error and lets nobody in. */
export function checkedDeps(deps: InboxDeps): InboxDeps {
  const { basePath, signOutPath, exportLinks, promptSource } = deps;
  const checked: { readonly [K in keyof InboxDeps]?: InboxDeps[K] | undefined } = {
    principal: (c) => atOnce("inboxRoutes: `principal`", deps.principal(c)),
    access: (c) => atOnce("inboxRoutes: `access`", deps.access?.(c)) ?? EVERYTHING,
    csrfToken: (c) => atOnce("inboxRoutes: `csrfToken`", deps.csrfToken(c)),
    checkCsrf: (c, token) => atOnce("inboxRoutes: `checkCsrf`", deps.checkCsrf(c, token)),
    basePath: basePath && ((c) => atOnce("inboxRoutes: `basePath`", basePath.call(deps, c))),
    signOutPath: signOutPath && ((c) => atOnce("inboxRoutes: `signOutPath`", signOutPath.call(deps, c))),
    exportLinks:
      exportLinks && ((id, c) => atOnce("inboxRoutes: `exportLinks`", exportLinks.call(deps, id, c))),
    promptSource:
      promptSource && ((name) => atOnce("inboxRoutes: `promptSource`", promptSource.call(deps, name))),
  };
  return new Proxy(deps, {
    get(_, name) {
      if (Object.hasOwn(checked, name)) return Reflect.get(checked, name);
      // Whatever else it has belongs to it: its class may keep members to itself.
      const member: unknown = Reflect.get(deps, name, deps);
      return typeof member === "function" ? member.bind(deps) : member;
    },
  });
}
