import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { asUserWrites, blocksOf, DOORS } from "../docs/shown-code.ts";
import { manifest, newProject, PEERS, printedBy, root, run } from "./packed.ts";

/** Machinery of types that nobody writes out; everything else that a public signature names must be exported. */
const INTERNAL = [
  /^src\/base\/ids\.d\.ts Branded$/,
  /^src\/agent\/agent\.d\.ts ResultOfStep$/,
  /^src\/client\/client\.d\.ts Filled$/,
  /^src\/(?:config\.d\.ts ENGINE_NAMES|humans\/channel\.d\.ts (?:About|Told))$/,
  /^src\/runtime\/call-limits\/gate\.d\.ts HeldBack$/,
  /^src\/loop\/(?:by-hand\.d\.ts AnswerOf|command\.d\.ts OfStep)$/,
  /^src\/prompts\/baml\/[\w-]+\.d\.ts (?:ArgumentsOf|FunctionName|PartialOf|ResultOf)$/,
  /^src\/prompts\/gate\/form\.d\.ts PROSE_MODES$/,
  /^src\/runtime\/(?:observers\.d\.ts Appended|retention\.d\.ts ENDED|run-agent\.d\.ts OfRuntime)$/,
  /^src\/server\/scopes\.d\.ts SCOPES$/,
  /^src\/thread\/updates\.d\.ts CLOSING$/,
  /^src\/steps\/definitions\.d\.ts (?:Options|ApprovalRule|HandoverRule|QuestionTo|RejectOptions|StepCheck|StepJudge|ToolPreview|ToolRendering|ToolSummary)$/,
  /^src\/thread\/(?:declare-event\.d\.ts DataOf|events\.d\.ts EVENTS)$/,
];
const NODE_24 = join(root, "node_modules", ".bin", "node");

const tools = inject("tools");
const archive = inject("archive");
/** With what npm installs of itself, and with all optional peers. */
let bare = "";
/** What pages show beside the package. */
const SHOWN = { "@ai-sdk/react": "4.0.177", ai: "7.0.173", react: "19.3.1", "@types/react": "19.3.0" };
let full = "";
beforeAll(() => {
  bare = newProject(archive);
  full = newProject(archive, { ...PEERS, ...SHOWN, jose: manifest.devDependencies["jose"] ?? "" });
});

const nodes = () => [NODE_24, join(tools, "node-22", "bin", "node")];
const doorsWith = (peers: boolean) =>
  [...DOORS.values()].filter(
    (door) => peers || !/\/(?:server|inbox|telemetry|postgres|pg-boss|restate|chat|email)$/.test(door),
  );

describe("the package as it is installed", { tags: ["E2"] }, () => {
  it("loads under Node 22 and 24, and needs no optional package but for its servers and traces", () => {
    for (const node of nodes()) {
      for (const [project, doors] of [
        [bare, doorsWith(false)],
        [full, doorsWith(true)],
      ] as const) {
        const program = `const doors = await Promise.all(${JSON.stringify(doors)}.map((door) => import(door)));
          console.log(JSON.stringify(doors.filter((door) => Object.keys(door).length > 0).length));`;
        expect(printedBy(node, program, project), node).toBe(doors.length);
      }
    }
  });

  it("runs its command under Node 22 and 24", () => {
    for (const node of nodes()) {
      const bin = join(bare, "node_modules", "twelvefold", "bin", "twelvefold.mjs");
      expect(run(node, [bin, "--help"], bare)).toContain("Exit codes");
    }
  });

  it("holds no sources, tests or pictures, and what it names", () => {
    const own = join(full, "node_modules", "twelvefold");
    const files = readdirSync(own, { recursive: true }).map(String);
    // `init` and `add` write these into projects, as source.
    const built = files.filter((name) => !/^(?:templates|src\/agents|examples)\b/.test(name));
    expect(built.filter((name) => /^(?:test|bench|scripts)\b|\.png$|(?<!\.d)\.tsx?$/.test(name))).toEqual([]);
    expect(files.filter((name) => /^templates\b.*baml_client|^src\/(?!agents)/.test(name))).toEqual([]);
    for (const door of Object.values(manifest.exports)) {
      const paths =
        typeof door === "string" ? [door] : Object.values(z.record(z.string(), z.string()).parse(door));
      for (const path of paths) expect(files).toContain(path.replace("./", ""));
    }
  });

  it("every type that a public signature names is exported", () => {
    const script = join(root, "test", "package", "public-types.mjs");
    const library = join(tools, "typescript-5.9", "lib", "typescript.js");
    const lines = run(NODE_24, [script, library, join(full, "node_modules", "twelvefold")], root).split("\n");
    expect(lines.filter((line) => line !== "" && !INTERNAL.some((internal) => internal.test(line)))).toEqual(
      [],
    );
  });

  it("passes publint", async () => {
    const { publint } = await import(pathToFileURL(join(tools, "publint", "src", "index-node.js")).href);
    const { messages } = await publint({
      pkgDir: join(full, "node_modules", "twelvefold"),
      strict: true,
      pack: false,
    });
    expect(messages).toEqual([]);
  });

  it("has right types for each way of resolving them that knows `exports`", async () => {
    const entry = join(tools, "@arethetypeswrong", "core", "dist", "index.js");
    const { checkPackage, createPackageFromTarballData } = await import(pathToFileURL(entry).href);
    const { problems } = await checkPackage(
      createPackageFromTarballData(new Uint8Array(readFileSync(archive))),
    );
    const found = z
      .array(z.looseObject({ kind: z.string(), resolutionKind: z.string().optional() }))
      .parse(problems);
    // It is made of ES modules, and its doors stand in `exports`.
    const meant = (one: (typeof found)[number]) =>
      one.kind === "CJSResolvesToESM" || (one.kind === "NoResolution" && one.resolutionKind === "node10");
    expect(found.filter((one) => !meant(one))).toEqual([]);
  });
});

