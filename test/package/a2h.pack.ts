import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { serve as listen, type ServerType } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { a2h, a2hAgent } from "../../src/protocols/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { keyFor } from "../server/serve.ts";
import { keepPackages } from "./kept-packages.ts";

/** The public client, kept in `node_modules` between runs. */
const CLIENT = { "@humanlayer/sdk": "0.7.9" };
let folder = "";
const execute = promisify(execFile);

/** As far as it is used here. */
interface HumanLayer {
  requireApproval(
    channel?: object,
  ): (fn: (kwargs: object) => Promise<string>) => (kwargs: object) => Promise<string>;
  humanAsTool(channel?: object): (asked: { readonly message: string }) => Promise<string>;
  fetchHumanApproval(asked: { readonly spec: object }): Promise<object>;
}
const client = z.object({
  humanlayer: z.custom<(params: object) => HumanLayer>((value) => typeof value === "function"),
});
const pending = z.object({
  requests: z.array(
    z.object({
      requestId: z.string(),
      kind: z.string(),
      approval: z.object({ digest: z.string() }).nullable(),
    }),
  ),
});

describe("A2H, as other programs speak it", { tags: "E8" }, () => {
  const [program, ada] = [keyFor("program"), keyFor("ada")];
  const runtime = createRuntime({ agents: [a2hAgent()], store: createMemoryStore() });
  let server: ServerType;
  let base = "";

  beforeAll(async () => {
    folder = keepPackages("a2h", CLIENT);
    const { app } = createServer({
      runtime,
      auth: { kind: "keys", keys: [program.configured, ada.configured] },
      protocols: [a2h({ runtime })],
      log: { info() {}, warn() {}, error() {} },
    });
    const port = await new Promise<number>((resolve) => {
      server = listen({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) => resolve(info.port));
    });
    base = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    server.close();
    await runtime.stop();
  });

  /** Plain `curl`, as on a command line. */
  const curl = async (path: string, { body, key = program.key }: { body?: object; key?: string } = {}) => {
    const sent = body === undefined ? [] : ["--json", JSON.stringify(body)];
    const { stdout } = await execute("curl", [
      "-sS",
      "-H",
      `Authorization: Bearer ${key}`,
      ...sent,
      base + path,
    ]);
    return JSON.parse(stdout);
  };
  const asked = async () => {
    const { requests } = pending.parse(await curl("/requests", { key: ada.key }));
    return requests[0];
  };
  const decide = async (decision: object) => {
    await expect.poll(asked).toBeDefined();
    const { requestId, approval } = (await asked()) ?? { requestId: "", approval: null };
    const body = { decision, ...(approval === null ? {} : { digest: approval.digest }) };
    await curl(`/requests/${requestId}/response`, { body, key: ada.key });
  };

  it("the client of `humanlayer` runs its function once a person has approved, and reads what people say", async () => {
    const require = createRequire(join(folder, "package.json"));
    const { humanlayer } = client.parse(require("@humanlayer/sdk"));
    const sleep = () => new Promise((resolve) => setTimeout(resolve, 20));
    const hl = humanlayer({ apiKey: program.key, apiBaseUrl: `${base}/a2h`, runId: "run-1", sleep });
    const ran: object[] = [];
    const multiply = async (kwargs: object) => {
      ran.push(kwargs);
      return "six";
    };
    const channel = { slack: { channel_or_user_id: "C1", bot_token: "xoxb-1" } };
    const approved = hl.requireApproval(channel)(multiply)({ x: 2, y: 3 });
    await decide({ kind: "approved" });
    expect([await approved, ran]).toEqual(["six", [{ x: 2, y: 3 }]]);
    const denied = hl.requireApproval()(multiply)({ x: 9, y: 9 });
    await decide({ kind: "denied", feedback: "too much" });
    expect([await denied, ran.length]).toEqual([expect.stringContaining("too much"), 1]);
    const answer = hl.humanAsTool({ email: { address: "ada@example.com" } })({ message: "Which?" });
    await decide({ kind: "answered", text: "the second" });
    expect(await answer).toBe("the second");
    const reject_options = [{ name: "later", prompt_fill: "Ask again tomorrow." }];
    const status = hl.fetchHumanApproval({ spec: { fn: "pay", kwargs: {}, reject_options } });
    await decide({ kind: "denied", feedback: "", option: "later" });
    expect(await status).toMatchObject({
      approved: false,
      reject_option_name: "later",
      comment: "Ask again tomorrow.",
    });
    const lying = humanlayer({ apiKey: "tf_nobody", apiBaseUrl: `${base}/a2h`, sleep });
    await expect(lying.humanAsTool()({ message: "hello" })).rejects.toThrow("401");
    expect(await asked()).toBeUndefined();
  });

  it("`curl` alone asks, looks and decides", async () => {
    const call = { run_id: "run-2", call_id: "call-1", spec: { fn: "refund", kwargs: { amount: 100 } } };
    await curl("/a2h/function_calls", { body: call });
    await expect.poll(asked).toBeDefined();
    const { status } = await curl("/a2h/function_calls/call-1");
    const path = `/a2h/agent/function_calls/${status.request_id}/respond`;
    const without = await curl(path, { body: { approved: true }, key: ada.key });
    expect(without).toMatchObject({ status: 409 });
    await curl(path, { body: { approved: true, digest: status.digest }, key: ada.key });
    await expect
      .poll(async () => (await curl("/a2h/function_calls/call-1")).status)
      .toMatchObject({ approved: true, user_info: { id: "web:ada" } });
  });
});
