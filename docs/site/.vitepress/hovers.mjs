// Types on hover for the `ts` code of the pages, by the sources of the package. All code is one program: checked once, not once a fence.
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformerTwoslash } from "@shikijs/vitepress-twoslash";
import ts from "typescript";
import { doors } from "../doors.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Where `./baml_client/index.ts` is the client of the pages' examples. */
const folder = `${root}test/prompts/`;

/** The `ts` code of all pages, each as a file that exists here alone. */
function codeOfPages() {
  const pages = globSync("docs/**/*.md", { cwd: root, exclude: ["docs/site/**"] });
  const fences = pages.flatMap((page) => [
    ...readFileSync(`${root}${page}`, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm),
  ]);
  const codes = new Set(fences.map(([, code]) => code.trimEnd()));
  return new Map([...codes].map((code, index) => [`${folder}shown-${index}.ts`, code]));
}

/** The repository's own settings, and each door of the package as its source. */
function compilerOptions() {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const paths = Object.fromEntries(doors().map(({ name, source }) => [name, [`${root}${source}`]]));
  // Each fence is a module, also one without imports.
  return { ...options, paths, moduleDetection: ts.ModuleDetectionKind.Force };
}

function languageService(files) {
  const options = compilerOptions();
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [...files.keys()],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const text = files.get(path) ?? ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    fileExists: (path) => files.has(path) || ts.sys.fileExists(path),
    readFile: (path) => files.get(path) ?? ts.sys.readFile(path),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

/** The places in a file where a name stands. */
function namesOf(source) {
  const names = [];
  const visit = (node) => {
    if (ts.isIdentifier(node)) names.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Longer types are cut: the API reference has them whole. */
const MOST = 300;

/** What a reader's editor would show over a name; nothing where the type is not known here. */
function hoverOf(service, path, source, name) {
  const start = name.getStart(source);
  const info = service.getQuickInfoAtPosition(path, start);
  const [whole = ""] = ts.displayPartsToString(info?.displayParts).split("\nimport ");
  if (whole === "" || /(?:: |= |^)any$/.test(whole)) return [];
  const text = whole.length > MOST ? `${whole.slice(0, MOST)}…` : whole;
  const docs = ts.displayPartsToString(info.documentation) || undefined;
  const { line, character } = source.getLineAndCharacterOfPosition(start);
  return [{ type: "hover", text, docs, start, length: name.text.length, target: name.text, line, character }];
}

/** One hover for one thing in a fence, where it stands first. */
function once(nodes) {
  const first = new Map();
  for (const node of nodes) if (!first.has(node.text)) first.set(node.text, node);
  return [...first.values()];
}

/** Marks the names of the `ts` code of the pages with their types. */
export function hovers() {
  const files = codeOfPages();
  const service = languageService(files);
  const pathOf = new Map([...files].map(([path, code]) => [code, path]));
  const read = (code) => {
    const path = pathOf.get(code.trimEnd());
    const source = path && service.getProgram().getSourceFile(path);
    const nodes = source ? once(namesOf(source).flatMap((name) => hoverOf(service, path, source, name))) : [];
    return { code, nodes, meta: { extension: "ts" } };
  };
  return transformerTwoslash({ langs: ["ts"], typesCache: { read, write() {} } });
}

/** Asks for types in the `ts` code of every page outside the API reference, which shows them already. */
export function markCode(md) {
  md.core.ruler.push("hovers", ({ tokens, env }) => {
    if (env.relativePath?.startsWith("api/")) return;
    for (const token of tokens)
      if (token.type === "fence" && token.info.trim() === "ts") token.info = "ts twoslash";
  });
}
