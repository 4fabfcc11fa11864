import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { createVault } from "../../src/context/redaction/redaction.ts";
import type { VerifiedPrincipal } from "../../src/humans/principal.ts";
import type { ToolOptions } from "../../src/steps/definitions.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, bob, eventsOf, testRuntime } from "./harness.ts";

type Step = { intent: "rate"; currency: string } | { intent: "done" };

const store = () => createMemoryStore();

/** Runs one thread after another, each with a lookup, and says how often the tool ran. */
function office(
  options: ToolOptions<Step & { intent: "rate" }>,
  shared = { store: store(), clock: fakeClock() },
) {
  let runs = 0;
  const ask = async (from: VerifiedPrincipal | undefined, currency = "EUR", name = "office") => {
    const agent = defineAgent(scriptedSteps<Step>([{ intent: "rate", currency }, { intent: "done" }]), {
      name,
      steps: {
        rate: tool(
          ({ currency: wanted }) => {
            runs += 1;
            return `${wanted} ${runs}`;
          },
          {
            readOnly: true,
            cacheSeconds: 60,
            cacheScope: "agent",
            ...options,
          },
        ),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent], ...shared });
    const input =
      from === undefined
        ? ({ event: { name: "tick", source: "shop", payload: 1 } } as const)
        : { message: "go", from };
    const { threadId } = await runtime.launch({ agent: name, input });
    const thread = await runtime.settled(threadId);
    return { threadId, runtime, data: eventsOf(thread, "tool_finished")[0]?.data };
  };
  return { ask, clock: shared.clock };
}

describe("results that are kept for an agent's other threads", { tags: "F8.2" }, () => {
  it("are those of the same agent, arguments, tool and requester, for a while", async () => {
    const { ask, clock } = office({});
    expect((await ask(ada)).data).toMatchObject({ result: "EUR 1" });
    const again = (await ask(ada)).data;
    expect(again).toMatchObject({ result: "EUR 1", cachedAt: new Date(clock.now()).toISOString() });
    expect((await ask(ada, "USD")).data?.result).toBe("USD 2");
    expect((await ask(ada, "EUR", "branch")).data?.result).toBe("EUR 3");
    expect((await ask(bob)).data?.result).toBe("EUR 4");
    await clock.advance(60_001);
    expect((await ask(ada)).data?.result).toBe("EUR 5");
  });

  it("end with the version of the tool", async () => {
    const shared = { store: store(), clock: fakeClock() };
    expect((await office({ version: "1" }, shared).ask(ada)).data?.cachedAt).toBeUndefined();
    expect((await office({ version: "1" }, shared).ask(ada)).data?.cachedAt).toBeDefined();
    expect((await office({ version: "2" }, shared).ask(ada)).data?.cachedAt).toBeUndefined();
  });

  it("are nobody else's where it is not known who asked, and everybody's only if the tool says so", async () => {
    const { ask } = office({});
    await ask(undefined);
    expect((await ask(undefined)).data?.cachedAt).toBeUndefined();
    const open = office({ shared: true });
    await open.ask(ada);
    expect((await open.ask(bob)).data?.result).toBe("EUR 1");
    expect((await open.ask(undefined)).data?.result).toBe("EUR 1");
  });

  it("are small: a very long one is fetched each time", async () => {
    const { ask } = office({});
    const long = "x".repeat(1_000_000);
    await ask(ada, long);
    expect((await ask(ada, long)).data?.cachedAt).toBeUndefined();
  });

  it("go with the thread that fetched them", async () => {
    const { ask } = office({});
    const { runtime, threadId } = await ask(ada);
    await runtime.delete(threadId);
    expect((await ask(ada)).data?.result).toBe("EUR 2");
  });

  it("and with its content when that is erased: nothing of it is left in the store", async () => {
    const kept = store();
    const names: string[] = [];
    const setValue: typeof kept.setValue = (name, ...rest) => {
      names.push(name);
      return kept.setValue(name, ...rest);
    };
    const { ask } = office({}, { store: { ...kept, setValue }, clock: fakeClock() });
    const { runtime, threadId } = await ask(ada);
    await runtime.erase(threadId, ada, { reason: "asked for" });
    const left = await Promise.all(names.map((name) => kept.getValue(name)));
    expect(left.join()).not.toContain("EUR 1");
    expect((await ask(ada)).data?.result).toBe("EUR 2");
  });

  it.each([
    ["a scope without a time", { readOnly: true, cacheScope: "agent" }, {}, "nothing would be cached"],
    ["sharing within a thread", { readOnly: true, cacheSeconds: 1, shared: true }, {}, "nothing is shared"],
    ["what writes", { cacheSeconds: 1, cacheScope: "agent" }, {}, "not readOnly"],
    [
      "placeholders",
      { readOnly: true, cacheSeconds: 1, cacheScope: "agent", realValues: true },
      {},
      "stand for other values",
    ],
    [
      "placeholders in the store",
      { readOnly: true, cacheSeconds: 1, cacheScope: "agent" },
      { context: { redact: {}, vault: createVault(), keepOutOfStore: true } },
      "stand for other values",
    ],
  ] as const)("are refused for %s", (_what, options, more, message) => {
    const define = () =>
      defineAgent(scriptedSteps<Step>([]), {
        name: "office",
        steps: { rate: tool(() => 1, options), done: finish(() => "done") },
        ...more,
      });
    expect(define).toThrow(message);
  });
});
