import { randomUUID } from "node:crypto";
import type { Child } from "hono/jsx";
import { nameOf } from "../../present/people.ts";
import type { Principal } from "../../thread/events.ts";
import { paths } from "../paths.ts";

export type Theme = "light" | "dark" | "system";

/** What every page shows around its content. */
export interface Frame {
  readonly theme: Theme;
  readonly viewer: Principal | null;
  readonly csrf: string;
  /** The address of this page, to come back to. */
  readonly here: string;
  readonly pending: number | null;
  /** Which pages this session may see: nothing leads to the others. */
  readonly reach: "everything" | "requests" | "one_request";
  readonly signOutPath: string | null;
  /** Changes with every change of the style sheet and scripts. */
  readonly version: string;
}

interface LayoutProps {
  readonly frame: Frame;
  readonly title: string;
  readonly section?: "inbox" | "threads" | "agents" | "figures";
  readonly children?: Child;
}

export const Layout = ({ frame, title, section, children }: LayoutProps) => (
  <html lang="en" data-theme={frame.theme}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="htmx-config" content='{"includeIndicatorCSS":false,"history":false}' />
      <title>{title} · Twelvefold</title>
      <link rel="icon" href={`${paths.asset("icon.svg")}?v=${frame.version}`} type="image/svg+xml" />
      <link rel="stylesheet" href={`${paths.asset("inbox.css")}?v=${frame.version}`} />
      <script src={`${paths.asset("htmx.js")}?v=${frame.version}`} defer></script>
      <script src={`${paths.asset("htmx-sse.js")}?v=${frame.version}`} defer></script>
      <script src={`${paths.asset("inbox.js")}?v=${frame.version}`} defer></script>
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="top-inner">
          {frame.reach === "one_request" ? (
            <span class="brand">
              <Mark />
              <span>Twelvefold</span>
            </span>
          ) : (
            <Navigation frame={frame} section={section} />
          )}
          <div class="top-tools">
            <ThemeSwitch frame={frame} />
            {frame.viewer !== null && <Viewer frame={frame} viewer={frame.viewer} />}
          </div>
        </div>
      </header>
      <main id="main" tabindex={-1}>
        {children}
        {frame.signOutPath !== null && (
          <footer class="phone-only">
            <SignOut path={frame.signOutPath} csrf={frame.csrf} />
          </footer>
        )}
      </main>
      <KeyHelp />
    </body>
  </html>
);

const Navigation = ({
  frame,
  section,
}: {
  readonly frame: Frame;
  readonly section: LayoutProps["section"] | undefined;
}) => (
  <>
    <a class="brand" href={paths.inbox} aria-label="Twelvefold">
      <Mark />
      <span class="brand-name">Twelvefold</span>
    </a>
    <nav aria-label="Main">
      <NavLink href={paths.inbox} go="i" here={section === "inbox"} text="Inbox" count={frame.pending} />
      {frame.reach === "everything" && (
        <>
          <NavLink href={paths.threads} go="t" here={section === "threads"} text="Threads" />
          <NavLink href={paths.agents} go="a" here={section === "agents"} text="Agents" />
          <NavLink href={paths.figures} go="f" here={section === "figures"} text="Figures" />
        </>
      )}
    </nav>
  </>
);

interface NavLinkProps {
  readonly href: string;
  /** The key that goes there, after `g`. */
  readonly go: string;
  readonly here: boolean;
  readonly text: string;
  readonly count?: number | null;
}

const NavLink = (props: NavLinkProps) => (
  <a href={props.href} data-go={props.go} {...(props.here ? { "aria-current": "page" as const } : {})}>
    {props.text}
    {typeof props.count === "number" && props.count > 0 && (
      <span class="count">
        {props.count > 99 ? "99+" : props.count}
        <span class="visually-hidden"> waiting</span>
      </span>
    )}
  </a>
);

