import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { demoFile } from "../../src/cli/commands/demo-file.ts";
import { cli } from "./run-cli.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Started {
  readonly url: string;
  readonly folder: string;
  readonly links: Readonly<Record<string, string>>;
}

let child: ChildProcessByStdio<null, Readable, null>;
let started: Started;
beforeAll(async () => {
  const kept = Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_|^AWS_/.test(name));
  const message = "backend v1.1.0 to production";
  child = spawn(process.execPath, ["bin/twelvefold.mjs", "demo", "deploybot", message, "--json"], {
    cwd: root,
    env: Object.fromEntries(kept),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(child.stdout, "data");
  started = JSON.parse(String(line));
}, 120_000);
afterAll(async () => {
  if (child.exitCode !== null) return;
  child.kill("SIGINT");
  await once(child, "exit");
});

/** Opens a person's link and presses its button, as a browser does, and gives the cookie. */
async function signIn(person: string): Promise<string> {
  const link = new URL(started.links[person] ?? "");
  const { origin, searchParams: body } = link;
  const headers = { origin, "content-type": "application/x-www-form-urlencoded" };
  const answer = await fetch(new URL("/login", link), { method: "POST", headers, body, redirect: "manual" });
  const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
  return cookie;
}

/** Opens the request that waits in the inbox and presses its button. Gives what the page says. */
async function approve(cookie: string): Promise<string> {
  const get = async (path: string) =>
    (await fetch(new URL(path, started.url), { headers: { cookie } })).text();
  const path = await vi.waitFor(
    async () => {
      const found = /\/inbox\/requests\/thr_\w+\.\d+/.exec(await get("/inbox"))?.[0];
      if (found === undefined) throw new Error("nothing waits in the inbox");
      return found;
    },
    { timeout: 60_000, interval: 200 },
  );
  const page = await get(path);
  const form = new URLSearchParams({ decision: "approve" });
  const [approving = ""] = /<form [^>]*decision-approve.*?<\/form>/s.exec(page) ?? [];
  for (const [, name = "", value = ""] of approving.matchAll(
    /<input type="hidden" name="(\w+)" value="([^"]*)"/g,
  ))
    form.set(name, value);
  const origin = new URL(started.url).origin;
  const { status } = await fetch(new URL(path, started.url), {
    method: "POST",
    headers: { cookie, origin, "content-type": "application/x-www-form-urlencoded" },
    body: form,
    redirect: "manual",
  });
  expect(status).toBe(303);
  return page;
}

describe("twelvefold demo deploybot", { tags: ["E2", "F7.8"] }, () => {
  it("signs two people in with their links, once each, and goes live when both have approved", async () => {
    const ada = await signIn("ada");
    const ben = await signIn("ben");
    expect(await signIn("ada")).toBe("");
    const card = await approve(ada);
    expect(card).toContain("Orders can be cancelled");
    const live = () => readlink(join(started.folder, "environments/production/backend/current"));
    expect(await live()).toContain("v1.0.0");
    await approve(ben);
    await vi.waitFor(async () => expect(await live()).toContain("v1.1.0"), {
      timeout: 20_000,
      interval: 100,
    });
  }, 120_000);

  it("says which demos there are not", async () => {
    const { code, stderr } = await cli()(["demo", "../deploybot"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('there is no demo "../deploybot"');
    expect(stderr).toContain("known here: deploybot");
  });

  it("says outside a project, and in one without a demo, which commands bring it there", () => {
    const folder = mkdtempSync(join(tmpdir(), "twelvefold-"));
    const add = "npx twelvefold add deploybot, then npx twelvefold demo deploybot";
    const make = "npx twelvefold init my-agent --yes, cd my-agent, npm install";
    expect(() => demoFile(folder, "deploybot")).toThrow(`${make}, ${add}`);
    writeFileSync(join(folder, "twelvefold.config.ts"), "export default {};");
    expect(() => demoFile(folder, "deploybot")).toThrow(`copy one into your project: ${add}`);
  });
});
