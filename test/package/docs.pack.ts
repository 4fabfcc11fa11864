import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { pagesOfDocs } from "../docs/links.ts";
import { DOORS } from "../docs/shown-code.ts";
import { browserIsThere, openBrowser } from "../inbox/browser/browser.ts";
import { root, run } from "./packed.ts";

const dist = join(root, "docs/site/dist");
/** The pages of the site by their paths there, without `.html`. */
const built = new Map<string, string>();
const pages = pagesOfDocs(root).flatMap((page) => /^docs\/(.*)\.md$/.exec(page)?.[1] ?? []);

describe("the site", { tags: ["E11"] }, () => {
  beforeAll(() => {
    run("npm", ["run", "docs"], root);
    for (const name of readdirSync(dist, { recursive: true }).map(String))
      if (name.endsWith(".html"))
        built.set(name.slice(0, -".html".length), readFileSync(join(dist, name), "utf8"));
  });

  it("has every page of docs/ and an API reference of every door of the package", () => {
    expect([...built.keys()]).toEqual(expect.arrayContaining(pages));
    const wanted = [...DOORS.values()].map((door) => `api/${door}`);
    expect([...built.keys()]).toEqual(expect.arrayContaining(wanted));
  });

  it("names every page in its side bar, in llms.txt and on the page that finds pages", () => {
    const index = built.get("index") ?? "";
    const llms = readFileSync(join(dist, "llms.txt"), "utf8");
    const byTask = readFileSync(join(root, "docs/index.md"), "utf8");
    const others = pages.filter((page) => page !== "index");
    expect(others.filter((page) => !index.includes(`href="/${page}"`))).toEqual([]);
    expect(others.filter((page) => !llms.includes(`(${page}.md)`))).toEqual([]);
    expect(others.filter((page) => !byTask.includes(`(${page}.md`))).toEqual([]);
    const named = [...llms.matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
    expect(readdirSync(dist, { recursive: true }).map(String)).toEqual(expect.arrayContaining(named));
  });

  it("every link leads to a page and a heading that are there", () => {
    const broken: string[] = [];
    for (const [page, html] of built) {
      for (const [, href = ""] of html.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        const { pathname, hash, origin } = new URL(href.replaceAll("&amp;", "&"), `http://site/${page}`);
        if (origin !== "http://site") continue;
        const path = decodeURIComponent(pathname)
          .slice(1)
          .replace(/\.html$/, "");
        const target = built.get(path === "" || path.endsWith("/") ? `${path}index` : path);
        const id = decodeURIComponent(hash.slice(1));
        if (target === undefined || (id !== "" && !target.includes(`id="${id}"`)))
          broken.push(`${page}: ${href}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it.runIf(browserIsThere())("code tells the type of the name that is pointed at", async () => {
    const { address, close } = await serveSite();
    const browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(`${address}/steps`);
    await page
      .locator(".twoslash-hover", { hasText: /^defineAgent$/ })
      .first()
      .hover();
    const told = page.locator(".twoslash-floating", { hasText: "defineAgent" }).first();
    await told.waitFor({ state: "visible" });
    const text = await told.textContent();
    await browser.close();
    await close();
    expect(text).toMatch(/defineAgent.*NextStepFunction/s);
  });

  it.runIf(browserIsThere())("no page is wider than a phone, and search finds what a page says", async () => {
    const { address, close } = await serveSite();
    const browser = await openBrowser();
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const wide: string[] = [];
    for (const path of pages) {
      await page.goto(`${address}/${path === "index" ? "" : path}`);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      if (Number(width) > 390) wide.push(`${path}: ${width}`);
    }
    await page
      .getByRole("button", { name: /search/i })
      .first()
      .click();
    const search = async (word: string) => {
      await page.locator("#localsearch-input").fill("");
      await page.locator(".results a").first().waitFor({ state: "detached" });
      await page.locator("#localsearch-input").fill(word);
      const first = page.locator(".results a").first();
      await first.waitFor();
      return { first: await first.getAttribute("href"), all: await page.locator(".results").textContent() };
    };
    const { all: found } = await search("requesterMayApprove");
    const { first } = await search("approval");
    await browser.close();
    await close();
    expect(wide).toEqual([]);
    expect(found).toContain("Approval");
    // The book, before the API reference.
    expect(first).toMatch(/^\/(?!api\/)/);
  });
});

/** The built site on a free port of this machine. */
async function serveSite() {
  const files = new Map(
    readdirSync(dist, { recursive: true, withFileTypes: true }).flatMap((one) => {
      const file = join(one.parentPath, one.name);
      return one.isFile() ? [[relative(dist, file), file]] : [];
    }),
  );
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname.slice(1);
    const name = [path, `${path}.html`, join(path, "index.html")].find((one) => files.has(one)) ?? "404.html";
    const type = TYPES[extname(name)];
    response.writeHead(200, type === undefined ? {} : { "content-type": type });
    response.end(readFileSync(files.get(name) ?? ""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    address: `http://127.0.0.1:${address.port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
