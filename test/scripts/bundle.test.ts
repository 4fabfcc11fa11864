import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { bundlePackage } from "../../scripts/bundle.ts";

const root = join(import.meta.dirname, "../..");
// Inside the project, so that the packages are found.
const folder = mkdtempSync(join(root, "node_modules", ".twelvefold-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => bundlePackage(folder), 60_000);

function run(program: string): unknown {
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }));
}

/** The files that are loaded with an entry at once, and what they import besides. */
function loadedWith(entry: string): {
  readonly files: readonly string[];
  readonly others: readonly string[];
} {
  const files = new Set([join(folder, entry)]);
  const others = new Set<string>();
  for (const file of files) {
    const imports = readFileSync(file, "utf8").matchAll(
      /^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm,
    );
    for (const [, name = ""] of imports) {
      if (name.startsWith(".")) files.add(resolve(dirname(file), name));
      else others.add(name);
    }
  }
  return { files: [...files], others: [...others] };
}

/** The source files that are loaded with an entry at once. */
function sourcesOf(entry: string): readonly string[] {
  const files = new Set([entry]);
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [, names = "", name = ""] of text.matchAll(
      /^(?:import|export) ([^;]*?) ?from "(\.[^"]+)"/gm,
    )) {
      const named = /^\{(.*)\}$/s
        .exec(names)?.[1]
        ?.split(",")
        .filter((one) => one.trim() !== "");
      const isType =
        names.startsWith("type ") || named?.every((one) => one.trim().startsWith("type ")) === true;
      if (!isType) files.add(relative(root, resolve(root, dirname(file), name)));
    }
  }
  return [...files];
}

it("every entry of the package loads, and errors of one are errors of the others", { tags: "E2" }, () => {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const entries = [...manifest.matchAll(/"default": "\.\/dist\/(.*\.js)"/g)].map((match) => match[1]);
  expect(entries).toContain("src/index.js");
  const program = `
    const modules = await Promise.all(${JSON.stringify(entries)}.map((entry) => import("./" + entry)));
    const [{ UsageError, TwelvefoldError }] = modules;
    const { openSqliteStore } = await import("./src/store/sqlite/open.js");
    const error = await openSqliteStore("").catch((thrown) => thrown);
    const empty = modules.filter((module) => Object.keys(module).length === 0).length;
    console.log(JSON.stringify([empty, error instanceof UsageError, TwelvefoldError.isInstance(error)]));`;
  expect(run(program)).toEqual([0, true, true]);
});

it("starting takes few files, and of Node's modules and the packages only what is used", {
  tags: "E2",
}, () => {
  const { files, others } = loadedWith("src/index.js");
  expect(files.length).toBeLessThanOrEqual(5);
  expect(others).toEqual(["@boundaryml/baml"]);
  const command = loadedWith("src/cli/main.js");
  expect(command.others.toSorted()).toEqual(["@boundaryml/baml", "commander", "picocolors"]);
  expect(loadedWith("src/client/index.js").files.length).toBe(1);
});

it("what needs no server loads none of it", { tags: "E2" }, () => {
  const { peerDependencies } = z
    .object({ peerDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const peersOf = (entry: string) => loadedWith(entry).others.filter((name) => name in peerDependencies);
  for (const entry of ["src/index.js", "src/present/index.js", "src/replay/index.js", "src/client/index.js"])
    expect(peersOf(entry), entry).toEqual([]);
  expect(peersOf("src/telemetry/index.direct.js")).toEqual(["@opentelemetry/api"]);
  // What an API key, a webhook and a schedule are, which the configuration checks, needs no server.
  const files = sourcesOf("src/index.ts").filter(
    (file) => !/^src\/(?:server\/(?:api-key|scopes)|triggers\/options)\.ts$/.test(file),
  );
  const folders = new Set(files.map((file) => file.split("/")[1] ?? ""));
  const others =
    "cli,server,inbox,channels,triggers,protocols,workbench,client,model,replay,telemetry,present,testing";
  for (const folder of others.split(",")) expect(folders, folder).not.toContain(folder);
  expect(folders).toContain("runtime");
});

it("the inbox holds the files it serves: it reads none beside the bundled code", { tags: "E2" }, () => {
  const program = `
    const { inboxAssets } = await import("./src/inbox/index.js");
    const files = await Promise.all(
      ["inbox.css", "inbox.js", "htmx.js"].map((file) => inboxAssets().request("/inbox/assets/" + file)),
    );
    console.log(JSON.stringify(files.map(({ status }) => status)));`;
  expect(run(program)).toEqual([200, 200, 200]);
});

/** A project with the package and what npm installs with it, and nothing else. */
function project(...besides: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), "twelvefold-project-"));
  const own = join(home, "node_modules", "twelvefold");
  mkdirSync(own, { recursive: true });
  cpSync(folder, join(own, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(own, "package.json"));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), ...besides]) {
    const link = join(home, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link, "junction");
  }
  return home;
}

