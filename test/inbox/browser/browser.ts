import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is, `undefined` where there is none: then the browser tests are left out, and say so. */
export const chromiumPath = [process.env["CHROMIUM_PATH"] ?? "", ...CANDIDATES].find(
  (path) => path !== "" && existsSync(path),
);

/**
 * Whether the browser tests run. Without a browser they are left out with a word about it; where `CI` is set, a missing
 * browser is an error, so that a green run means that they ran.
 */
export function browserIsThere(path = chromiumPath, ci = process.env["CI"]): boolean {
  if (path !== undefined && path !== "") return true;
  const message = "browser tests: no Chromium found (install `chromium`, or set CHROMIUM_PATH)";
  if (ci === "true") throw new Error(message);
  console.warn(`${message}; they are left out`);
  return false;
}

export async function openBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("there is no Chromium; ask browserIsThere() first");
  return chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Dialogs, script errors and breaches of the content security policy: must stay empty. */
  readonly alarms: string[];
}

/** A page of its own session that notes everything that must not happen. */
export async function openPage(
  browser: Browser,
  url: string,
  options: {
    person?: string;
    colorScheme?: "light" | "dark";
    width?: number;
    height?: number;
    javaScript?: boolean;
  } = {},
): Promise<Watched> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: options.colorScheme ?? "light",
    javaScriptEnabled: options.javaScript ?? true,
    viewport: { width: options.width ?? 1180, height: options.height ?? 820 },
    reducedMotion: "reduce",
  });
  await context.addCookies([{ name: "person", value: options.person ?? "ada", url }]);
  const page = await context.newPage();
  const alarms: string[] = [];
  page.on("dialog", (dialog) => {
    alarms.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("pageerror", (error) => alarms.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) alarms.push(message.text());
  });
  return { context, page, alarms };
}
