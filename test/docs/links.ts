import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The pages that readers get: README and all of `docs/` but the site's own package. */
export function pagesOfDocs(root: string): string[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".md") && !name.startsWith("site/"));
  return ["README.md", "CONTRIBUTING.md", ...inDocs.map((name) => `docs/${name}`)];
}

/** The links of a page, without those in code, whose target does not exist in the repository, each with its page. */
export function brokenLinks(root: string, page: string): string[] {
  const text = withoutCode(readFileSync(join(root, page), "utf8"));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? "",
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      // The site holds the pages of `docs/` alone.
      if (page.startsWith("docs/") && !file.startsWith("docs/")) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(join(root, file), "utf8")).has(anchor);
    })
    .map((target) => `${page}: ${target}`);
}

/** The anchors of a page's headings, as GitHub and VitePress make them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
  return new Set(headings);
}

const withoutFences = (text: string) => text.replace(/^(```+)[^\n]*\n[\s\S]*?^\1/gm, "");
const withoutCode = (text: string) => withoutFences(text).replace(/`[^`\n]*`/g, "");
