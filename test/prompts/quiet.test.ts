import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";

describe("a program that uses prompt functions", () => {
  // BAML's own calls print every prompt to standard output unless told otherwise.
  it("prints no prompt, and ends when it is done", { tags: "S3", timeout: 60_000 }, async () => {
    const server = await providerServer(openaiChatBodies);
    const done = { text: '{"intent":"done_for_now","message":"hi"}' };
    server.will(done, done);
    const { BAML_LOG: _, ...env } = process.env;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "quiet-child.ts"), server.url],
      {
        env,
      },
    );
    const [output, errors, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise((resolve) => child.on("close", resolve)),
    ]);
    expect({ code, output, prompts: errors.includes("a secret thread") }).toEqual({
      code: 0,
      output: "",
      prompts: false,
    });
    expect(server.requests).toHaveLength(2);
    await server.close();
  });
});
