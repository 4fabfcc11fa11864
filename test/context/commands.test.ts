import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { cli } from "../cli/run-cli.ts";

const run = cli();
let threadId = "";
let requestDigest = "";

const shown = z.object({
  threadId: z.string(),
  events: z.array(z.object({ seq: z.number(), type: z.string(), data: z.record(z.string(), z.json()) })),
});

beforeAll(async () => {
  const ran = await run(["run", "calculator", "multiply 3 and 4, then add 5", "--json"]);
  threadId = /thr_[a-z0-9]+/.exec(ran.stdout)?.[0] ?? "";
  const { events } = shown.parse(JSON.parse((await run(["show", threadId, "--json"])).stdout));
  const second = events.filter(({ type }) => type === "step_proposed")[1];
  expect(second?.seq).toBe(6);
  requestDigest = z.object({ requestDigest: z.string() }).parse(second?.data.completion).requestDigest;
}, 30_000);

describe("twelvefold prompt", () => {
  it("F2.2 F3.6 prints the request of any stored decision, byte for byte", async () => {
    const { stdout, code } = await run(["prompt", "calculator", "--thread", threadId, "--at", "5", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ digest: requestDigest, method: "POST", compactFirst: false });
  });

  it("F2.2 pretty for people, raw for programs, and never sends anything", async () => {
    const [pretty, raw, fresh] = await Promise.all([
      run(["prompt", "calculator", "--thread", threadId, "--at", "5"], {
        OPENAI_API_KEY: "sk-secret-0123456789abcdef",
      }),
      run(["prompt", "calculator", "--thread", threadId, "--at", "5", "--raw"]),
      run(["prompt", "calculator", "what", "is", "2+2?"]),
    ]);
    expect(pretty.stdout).toContain("https://api.openai.com");
    expect(pretty.stdout).toContain("<multiply_result>\n12\n</multiply_result>");
    expect(pretty.stdout).toMatch(/─── system ───\nYou are a calculator/);
    expect(pretty.stdout + pretty.stderr).not.toContain("sk-secret");
    expect(JSON.parse(raw.stdout)).toMatchObject({ messages: [{ role: "system" }, { role: "user" }] });
    expect(fresh.stdout).toContain("<message_received>\nwhat is 2+2?\n</message_received>");
  });

  it("F2.2 says what is wrong with a call", async () => {
    const results = await Promise.all([
      run(["prompt", "nobody"]),
      run(["prompt", "calculator", "--at", "3"]),
      run(["prompt", "calculator", "--thread", threadId, "--at", "99"]),
      run(["prompt", "calculator", "hello", "--thread", threadId]),
      run(["prompt", "calculator", "--thread", "thr_unknown"]),
    ]);
    expect(results.map(({ code }) => code)).toEqual([3, 2, 2, 2, 3]);
    expect(results[2]?.stderr).toContain("--at takes an event from 1 to");
  });
});

describe("twelvefold tokens", () => {
  it("F3.9 compares the formats on a real thread, with bars", async () => {
    const [table, json] = await Promise.all([run(["tokens", threadId]), run(["tokens", threadId, "--json"])]);
    expect(table.stdout).toMatch(/^format +tokens +bytes +ratio\n/);
    expect(table.stdout).toMatch(/\nxml +\d+ +\d+ +\d\.\d\d +█+ +this agent's\n/);
    expect(JSON.parse(json.stdout)).toMatchObject({ threadId, current: "xml", formats: { length: 5 } });
  });
});
