import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type InitOptions, type InitQuestions, init } from "../../src/cli/commands/init.ts";
import { archiveOf } from "../../src/cli/scaffold/package-facts.ts";
import { createSession } from "../../src/cli/session.ts";
import { cli } from "./run-cli.ts";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "twelvefold-init-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const manifest: { version: string; dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

interface Person {
  readonly interactive?: boolean;
  readonly questions?: Partial<InitQuestions>;
  readonly env?: Readonly<Record<string, string>>;
}

const unasked = () => Promise.reject(new Error("this was asked"));

/** `init` in a folder of its own, with a person who answers these questions and no others. */
async function run(folder: string | undefined, options: InitOptions, person: Person = {}) {
  const { interactive = false, questions = {}, env = {} } = person;
  const cwd = mkdtempSync(join(home, "cwd-"));
  const lines: string[] = [];
  const terminal = {
    interactive,
    colors: false,
    out: (text: string) => lines.push(text),
    err: (text: string) => lines.push(text),
    ask: unasked,
  };
  const { session } = createSession({ terminal, env, folder: cwd, json: false });
  const asked = { folder: unasked, ownLoop: unasked, serve: unasked, ...questions };
  const again = (more: InitOptions = {}) => init(session, folder, { ...options, ...more }, asked);
  const code = await again();
  const read = (file: string) => readFileSync(join(cwd, folder ?? "my-agent", file), "utf8");
  return { code, cwd, again, read, text: lines.join("\n") };
}

