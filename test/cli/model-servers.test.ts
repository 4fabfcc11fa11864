import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { model } from "../../src/cli/commands/model.ts";
import { createSession } from "../../src/cli/session.ts";
import { startScriptedModel } from "../../src/model/index.ts";
import { ask, chatBody, post } from "../model/ask-model.ts";

const folder = mkdtempSync(join(tmpdir(), "twelvefold-model-"));

/** Starts a model server as the command line does; `stop` interrupts it as a signal would, and gives the exit code. */
async function start(which: string, place: string | undefined, options: object, env = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const listening = Promise.withResolvers<void>();
  const terminal = {
    interactive: false,
    colors: false,
    out: (text: string) => {
      out.push(text);
      listening.resolve();
    },
    err: (text: string) => void err.push(text),
    ask: async () => undefined,
  };
  const { session, close } = createSession({ terminal, env, folder, json: false });
  const ended = model(session, which, place, { seed: 1, ...options });
  await Promise.race([listening.promise, ended]);
  const [variable = "", url = ""] = out[0]?.split("=") ?? [];
  return {
    variable,
    url,
    err,
    async stop() {
      process.emit("SIGTERM");
      const code = await ended;
      await close();
      return code;
    },
  };
}

describe("E3 model servers of the command line", { tags: "E3" }, () => {
  it("records what is asked, replays it, and fails a replay that was asked for something else", async () => {
    const upstream = await startScriptedModel(["one"]);
    const recorder = await start("record", "kept", { upstream: upstream.url });
    expect(recorder.variable).toBe("TWELVEFOLD_BASE_URL");
    expect(await ask(recorder, "which?")).toBe("one");
    expect(await recorder.stop()).toBe(0);
    await upstream.close();
    expect(recorder.err.at(-1)).toBe("POST /chat/completions  200  0001-chat-completions.json");

    const replayer = await start("replay", "kept", {});
    expect(await ask(replayer, "which?")).toBe("one");
    expect(await replayer.stop()).toBe(0);
    expect(replayer.err.at(-1)).toBe("not recorded: 0 requests; not asked for: 0 recorded exchanges");

    const again = await start("replay", "kept", {});
    expect((await post(again, chatBody("what?"))).status).toBe(404);
    expect(await again.stop()).toBe(1);
    expect(again.err.join("\n")).toContain("-which?\n+what?");
  });

  it("makes the named faults, and is put before the configured provider by its own variable", async () => {
    const upstream = await startScriptedModel(["one", "one"]);
    const env = { OPENAI_API_KEY: "sk-test-0123456789", OPENAI_BASE_URL: upstream.url };
    const faulty = await start("faults", undefined, { fault: ["empty=100"] }, env);
    expect(faulty.variable).toBe("OPENAI_BASE_URL");
    expect(await ask(faulty, "which?")).toBe("");
    expect(faulty.err.at(-1)).toBe("empty");
    expect(await faulty.stop()).toBe(0);
    await upstream.close();
    const anthropic = await start("record", "other", {}, { ANTHROPIC_API_KEY: "sk-test-0123456789" });
    expect(anthropic.err[0]).toContain("https://api.anthropic.com/v1");
    expect([anthropic.variable, anthropic.url]).toEqual([
      "ANTHROPIC_BASE_URL",
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    ]);
    await anthropic.stop();
  });

  it("says what is wrong with a wrong call", async () => {
    for (const [which, place, options, why] of [
      ["play", undefined, {}, "model takes offline, record, replay, faults"],
      ["faults", "folder", {}, "takes no folder"],
      ["faults", undefined, { fault: ["boredom"] }, "--fault takes garbage"],
      ["faults", undefined, { fault: ["empty=lots"] }, "as in empty=10"],
      ["faults", undefined, { rate: 101 }, "from 0 to 100"],
      ["record", undefined, { upstream: "api.openai.com" }, "--upstream takes an address"],
      ["replay", "nothing-here", {}, "cannot read the recording"],
    ] as const) {
      await expect(start(which, place, options)).rejects.toThrow(why);
    }
  });
});
