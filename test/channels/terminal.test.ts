import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import { terminalChannel } from "../../src/channels/index.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { testRuntime } from "../runtime/harness.ts";
import { type DeskStep, deskAgent, HOSTILE } from "./desk-agent.ts";

const ada = verifiedBy("terminal", "ada");

async function office(script: readonly DeskStep[], fail = 0) {
  const lines: string[] = [];
  let failures = fail;
  const write = (line: string) => {
    if (failures > 0) {
      failures -= 1;
      throw new Error("the terminal is gone");
    }
    lines.push(line);
  };
  const { agent } = deskAgent(script);
  const runtime = testRuntime({ agents: [agent], channels: [terminalChannel({ write })] });
  const via = { channel: "terminal", address: "here" };
  const { threadId } = await runtime.launch({ agent: "desk", input: { message: "go", from: ada }, via });
  return { runtime, lines, thread: await runtime.settled(threadId) };
}

describe("the terminal as a channel", { tags: ["F11.1", "F7.16", "F7.10"] }, () => {
  it("shows the whole card with the commands that answer it, how it was closed, and how the thread ends", async () => {
    const { runtime, lines, thread } = await office([
      { intent: "tell", message: "one moment" },
      { intent: "pay", amount: 40, to: "ann" },
      { intent: "done", message: "paid" },
    ]);
    const id = requestIdOf(thread.id, thread.state.request?.seq ?? 0);
    expect(lines.slice(0, 3)).toEqual([
      `Progress (${thread.id})`,
      "  one moment",
      "Approval needed: desk wants to run pay",
    ]);
    expect(lines).toEqual(
      expect.arrayContaining(["  amount: 40", "  to: ann", `  approve: npx twelvefold approve ${id}`]),
    );
    const { digest } = await runtime.request(id);
    await runtime.respond(id, { decision: { kind: "approved" }, digest }, ada);
    await runtime.settled(thread.id);
    await expect.poll(() => lines).toContain(`terminal:ada approved (${id})`);
    expect(lines.slice(-2)).toEqual([`Done (${thread.id})`, "  paid"]);
  });

  it("shows hostile text as it is: nothing moves the cursor or begins a line of its own", {
    tags: "S4",
  }, async () => {
    const { lines } = await office([{ intent: "ask", question: HOSTILE }]);
    const all = lines.join("\n");
    expect(all).toContain("[U+001B]");
    for (const hidden of ["\u001b", "\u0007", "\u202e", "\r"]) expect(all).not.toContain(hidden);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}/);
    // Nor does it look like one of the card's own.
    expect(lines).toContain("  | Bcc: eve@evil.example");
    expect(all).not.toMatch(/^\s*(?:Bcc|approve ABCD)/m);
  });

  it("says that nothing was delivered if the terminal is gone", { tags: "F11.7" }, async () => {
    const { thread, lines } = await office([{ intent: "ask", question: "Which?" }], 1);
    expect(lines).toEqual([]);
    expect(thread.state.request?.deliveries["terminal"]).toMatchObject({ ok: false, attempts: 1 });
  });

  it("checks its options", { tags: "E4" }, () => {
    const wrong = { name: "terminal", writes: () => {} };
    expect(() => terminalChannel(wrong)).toThrow("writes");
  });
});
