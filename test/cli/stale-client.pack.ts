import { execFile, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientStates } from "../../src/cli/baml/client-state.ts";
import { freshenClient } from "../../src/cli/baml/fresh-client.ts";
import { patchClientFile } from "../../src/cli/baml/patch-client.ts";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "twelvefold-stale-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const AGENT = `
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { askHuman, defineAgent, defineConfig, finish, promptFunction, tool } from "${join(root, "src/index.ts")}";
import { readIntents } from "${join(root, "src/prompts/baml/intents.ts")}";

const number = tool(({ a, b }) => a + b, { readOnly: true });
// Whatever tools the prompt of this repository has.
const tools = readIntents(getBamlFiles(), "DetermineNextStep").map((intent) => [intent, number]);
const agent = defineAgent(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
  name: "sums",
  description: "Adds.",
  steps: {
    ...Object.fromEntries(tools),
    request_more_information: askHuman(({ message }) => message),
    done_for_now: finish(({ message }) => message),
  },
});
export default defineConfig({ agents: [agent] });
`;

/** A project of its own, without a client. */
function project(name: string): string {
  const folder = join(home, name);
  mkdirSync(folder);
  cpSync(join(root, "baml_src"), join(folder, "baml_src"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "twelvefold.config.ts"), AGENT);
  return folder;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number | undefined;
}

function node(cwd: string, args: readonly string[], { env = {}, uid }: Options = {}) {
  const kept = Object.entries(process.env).filter(([key]) => !/_API_KEY$|^TWELVEFOLD_|^NODE_ENV$/.test(key));
  const all = { ...Object.fromEntries(kept), ...env };
  return new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      execFile(
        process.execPath,
        [...args],
        { cwd, env: all, ...(uid === undefined ? {} : { uid }) },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
    },
  );
}

const twelvefold = (cwd: string, args: readonly string[], options?: Options) =>
  node(cwd, [join(root, "bin/twelvefold.mjs"), ...args], options);
const RUN = ["run", "sums", "what is 2 plus 3"];
const problemIn = (folder: string) => clientStates(join(folder, "baml_src")).map(({ problem }) => problem);

describe("the generated client of a project", { tags: "F2.1", timeout: 120_000 }, () => {
  let folder = "";
  beforeAll(() => {
    folder = project("own");
  });

  it("is generated once by several processes that start together, also after one has died at it", async () => {
    const together = project("together");
    const freshen = () => {
      const said: string[] = [];
      return freshenClient({ project: together, env: {}, say: (text) => said.push(text) }).then(() => said);
    };
    const dead = spawnSync(process.execPath, ["--eval", ""]).pid;
    writeFileSync(join(together, "baml_client.lock"), String(dead));
    expect((await Promise.all([freshen(), freshen(), freshen()])).flat()).toHaveLength(1);
    expect(problemIn(together)).toEqual([undefined]);
    expect(readdirSync(together).filter((name) => name.includes("lock"))).toEqual([]);
  });

  it("is generated where it is missing, and again when a prompt was edited; each time that is said", async () => {
    const first = await twelvefold(folder, RUN);
    expect(first.stderr).toContain("baml_client is missing: generating it");
    expect([first.code, first.stdout]).toEqual([0, "The result is 5.\n"]);
    expect((await twelvefold(folder, RUN)).stderr).not.toContain("generating");

    appendFileSync(join(folder, "baml_src/calculator.baml"), "// edited 😀\u0085\u2028\t\\\n");
    const edited = await twelvefold(folder, RUN);
    expect(edited.stderr).toContain("baml_client was not generated from the current baml_src: generating it");
    expect(problemIn(folder)).toEqual([undefined]);
  });

  it("of which a part is missing is generated again", async () => {
    rmSync(join(folder, "baml_client/async_client.ts"));
    expect(problemIn(folder)).toEqual(["missing"]);
    expect((await twelvefold(folder, RUN)).stderr).toContain("baml_client is missing: generating it");
    expect(problemIn(folder)).toEqual([undefined]);
  });

  it("that another program generated is made ready for Node", async () => {
    const bamlCli = join(root, "node_modules/@boundaryml/baml/cli.js");
    await node(folder, [bamlCli, "generate"]);
    expect(problemIn(folder)).toEqual(["unpatched"]);
    expect((await twelvefold(folder, RUN)).stderr).toContain("baml_client was generated without twelvefold");
    expect(problemIn(folder)).toEqual([undefined]);
  });

  it("is the same with other line ends, and another one when a source was added, moved or removed", () => {
    const path = join(folder, "baml_src/summarize.baml");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll("\n", "\r\n"));
    expect(problemIn(folder)).toEqual([undefined]);
    writeFileSync(path, text);
    const more = join(folder, "baml_src/more");
    mkdirSync(more);
    writeFileSync(join(more, "new.baml"), "// new\n");
    expect(problemIn(folder)).toEqual(["stale"]);
    rmSync(more, { recursive: true });
    expect(problemIn(folder)).toEqual([undefined]);
  });

  it("is not touched in production: no agent starts, the command to run is named, threads can be listed", async () => {
    const copy = project("production");
    const env = { NODE_ENV: "production" };
    const missing = await twelvefold(copy, RUN, { env });
    expect([missing.code, missing.stdout]).toEqual([2, ""]);
    expect(missing.stderr).toContain(
      "baml_client is missing, and NODE_ENV is production: run `npx twelvefold generate`",
    );
    expect(existsSync(join(copy, "baml_client"))).toBe(false);

    expect((await twelvefold(copy, ["generate"], { env })).stdout).toBe("generated baml_client\n");
    appendFileSync(join(copy, "baml_src/calculator.baml"), "// edited\n");
    const starts = [
      RUN,
      ["serve", "--port", "0"],
      ["prompt", "sums", "2 plus 3"],
      ["generate", "--if-stale"],
    ];
    for (const args of starts) {
      const stale = await twelvefold(copy, args, { env });
      expect([stale.code, stale.stdout]).toEqual([2, ""]);
      expect(stale.stderr).toContain("not generated from the current baml_src, and NODE_ENV is production");
    }
    expect(await twelvefold(copy, ["list"], { env })).toMatchObject({ code: 0, stderr: "" });
    expect(problemIn(copy)).toEqual(["stale"]);
  });

  it("that cannot be written ends the command with what to do", async () => {
    const copy = project("read-only");
    await twelvefold(copy, ["generate"]);
    appendFileSync(join(copy, "baml_src/calculator.baml"), "// edited\n");
    chmodSync(home, 0o755);
    chmodSync(join(copy, "baml_client"), 0o555);
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    const { code, stderr } = await twelvefold(copy, RUN, { uid, env: { HOME: home } });
    const generated = await twelvefold(copy, ["generate"], { uid, env: { HOME: home } });
    chmodSync(join(copy, "baml_client"), 0o755);
    expect(generated.code).toBe(2);
    expect(generated.stderr).toMatch(/cannot be generated: \S+baml_client cannot be written\n/);
    expect(stderr).toContain(
      "and its folder cannot be written: run `npx twelvefold generate` where the project is built",
    );
    expect(code).toBe(2);
  });

  it("of sources that are not valid BAML is not made; where they are wrong is said, and nothing of the compiler", async () => {
    const copy = project("invalid");
    writeFileSync(join(copy, "baml_src/calculator.baml"), "class {");
    for (const args of [["generate"], RUN, ["test"]]) {
      const { code, stdout, stderr } = await twelvefold(copy, args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("baml_src/calculator.baml:1");
      expect(stderr).not.toMatch(/backtrace|anyhow|baml_runtime|Caused by|\d{4}-\d\d-\d\d/);
    }
  });

  it("of sources that are not UTF-8 is not made, and the file is named", async () => {
    const copy = project("latin");
    writeFileSync(join(copy, "baml_src/latin.baml"), Buffer.from("// caf\xe9", "latin1"));
    const { code, stderr } = await twelvefold(copy, ["generate"]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/latin\.baml is not UTF-8 text.*\n$/)]);
  });

  it("runs under plain Node, with enums, every file of it", async () => {
    const copy = project("plain");
    // The prompts of the tests instead of the agents'.
    for (const file of readdirSync(join(copy, "baml_src"))) {
      if (!["clients.baml", "generators.baml"].includes(file)) rmSync(join(copy, "baml_src", file));
    }
    cpSync(join(root, "test/prompts/baml_src"), join(copy, "baml_src"), { recursive: true });
    expect(await twelvefold(copy, ["generate"])).toMatchObject({ code: 0 });
    const files = readdirSync(join(copy, "baml_client"));
    const program = `for (const file of ${JSON.stringify(files)}) await import("./baml_client/" + file);
      console.log(JSON.stringify((await import("./baml_client/index.ts")).InvoiceStatus))`;
    const { code, stdout, stderr } = await node(copy, ["--input-type=module", "--eval", program]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({ PAID: "PAID", OPEN: "OPEN", VOID: "VOID" });
  });
});

it("a client's file that is ready stays as it is", () => {
  for (const client of ["baml_client", "test/prompts/baml_client"]) {
    for (const file of readdirSync(join(root, client))) {
      const text = readFileSync(join(root, client, file), "utf8");
      expect(patchClientFile(text)).toBe(text);
    }
  }
});
