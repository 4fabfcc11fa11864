import type { Context } from "hono";
import { html } from "hono/html";
import { PALETTE } from "../present/palette.ts";
import { linkTo } from "./base-path.ts";
import type { ServerEnv } from "./env.ts";

type Html = ReturnType<typeof html>;

interface Page {
  readonly title: string;
  readonly body: Html;
  /** Default: narrow. */
  readonly layout?: "narrow" | "wide";
}

/** The path of these pages' style sheet. Inline styles are not allowed anywhere. */
export const STYLE_PATH = "/pages.css";

/** A page of the server's own: sign-in, refusals, the description of the API. Works without scripts. */
export function page(c: Context<ServerEnv>, { title, body, layout = "narrow" }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Twelvefold</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${linkTo(c, STYLE_PATH)}" />
      </head>
      <body>
        <main class="${layout}">${body}</main>
      </body>
    </html>`;
}

/** Makes the pages look like the inbox, even if there is none. */
export const PAGE_STYLE = `${PALETTE}* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 16px / 1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Inter", Arial, sans-serif;
  overflow-wrap: anywhere;
}
main { margin: 0 auto; padding: 2rem 1rem; max-width: 56rem; }
main.narrow {
  max-width: 26rem;
  margin-top: 14vh;
  padding: 2rem;
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: 12px;
}
@media (max-width: 30rem) { main.narrow { margin: 1rem; padding: 1.5rem 1.25rem; } }
h1 { margin: 0 0 1rem; font-size: 1.65rem; line-height: 1.22; letter-spacing: -0.018em; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: 3px; }
label { display: block; margin-bottom: 0.35rem; font-weight: 600; }
input {
  width: 100%;
  padding: 0.55rem 0.75rem;
  font: inherit;
  color: inherit;
  background: var(--sheet);
  border: 1px solid var(--line-strong);
  border-radius: 8px;
}
button {
  width: 100%;
  padding: 0.6rem 1rem;
  font: inherit;
  font-weight: 600;
  color: var(--accent-ink);
  background: var(--accent);
  border: 0;
  border-radius: 8px;
  cursor: pointer;
}
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
form p:last-child, main > p:last-child { margin-bottom: 0; }
.soft { color: var(--soft); }
[role="alert"] { padding: 0.6rem 0.8rem; color: var(--bad); background: var(--bad-wash); border-radius: 8px; }
section { margin: 0 0 1rem; padding: 1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; }
section h2 { margin: 0 0 0.35rem; font: 600 0.95rem / 1.5 var(--mono); }
section p { margin: 0 0 0.5rem; }
.method { display: inline-block; min-width: 3.2rem; color: var(--accent); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.2rem 1rem; margin: 0.5rem 0 0; font-size: 0.9rem; }
dt { font-family: var(--mono); }
dd { margin: 0; color: var(--soft); }
summary { margin-top: 0.5rem; font-size: 0.9rem; cursor: pointer; }
pre { margin: 0.5rem 0 0; padding: 0.75rem; overflow-x: auto; font: 0.82rem / 1.5 var(--mono); background: var(--paper); border-radius: 8px; }
`;
