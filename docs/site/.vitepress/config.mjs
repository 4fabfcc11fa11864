import { defineConfig } from "vitepress";
import { pages } from "../pages.mjs";
import { hovers, markCode } from "./hovers.mjs";

const anchorOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

export default defineConfig({
  title: "Twelvefold",
  description: "A TypeScript toolkit for production LLM agents",
  srcDir: "pages",
  outDir: "dist",
  cleanUrls: true,
  // No icon: without this, browsers ask for one that is not there.
  head: [["link", { rel: "icon", href: "data:," }]],
  // A link to a page that is not there ends the build.
  ignoreDeadLinks: false,
  // BAML has no grammar here; of those that are, Rust's knows its raw strings.
  markdown: {
    // The anchors are those of GitHub, so that links hold in both places.
    anchor: { slugify: anchorOf },
    languageAlias: { baml: "rust" },
    codeTransformers: [hovers()],
    // `{{ … }}` in code is the prompts' own.
    config(md) {
      markCode(md);
      const code = md.renderer.rules.code_inline;
      // Long names may break where a reader expects it: after `_`, `/`, `.` and `:`, and in very long ones before a capital letter.
      md.renderer.rules.code_inline = (...args) =>
        code(...args)
          .replace("<code", "<code v-pre")
          .replace(/>[^<]+</g, (text) =>
            text
              .replace(/[A-Za-z]{16,}/g, (name) => name.replace(/[a-z](?=[A-Z])/g, "$&<wbr>"))
              .replace(/[_/.:](?=\w)/g, "$&<wbr>"),
          );
    },
  },
  themeConfig: {
    search: {
      provider: "local",
      // Pages come before the reference, which has every name many times.
      options: {
        miniSearch: { searchOptions: { boostDocument: (id) => (id.startsWith("/api/") ? 0.2 : 1) } },
      },
    },
    outline: [2, 3],
    nav: [
      { text: "By task", link: "/" },
      { text: "Start", link: "/start" },
      { text: "API", link: "/api/" },
    ],
    sidebar: pages.map(([text, items]) => ({
      text,
      collapsed: text === "Factors",
      items: items.map(([title, link]) => ({ text: title, link: `/${link}` })),
    })),
  },
});
