import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { type OfflineModel, startOfflineModel } from "../../src/model/index.ts";
import { newApiKey } from "../../src/server/api-key.ts";
import { walkThrough } from "../server/walk-through.ts";
import { newProject, root, run } from "./packed.ts";

/** What the page is written for. */
const FRAMEWORKS = {
  esbuild: "0.28.2",
  express: "5.3.0",
  fastify: "5.12.8",
  next: "16.4.6",
  react: "19.3.1",
  "react-dom": "19.3.1",
  vite: "8.3.8",
};
const BASE = "/agents";
const NAME = "club-desk";
const NODE = join(root, "node_modules", ".bin", "node");
const page = readFileSync(join(root, "docs", "deploy.md"), "utf8");

let project = "";
let model: OfflineModel;
beforeAll(async () => {
  process.env.NEXT_TELEMETRY_DISABLED = "1";
  model = await startOfflineModel();
  const archive = inject("archive");
  const bin = join(newProject(archive), "node_modules", "twelvefold", "bin", "twelvefold.mjs");
  const parent = mkdtempSync(join(tmpdir(), "twelvefold-deploy-"));
  run(NODE, [bin, "init", NAME, "--yes"], parent);
  project = join(parent, NAME);
  const file = join(project, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  Object.assign(manifest.dependencies, FRAMEWORKS, { twelvefold: `file:${archive}` });
  writeFileSync(file, JSON.stringify(manifest));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], project);
  run(NODE, [join(project, "node_modules", "twelvefold", "bin", "twelvefold.mjs"), "generate"], project);
  // The very text of the page.
  for (const [, path = "", code = ""] of page.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```/gms)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), code);
  }
});
afterAll(() => model.close());

const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.pid !== undefined) {
      process.kill(-child.pid, "SIGKILL");
      await ended;
    }
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts a server of the project; gives its address and a key to it once it answers. */
async function started(...args: readonly string[]) {
  const port = await freePort();
  const { key, digest } = newApiKey();
  const keys = [{ id: "ci", digest, scopes: ["launch", "read", "respond"], principal: { id: "ada" } }];
  const child = spawn(NODE, [...args], {
    cwd: project,
    detached: true,
    env: {
      ...process.env,
      PORT: String(port),
      HOSTNAME: "127.0.0.1",
      AGENT_KEYS: JSON.stringify(keys),
      AGENT_SECRET: "s".repeat(40),
      TWELVEFOLD_BASE_URL: model.url,
      TWELVEFOLD_API_KEY: "none",
      TWELVEFOLD_MODEL: "openai-generic/offline",
      BAML_LOG: "off",
    },
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (output += data));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
    const answer = await fetch(`${url}${BASE}/healthz`).catch(() => undefined);
    if (answer?.status === 200) break;
    if (answer !== undefined) throw new Error(`${answer.status}: ${await answer.text()} ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, key };
}

async function walk(...args: readonly string[]): Promise<{ url: string }> {
  const { url, key } = await started(...args);
  await walkThrough({
    base: BASE,
    send: (path, init) => fetch(url + path, { redirect: "manual", ...init }),
    key,
    agent: NAME,
    message: "deposit 50, then withdraw 20",
  });
  return { url };
}

const bin = (name: string) => join(project, "node_modules", name);

describe("mounted in a server of one's own, as docs/deploy.md says", { tags: ["E12", "E7"] }, () => {
  it.each(["hono", "express", "fastify"])("%s: from the sign-in to the decision", async (name) => {
    const { url } = await walk(`src/${name}.js`);
    expect(await (await fetch(`${url}/`)).text()).toBe("my product");
  });

  it("a Next route handler: from the sign-in to the decision", async () => {
    // Next wants another one, and writes it where pages are in TypeScript.
    rmSync(join(project, "tsconfig.json"));
    const page = join(project, "app", "page.js");
    writeFileSync(page, "export default () => <p>my product</p>;\n");
    const layout = "export default ({ children }) => <html><body>{children}</body></html>;\n";
    writeFileSync(join(project, "app", "layout.js"), layout);
    run(NODE, [bin("next/dist/bin/next"), "build"], project);
    const { url } = await walk(bin("next/dist/bin/next"), "start");
    expect(await (await fetch(`${url}/`)).text()).toContain("my product");
  });
});

describe("bundled as docs/deploy.md says", { tags: ["E12", "E7"] }, () => {
  it("by esbuild: from the sign-in to the decision", async () => {
    run(NODE, ["build.mjs"], project);
    await walk("dist/server.mjs");
  });

  it("by Vite, with the packages outside", async () => {
    run(NODE, [bin("vite/bin/vite.js"), "build"], project);
    await walk("dist/server.js");
  });

  it("by Vite, with the packages inside", async () => {
    run(NODE, [bin("vite/bin/vite.js"), "build", "--config", "vite.bundle.config.js"], project);
    await walk("bundle/server.js");
    expect(readFileSync(join(project, "bundle", "server.js"), "utf8")).not.toMatch(/from ?"hono/);
  });
});
