import { html } from "hono/html";
import { page } from "./page.ts";
import type { Problem } from "./problem.ts";

/** The sign-in page. */
export function loginPage(problem?: string) {
  return page(
    "Sign in",
    html`<h1>Sign in to Twelvefold</h1>
      ${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
      <form method="post">
        <p>
          <label for="key">API key</label>
          <input id="key" name="key" type="password" autocomplete="current-password" required autofocus />
        </p>
        <p><button>Sign in</button></p>
      </form>`,
  );
}

/** A refusal, for people. */
export function problemPage({ title, detail, status }: Problem) {
  return page(
    title,
    html`<h1>${title}</h1>
      <p>${detail}</p>
      <p class="soft">${status} · <a href="/">Inbox</a> · <a href="/login">Sign in</a></p>`,
  );
}

/**
 * The sign-in page for a one-time token in the address: a press of the button takes it, opening the page does
 * not.
 */
export function tokenPage(token: string) {
  return page(
    "Sign in",
    html`<h1>Sign in to Twelvefold</h1>
      <p class="soft">This address works once, and not for long.</p>
      <form method="post">
        <input type="hidden" name="token" value="${token}" />
        <p><button autofocus>Open the inbox</button></p>
      </form>`,
  );
}