function runIn(cwd: string, program: string): unknown {
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
}

it("each entry names the packages that it needs and are not installed, with the command", {
  tags: "E2",
}, () => {
  const home = project();
  const program = `
    const failed = (entry) => import("twelvefold/" + entry).then(() => "loaded", ({ code, message }) => code + ": " + message);
    console.log(JSON.stringify([await failed("server"), await failed("inbox"), await failed("telemetry"), await failed("model")]));`;
  const needs = /^invalid_configuration: twelvefold\/\w+ needs \S+, which is not installed: npm install /;
  const [server, inbox, telemetry, model] = [runIn(home, program)].flat();
  for (const message of [server, inbox, telemetry]) expect(message).toMatch(needs);
  for (const name of [
    "hono@4",
    "@hono/node-server@2",
    "@hono/zod-openapi@1",
    "croner@11",
    "pino@10",
    "zod@4",
  ])
    expect(server).toContain(name);
  expect(inbox).toMatch(/npm install hono@4$/);
  expect(telemetry).toMatch(/npm install @opentelemetry\/api@1$/);
  expect(model).toBe("loaded");
  rmSync(home, { recursive: true });
});

it("with them, an entry is the same to `import` and `require`", { tags: "E2" }, () => {
  const home = project("hono", "@hono", "croner", "pino", "@opentelemetry");
  const program = `
    import { createRequire } from "node:module";
    const require = createRequire(process.cwd() + "/x.js");
    const same = [];
    for (const entry of ["server", "inbox", "telemetry"]) {
      const [one, other] = [await import("twelvefold/" + entry), require("twelvefold/" + entry)];
      same.push(Object.keys(one).length > 0 && Object.keys(one).every((name) => one[name] === other[name]));
    }
    console.log(JSON.stringify(same));`;
  expect(runIn(home, program)).toEqual([true, true, true]);
  rmSync(home, { recursive: true });
});

const CONFIG = `
import { defineAgent, defineConfig, finish } from "twelvefold";

const never = async (): Promise<never> => { throw new Error("not asked"); };
const nextStep = { name: "Next", version: "1", call: never, request: never, parse: (): never => { throw new Error(); } };
const steps = { done: finish((step: { readonly intent: "done" }) => step.intent) };

export default defineConfig({ agents: [defineAgent(nextStep, { name: "quiet", steps })] });
`;

function list(home: string, options = ""): { readonly code: number | null; readonly stderr: string } {
  cpSync(join(root, "bin"), join(home, "node_modules", "twelvefold", "bin"), { recursive: true });
  writeFileSync(join(home, "twelvefold.config.ts"), CONFIG);
  const bin = join(home, "node_modules", "twelvefold", "bin", "twelvefold.mjs");
  const { status, stderr } = spawnSync(process.execPath, [bin, "list"], {
    cwd: home,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: options },
  });
  return { code: status, stderr };
}

it.each(["commonjs", "module"])(
  "a project of %s modules may have its configuration in TypeScript",
  {
    tags: "E2",
  },
  (type) => {
    const home = project("tsx", "esbuild");
    writeFileSync(join(home, "package.json"), JSON.stringify({ type }));
    expect(list(home)).toEqual({ code: 0, stderr: "" });
    rmSync(home, { recursive: true });
  },
);

it("a configuration in TypeScript needs no tsx where Node reads its types", { tags: "E2" }, () => {
  const home = project();
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }));
  expect(list(home)).toEqual({ code: 0, stderr: "" });
  rmSync(home, { recursive: true });
});

it("a configuration in TypeScript asks for tsx by name where it is missing", { tags: "E2" }, () => {
  const home = project();
  const { code, stderr } = list(home, "--no-experimental-strip-types");
  expect(code).toBe(2);
  expect(stderr).toContain("twelvefold.config.ts needs tsx, which is not installed: npm install tsx@4");
  rmSync(home, { recursive: true });
});
