import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { sharedPostgres } from "../store/postgres-server.ts";
import { cli } from "./run-cli.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A command that stays, and the first line it prints, as JSON. */
async function start(args: readonly string[], store: string) {
  const kept = Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_|^AWS_/.test(name));
  const child = spawn(process.execPath, [join(root, "bin/twelvefold.mjs"), ...args], {
    cwd: root,
    env: { ...Object.fromEntries(kept), TWELVEFOLD_STORE: store, TWELVEFOLD_ENGINE: "pg-boss" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, printed: JSON.parse(line), errors: () => errors };
  }
  throw new Error(`${args.join(" ")} ended: ${errors}`);
}

async function end(child: ChildProcess): Promise<number | null> {
  const ended = once(child, "close");
  child.kill("SIGTERM");
  const [code] = await ended;
  return code;
}

describe("a server that advances nothing, and a worker beside it", {
  tags: ["E4", "F12.4"],
  timeout: 120_000,
}, () => {
  let store = "";
  let server: Awaited<ReturnType<typeof start>>;
  let worker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    store = `${await sharedPostgres()}&schema=cli_worker`;
    server = await start(["serve", "--no-worker", "--port", "0", "--json"], store);
  }, 120_000);
  afterAll(async () => {
    expect(await end(worker.child)).toBe(0);
    expect(await end(server.child)).toBe(0);
    expect(server.errors()).not.toMatch(/Error|failed/);
    expect(worker.errors()).not.toMatch(/Error|failed/);
  }, 60_000);

  it("a thread waits for a worker, which runs it; its events are streamed where it does not run", async () => {
    const { url, token } = server.printed;
    const client = createClient({ url, key: token });
    const body = { agent: "calculator", message: "multiply 3 by 4" };
    const { threadId } = await client.request("POST /threads", { body });
    const { status } = await client.request("GET /threads/{threadId}", { path: { threadId } });
    expect(status.kind).toBe("running");
    worker = await start(["worker", "--json"], store);
    expect(worker.printed).toEqual({ agents: ["calculator"] });
    const seen: string[] = [];
    for await (const { type } of client.watch(threadId)) {
      seen.push(type);
      if (type === "finished") break;
    }
    expect(seen.slice(0, 2)).toEqual(["thread_started", "message_received"]);
    expect(seen.at(-1)).toBe("finished");
  });

  it("an engine that is none is refused", async () => {
    const refused = await cli(store)(["worker"], { TWELVEFOLD_ENGINE: "steam" });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('TWELVEFOLD_ENGINE takes in-process or pg-boss, not "steam"');
  });
});
