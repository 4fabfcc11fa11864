// Records a terminal session into docs/images/session.svg: `npx tsx scripts/record-session.ts`. Every line is real output of
// real processes; only thread ids are shortened. The second process is killed with SIGKILL while its tool runs.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sessionSvg } from "./session-svg.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "twelvefold-session-"));
const lines: string[] = [];

/** A project with the calculator, whose last tool takes its time, so that a process can die in it. */
function writeProject(): void {
  for (const name of ["baml_src", "baml_client"])
    cpSync(join(root, name), join(project, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  const from = (path: string) => JSON.stringify(join(root, path));
  const config = `
    import { setTimeout as delay } from "node:timers/promises";
    import { b } from "./baml_client/index.ts";
    import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
    import { askHuman, defineAgent, defineConfig, finish, promptFunction, tool } from ${from("src/index.ts")};
    const slowly = async (value) => (await delay(3000), value);
    const agent = defineAgent(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
      name: "calculator",
      steps: {
        add: tool(({ a, b }) => slowly(a + b), { readOnly: true, version: "1" }),
        subtract: tool(({ a, b }) => a - b, { readOnly: true }),
        multiply: tool(({ a, b }) => a * b, { readOnly: true }),
        divide: tool(({ a, b }) => a / b, { readOnly: true, approval: "always" }),
        request_more_information: askHuman(({ message }) => message),
        done_for_now: finish(({ message }) => message),
      },
    });
    export default defineConfig({ agents: [agent] });`;
  writeFileSync(join(project, "twelvefold.config.ts"), config);
}

/** Runs a command of the project and keeps what it prints; with `killAt`, ends it with SIGKILL once it has printed that. */
async function run(args: readonly string[], killAt?: RegExp): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_/.test(name));
  const env = { ...Object.fromEntries(kept), NO_COLOR: "1", BAML_LOG: "off", TWELVEFOLD_MODEL: "offline" };
  const child = spawn(process.execPath, [join(root, "bin/twelvefold.mjs"), ...args], { cwd: project, env });
  let printed = "";
  let killed = false;
  const onData = (data: unknown) => {
    printed += String(data);
    if (killAt === undefined || killed || !killAt.test(printed)) return;
    killed = true;
    child.kill("SIGKILL");
  };
  child.stdout.on("data", onData);
  child.stderr.on("data", onData);
  await new Promise((resolve) => child.once("close", resolve));
  lines.push(...printed.trimEnd().split("\n"));
  if (killAt !== undefined && !killed)
    throw new Error(`the process ended before it could be killed:\n${printed}`);
  return printed;
}

const typed = (line: string) => lines.push(`$ ${line}`);
const said = (line: string) => lines.push("", `# ${line}`);

writeProject();
const request = "multiply 3 and 4, then divide the result by 2, then add 12";
typed(`npx twelvefold run calculator "${request}"`);
const started = await run(["run", "calculator", request]);
const [approval = "", thread = ""] = /(thr_\w+)\.\d+/.exec(started) ?? [];
if (thread === "") throw new Error(`no approval was asked for:\n${started}`);

said("another process, any time later; kill -9 while its tool runs");
typed(`npx twelvefold approve ${approval}`);
await run(["approve", approval], /add.*b.*12/);
lines.push("Killed");

said("a third one goes on: what was approved is not asked again, what was done is not done again");
typed(`npx twelvefold resume ${thread}`);
await run(["resume", thread]);
typed(`npx twelvefold verify ${thread}`);
await run(["verify", thread]);

rmSync(project, { recursive: true, force: true });
mkdirSync(join(root, "docs/images"), { recursive: true });
const short = lines.map((line) => line.replaceAll(thread, "thr_9hms"));
writeFileSync(join(root, "docs/images/session.svg"), sessionSvg(short));
console.log(short.join("\n"));