describe("twelvefold init", { tags: "E1" }, () => {
  it("writes a project that names its agent, and pins the versions of who writes it", async () => {
    const { code, cwd, read, text } = await run("desk-2", { yes: true });
    expect(code).toBe(0);
    expect(text).toBe(
      'desk-2 is written. Next:\n  cd desk-2\n  npm install\n  npm run test\n  npm run start -- "deposit 50, then withdraw 20"',
    );
    const { name, dependencies, scripts } = JSON.parse(read("package.json"));
    expect([name, scripts.start]).toEqual(["desk-2", "twelvefold run desk-2"]);
    expect(dependencies).toMatchObject({
      twelvefold: manifest.version,
      "@boundaryml/baml": manifest.dependencies["@boundaryml/baml"],
      hono: expect.stringMatching(/^\d/),
    });
    expect(read("baml_src/generators.baml")).toContain(
      `version "${manifest.dependencies["@boundaryml/baml"]}"`,
    );
    const files = readdirSync(join(cwd, "desk-2"), { recursive: true, withFileTypes: true });
    for (const file of files.filter((one) => one.isFile()))
      expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toContain("my-agent");
    const names = readdirSync(join(cwd, "desk-2"), { recursive: true }).map(String);
    expect(names).toEqual(
      expect.arrayContaining([
        ".agents/skills/twelvefold/SKILL.md",
        ".env.example",
        ".gitignore",
        ".vscode/extensions.json",
        "AGENTS.md",
        "README.md",
        "llms.txt",
      ]),
    );
    const pages = [...read("llms.txt").matchAll(/\]\(node_modules\/twelvefold\/([^)]+)\)/g)];
    expect(pages.length).toBeGreaterThan(40);
    expect(pages.filter(([, page = ""]) => !existsSync(join(root, page)))).toEqual([]);
    expect(names.some((one) => one.includes("baml_client"))).toBe(false);
  });

  it("installs the package from the archive that it came from itself", () => {
    const place = join(home, "installed");
    const packageRoot = join(place, "node_modules", "twelvefold");
    mkdirSync(packageRoot, { recursive: true });
    writeFileSync(join(place, "twelvefold-1.tgz"), "");
    const archives = [
      [{ dependencies: { twelvefold: "file:twelvefold-1.tgz" } }, join(place, "twelvefold-1.tgz")],
      [{ devDependencies: { twelvefold: "file:./twelvefold-1.tgz" } }, join(place, "twelvefold-1.tgz")],
      [{ dependencies: { twelvefold: "file:gone.tgz" } }, undefined],
      [{ dependencies: { twelvefold: "0.1.0" } }, undefined],
      [{ dependencies: { twelvefold: "file:../folder" } }, undefined],
      [{ dependencies: 7 }, undefined],
    ] as const;
    for (const [written, wanted] of archives) {
      writeFileSync(join(place, "package.json"), JSON.stringify(written));
      expect([written, archiveOf(packageRoot)]).toEqual([written, wanted]);
    }
    expect(archiveOf(root)).toBeUndefined();
  });

  it("installs the package from an archive that is named, and refuses one that is not there", async () => {
    const archive = join(home, "twelvefold.tgz");
    writeFileSync(archive, "");
    const { read } = await run("desk", { yes: true, package: archive });
    expect(JSON.parse(read("package.json")).dependencies.twelvefold).toBe("file:../../twelvefold.tgz");
    await expect(run("desk", { yes: true, package: "none.tgz" })).rejects.toThrow(
      /there is no .*none\.tgz: twelvefold cannot be installed from it/,
    );
    writeFileSync(join(home, "notes.txt"), "");
    for (const wrong of ["notes.txt", "."]) {
      await expect(run("desk", { yes: true, package: join(home, wrong) })).rejects.toThrow(
        "is no archive (.tgz) or folder of a package",
      );
    }
  });

  it("writes nothing where files are in the way, and names them; --force overwrites them", async () => {
    const { cwd, again, read } = await run("desk", { yes: true });
    writeFileSync(join(cwd, "desk/src/agent.ts"), "mine");
    rmSync(join(cwd, "desk/README.md"));
    await expect(again()).rejects.toThrow(
      /nothing was written: .* already has .*src\/agent\.ts.*; --force overwrites them/,
    );
    expect(read("src/agent.ts")).toBe("mine");
    expect(existsSync(join(cwd, "desk/README.md"))).toBe(false);
    expect(await again({ force: true })).toBe(0);
    expect(read("src/agent.ts")).toContain("defineAgent");
  });

  it("writes nothing where something else is in the way, --force or not, and follows no link out of the project", async () => {
    const { cwd, again, read } = await run("desk", { yes: true });
    const desk = join(cwd, "desk");
    const outside = join(cwd, "outside.md");
    writeFileSync(outside, "theirs");
    for (const name of ["src", "README.md", "AGENTS.md", "tsconfig.json"])
      rmSync(join(desk, name), { recursive: true });
    symlinkSync(outside, join(desk, "README.md"));
    symlinkSync(join(cwd, "nowhere"), join(desk, "AGENTS.md"));
    await expect(again()).rejects.toThrow(/already has .*README\.md/);
    writeFileSync(join(desk, "src"), "a file");
    mkdirSync(join(desk, "tsconfig.json"));
    await expect(again({ force: true })).rejects.toThrow(
      /nothing was written: .*src is no folder; .*tsconfig\.json is a folder/,
    );
    expect(lstatSync(join(desk, "README.md")).isSymbolicLink()).toBe(true);
    rmSync(join(desk, "src"));
    rmSync(join(desk, "tsconfig.json"), { recursive: true });
    expect(await again({ force: true })).toBe(0);
    expect(readFileSync(outside, "utf8")).toBe("theirs");
    expect(existsSync(join(cwd, "nowhere"))).toBe(false);
    expect(read("README.md")).toContain("desk");
  });

  it("asks at a terminal what no option says", async () => {
    const questions = {
      folder: async () => "my-agent",
      ownLoop: async () => false,
      serve: async () => false,
    };
    const { code, read } = await run(undefined, {}, { interactive: true, questions });
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(read("package.json")).dependencies)).toEqual([
      "@boundaryml/baml",
      "twelvefold",
    ]);
    const own = await run("own", {}, { interactive: true, questions: { ownLoop: async () => true } });
    expect(own.read("src/loop.ts")).toContain("while (thread.state.ended === null)");
  });

  it("writes nothing when the person leaves", async () => {
    const { code, cwd } = await run(
      "desk",
      {},
      { interactive: true, questions: { ownLoop: async () => undefined } },
    );
    expect([code, readdirSync(cwd)]).toEqual([130, []]);
  });

  it("with --own-the-loop writes the loop instead of the runtime", async () => {
    const { cwd, read } = await run("own", { yes: true, ownTheLoop: true });
    const names = readdirSync(join(cwd, "own"), { recursive: true }).map(String);
    expect(names).toEqual(expect.arrayContaining(["src/loop.ts", "src/main.ts", "test/loop.test.ts"]));
    expect(names.filter((one) => /agent\.ts|agent\.test|config\.ts/.test(one))).toEqual([]);
    for (const file of ["AGENTS.md", "README.md", "baml_src/agent.baml"]) {
      expect(read(file)).toContain("src/loop.ts");
      expect(read(file)).not.toContain("src/agent.ts");
    }
    expect(read("AGENTS.md")).toContain("a `case` of the `switch`, under its intent");
    expect(read("AGENTS.md")).not.toMatch(/`steps`|`approval`/);
  });

  it("says what the package manager that runs it is told", async () => {
    const { read, text } = await run(
      "desk",
      { yes: true },
      { env: { npm_config_user_agent: "pnpm/11.0.0 npm/?" } },
    );
    expect(text).toContain('pnpm run start "deposit 50, then withdraw 20"');
    // Whoever installs it may use another one.
    const npm = await run("desk", { yes: true });
    for (const one of [read, npm.read]) {
      expect(one("pnpm-workspace.yaml")).toContain("@scarf/scarf");
      expect(one(".yarnrc.yml")).toContain("nodeLinker: node-modules");
    }
    expect(JSON.parse(npm.read("package.json")).scarfSettings).toEqual({ enabled: false });
  });

  it("takes a folder that names an agent, and no other", async () => {
    await expect(run("", { yes: true })).rejects.toThrow("the folder's name is empty");
    for (const folder of ["My Agent", "1st", "a_b", "x".repeat(64)])
      await expect(run(folder, { yes: true })).rejects.toThrow("lower-case letters, digits and hyphens");
    await expect(run("My Agent!", { yes: true })).rejects.toThrow("(such as my-agent)");
    const { cwd } = await run("nested/deep/desk", { yes: true });
    expect(existsSync(join(cwd, "nested/deep/desk/package.json"))).toBe(true);
  });

  it("without a terminal and without --yes names the options", async () => {
    const folder = join(home, "silent");
    mkdirSync(folder);
    const { code, stderr } = await cli()(["init", join(folder, "desk")]);
    expect(code).toBe(2);
    for (const flag of ["--yes", "--own-the-loop", "--no-serve", "--from", "--package", "--force"])
      expect(stderr).toContain(flag);
    expect(readdirSync(folder)).toEqual([]);
  });
});