describe("what README and docs show", { tags: ["E7"] }, () => {
  it("type-checks against the package: TypeScript 5.9 and 7, `nodenext` and `bundler`", () => {
    const files = writeShownCode();
    expect(files.length).toBeGreaterThan(20);
    const compilers = [
      join(root, "node_modules", "typescript", "lib", "tsc.js"),
      join(tools, "typescript-5.9", "lib", "tsc.js"),
    ];
    for (const compiler of compilers) {
      for (const [module, moduleResolution] of [
        ["nodenext", "nodenext"],
        ["preserve", "bundler"],
      ]) {
        const config = join(full, `tsconfig.${moduleResolution}.json`);
        const compilerOptions = {
          ...{
            module,
            moduleResolution,
            target: "es2024",
            lib: ["es2024", "dom", "dom.asynciterable"],
            types: ["node"],
          },
          ...{
            strict: true,
            exactOptionalPropertyTypes: true,
            noUncheckedIndexedAccess: true,
            skipLibCheck: true,
          },
          ...{ noEmit: true, allowImportingTsExtensions: true, verbatimModuleSyntax: true },
        };
        writeFileSync(config, JSON.stringify({ compilerOptions, files }));
        run(NODE_24, [compiler, "-p", config], full);
      }
    }
  });
});

/** Writes every file that README quotes, and every block of the docs, into the full project. */
function writeShownCode(): readonly string[] {
  const written: string[] = [];
  const write = (path: string, code: string) => {
    mkdirSync(dirname(join(full, path)), { recursive: true });
    writeFileSync(join(full, path), code);
    written.push(path);
  };
  cpSync(join(root, "baml_client"), join(full, "baml_client"), { recursive: true });
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const [, path = ""] of readme.matchAll(/<!-- file: (\S+\.ts) -->/g)) write(path, asUserWrites(path));
  const pages = readdirSync(join(root, "docs"), { recursive: true }).map(String);
  for (const page of pages.filter((name) => name.endsWith(".md") && !name.startsWith("site"))) {
    const text = readFileSync(join(root, "docs", page), "utf8");
    const folder = join("docs", page.replace(".md", ""));
    blocksOf(text).forEach((code, index) => {
      write(join(folder, `block-${index + 1}.ts`), `${code}\nexport {};\n`);
    });
    if (text.includes("./oidc-sign-in.ts"))
      write(join(folder, "oidc-sign-in.ts"), asUserWrites("examples/oidc-sign-in.ts"));
    if (text.includes("./baml_client/"))
      cpSync(join(root, "test", "prompts", "baml_client"), join(full, folder, "baml_client"), {
        recursive: true,
      });
  }
  return written.map((path) => relative(full, join(full, path)));
}