const Viewer = ({ frame, viewer }: { frame: Frame; viewer: Principal }) => (
  <div class="viewer">
    <span class="viewer-name" title={`${viewer.channel}:${viewer.id}`}>
      <bdi>{nameOf(viewer)}</bdi>
    </span>
    {frame.signOutPath !== null && <SignOut path={frame.signOutPath} csrf={frame.csrf} />}
  </div>
);

const SignOut = ({ path, csrf }: { path: string; csrf: string }) => (
  <form method="post" action={path}>
    <Csrf token={csrf} />
    <button class="quiet" type="submit">
      Sign out
    </button>
  </form>
);

const NEXT_THEME: { readonly [T in Theme]: Theme } = { system: "dark", dark: "light", light: "system" };
const THEME_WORDS: { readonly [T in Theme]: string } = {
  system: "as the system",
  dark: "dark",
  light: "light",
};

const ThemeSwitch = ({ frame }: { frame: Frame }) => (
  <form method="post" action={paths.theme} class="theme">
    <Csrf token={frame.csrf} />
    <input type="hidden" name="back" value={frame.here} />
    <button
      class="quiet icon-button"
      type="submit"
      name="theme"
      value={NEXT_THEME[frame.theme]}
      aria-label={`Colours: ${THEME_WORDS[frame.theme]}. Change to ${THEME_WORDS[NEXT_THEME[frame.theme]]}`}
      title={`Colours: ${THEME_WORDS[frame.theme]}`}
    >
      <ThemeIcon theme={frame.theme} />
    </button>
  </form>
);

const ThemeIcon = ({ theme }: { theme: Theme }) => (
  <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" class="stroke">
    {theme === "dark" ? (
      <path d="M16.5 11.9A7 7 0 1 1 8.1 3.5a5.6 5.6 0 0 0 8.4 8.4Z" />
    ) : theme === "light" ? (
      <>
        <circle cx="10" cy="10" r="3.4" />
        <path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4" />
      </>
    ) : (
      <>
        <circle cx="10" cy="10" r="7" />
        <path d="M10 3a7 7 0 0 1 0 14Z" class="solid" />
      </>
    )}
  </svg>
);

/** The product's mark: twelve strokes around a centre. */
const Mark = () => (
  <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" class="mark">
    {Array.from({ length: 12 }, (_, index) => (
      <line
        x1="12"
        y1="2.2"
        x2="12"
        y2={index % 3 === 0 ? 7.8 : 6}
        transform={`rotate(${index * 30} 12 12)`}
      />
    ))}
  </svg>
);

/** The way back to the inbox, where this session may see it. */
export const InboxCrumb = ({ frame }: { frame: Frame }) =>
  frame.reach === "one_request" ? null : (
    <p class="crumbs">
      <a href={paths.inbox}>Inbox</a>
    </p>
  );

/** The token that proves that a form was made by this session. */
export const Csrf = ({ token }: { token: string }) => <input type="hidden" name="csrf" value={token} />;

/** Makes a form that is sent twice count once. Every page that is loaded has another value. */
export const Once = () => <input type="hidden" name="once" value={randomUUID()} />;

const KEYS: readonly (readonly [string, string])[] = [
  ["j / k", "next or previous item"],
  ["Enter", "open it"],
  ["a", "go to Approve (Enter then approves)"],
  ["d", "write why not, and deny"],
  ["e", "edit the arguments"],
  ["n", "after a decision, the next request"],
  ["/", "search"],
  ["g i, g t, g a, g f", "inbox, threads, agents, figures"],
  ["?", "this help"],
];

const KeyHelp = () => (
  <dialog id="keys" aria-labelledby="keys-title">
    <h2 id="keys-title">Keys</h2>
    <dl class="keys">
      {KEYS.map(([key, meaning]) => (
        <div>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
    <form method="dialog">
      <button type="submit">Close</button>
    </form>
  </dialog>
);
