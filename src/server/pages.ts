import type { Context } from "hono";
import { html } from "hono/html";
import { linkTo } from "./base-path.ts";
import type { AuthOptions } from "./callers.ts";
import type { ServerEnv } from "./env.ts";
import { page } from "./page.ts";
import type { Problem } from "./problem.ts";

/** The sign-in page. */
export function loginPage(c: Context<ServerEnv>, auth: AuthOptions["kind"], problem?: string) {
  const isLocal = auth === "local";
  return page(c, {
    title: "Sign in",
    body: html`<h1>Sign in to Twelvefold</h1>
      ${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
      ${
        isLocal
          ? html`<p class="soft">Open the address that the server printed when it started, or enter the token in it.</p>`
          : ""
      }
      <form method="post">
        <p>
          <label for="key">${isLocal ? "Token" : "API key"}</label>
          <input id="key" name="key" type="password" autocomplete="current-password" required autofocus />
        </p>
        <p><button>Sign in</button></p>
      </form>`,
  });
}

/** A refusal, for people. */
export function problemPage(c: Context<ServerEnv>, { title, detail, status }: Problem) {
  return page(c, {
    title,
    body: html`<h1>${title}</h1>
      <p>${detail}</p>
      <p class="soft">${status} · <a href="${linkTo(c, "/")}">Inbox</a> · <a href="${linkTo(c, "/login")}">Sign in</a></p>`,
  });
}

/** The sign-in page for a token in the address: a press of the button takes it, opening the page does not. */
export function tokenPage(c: Context<ServerEnv>, auth: AuthOptions["kind"], token: string) {
  const soft =
    auth === "local"
      ? "This address works on this machine until the server stops."
      : "This address works once, and not for long.";
  return page(c, {
    title: "Sign in",
    body: html`<h1>Sign in to Twelvefold</h1>
      <p class="soft">${soft}</p>
      <form method="post">
        <input type="hidden" name="token" value="${token}" />
        <p><button autofocus>Open the inbox</button></p>
      </form>`,
  });
}
