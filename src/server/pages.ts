import { html } from "hono/html";
import type { Problem } from "./problem.ts";

/** The plain sign-in page, for servers without the inbox. Works without scripts. */
export function loginPage(problem?: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sign in · Twelvefold</title>
      </head>
      <body>
        <main>
          <h1>Sign in</h1>
          ${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
          <form method="post">
            <p>
              <label for="key">API key</label>
              <input id="key" name="key" type="password" autocomplete="current-password" required />
            </p>
            <p><button>Sign in</button></p>
          </form>
        </main>
      </body>
    </html>`;
}

/** A refusal, for people. */
export function problemPage({ title, detail, status }: Problem) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Twelvefold</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${detail}</p>
          <p><small>${status}</small> · <a href="/">Inbox</a> · <a href="/login">Sign in</a></p>
        </main>
      </body>
    </html>`;
}

/**
 * The sign-in page for a one-time token in the address: a press of the button takes it, opening the page does
 * not.
 */
export function tokenPage(token: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sign in · Twelvefold</title>
      </head>
      <body>
        <main>
          <h1>Sign in</h1>
          <form method="post">
            <input type="hidden" name="token" value="${token}" />
            <p><button autofocus>Open the inbox</button></p>
          </form>
        </main>
      </body>
    </html>`;
}
