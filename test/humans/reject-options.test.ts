import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { follow } from "../../src/cli/follow.ts";
import { createSession } from "../../src/cli/session.ts";
import { contextBlocks } from "../../src/context/index.ts";
import { describeEvent } from "../../src/present/describe-event.ts";
import { eventLine } from "../../src/present/event-line.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { TOKEN, testInbox } from "../inbox/inbox-server.ts";
import { ada, bob, eventsOf, testRuntime } from "../runtime/harness.ts";
import { serve } from "../server/serve.ts";

type Step = { intent: "deploy"; service: string } | { intent: "done"; message: string };

const OPTIONS = { wrong_order: "The backend first, then the frontend.", not_now: "Not today." };
const DONE: Step = { intent: "done", message: "ok" };

function releases(rejectOptions: Readonly<Record<string, string>> | undefined = OPTIONS) {
  const nextStep = scriptedSteps<Step>([{ intent: "deploy", service: "frontend" }, DONE]);
  const agent = defineAgent(nextStep, {
    name: "releases",
    steps: {
      deploy: tool(({ service }) => service, {
        approval: "always",
        ...(rejectOptions === undefined ? {} : { rejectOptions }),
      }),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep };
}

const denied = ({ events }: Thread) =>
  events.flatMap((event) =>
    event.type === "human_responded" && event.data.decision.kind === "denied" ? [event.data.decision] : [],
  );

describe("ready ways to deny a step", () => {
  async function start(made = releases()) {
    const runtime = testRuntime({ agents: [made.agent] });
    const { threadId } = await runtime.launch({ agent: "releases", input: { message: "go", from: ada } });
    const { state } = await runtime.settled(threadId);
    if (state.request?.type !== "approval") throw new Error("nothing waits for approval");
    const { digest, card, seq } = state.request;
    const deny = async (decision: Partial<HumanDecision & { kind: "denied" }>) => {
      const response = { decision: { kind: "denied", feedback: "", ...decision }, digest } as const;
      await runtime.respond(requestIdOf(threadId, seq), response, bob);
      return runtime.settled(threadId);
    };
    return { ...made, runtime, threadId, card, deny };
  }

  it("stand on the card; the model reads the words of the one that was picked, and the thread says which", {
    tags: ["F7.5", "F7.7"],
  }, async () => {
    const { card, deny, nextStep } = await start();
    expect(card.rejectOptions).toEqual(OPTIONS);
    const thread = await deny({ option: "wrong_order", feedback: "And tell me when." });
    const words = "The backend first, then the frontend.\nAnd tell me when.";
    expect(denied(thread)).toEqual([{ kind: "denied", option: "wrong_order", feedback: words }]);
    expect(nextStep.prompts.at(-1)).toContain("The backend first, then the frontend.");
    const line = eventsOf(thread, "human_responded").map((event) => eventLine(event, pc.createColors(false)));
    expect(line.join()).toContain("denied (wrong_order)");
  });

  it("need no words: blank ones, and none at all, are left out wherever feedback is shown", {
    tags: "F7.5",
  }, async () => {
    for (const decision of [{ feedback: "" }, { feedback: " \n " }, JSON.parse('{"feedback":null}')]) {
      const { deny, nextStep } = await start();
      const thread = await deny(decision);
      expect(denied(thread)).toEqual([{ kind: "denied", feedback: "" }]);
      expect(nextStep.prompts.at(-1)).not.toContain("feedback");
      expect(eventsOf(thread, "human_responded").map(describeEvent)).toMatchObject([{ text: undefined }]);
      const blank = thread.events.map((event) =>
        event.type === "human_responded"
          ? { ...event, data: { ...event.data, decision: { kind: "denied" as const, feedback: "  " } } }
          : event,
      );
      expect(contextBlocks(blank)).toContainEqual({ tag: "human_response", body: { denied: "deploy" } });
    }
    const { deny } = await start();
    await expect(deny(JSON.parse('{"feedback":7}'))).rejects.toThrow("feedback must be text, not 7");
    // An edit under another name would approve what was not meant.
    const misspelt = JSON.parse('{"kind":"approved","edit":{"intent":"deploy","service":"backend"}}');
    await expect(deny(misspelt)).rejects.toThrow("approved has no feedback, edit; known: kind, editedStep");
  });

  it("are only those of the card", { tags: "F7.5" }, async () => {
    const { deny } = await start();
    for (const option of ["", "right_order", "constructor", "__proto__"])
      await expect(deny({ option })).rejects.toThrow(
        `the request has no reject option ${JSON.stringify(option)}; known: wrong_order, not_now`,
      );
    const none = await start(releases({}));
    await expect(none.deny({ option: "wrong_order" })).rejects.toThrow("it has none");
    expect(denied(await none.deny({ feedback: "not_now" }))).toEqual([
      { kind: "denied", feedback: "not_now" },
    ]);
    const written = await start();
    const not_now = { kind: "denied", option: "not_now", feedback: "Not today." };
    expect(denied(await written.deny({ feedback: " not_now " }))).toEqual([not_now]);
  });

  it("have names that can be typed, and words", () => {
    expect(() => releases({ "wrong order": "x" })).toThrow('rejectOptions: "wrong order" is no name');
    expect(() => releases({ wrong_order: "" })).toThrow("rejectOptions.wrong_order: must be text");
  });

  it("are picked over HTTP by name alone", { tags: "F7.5" }, async () => {
    const { call, runtime } = serve({ agents: [releases().agent] });
    const launched = await call("/threads", { body: { agent: "releases", message: "go" } });
    await runtime.settled(launched.body.threadId);
    const { body } = await call("/requests");
    const [{ requestId, approval }] = body.requests;
    expect(approval.card.rejectOptions).toEqual(OPTIONS);
    const respond = (option: string) =>
      call(`/requests/${requestId}/response`, {
        body: { decision: { kind: "denied", option }, digest: approval.digest },
      });
    expect((await respond("no_such")).status).toBe(422);
    expect((await respond("not_now")).status).toBe(202);
  });

  it("are picked in the inbox by a button", { tags: "F7.5" }, async () => {
    const { app, runtime } = testInbox([releases().agent]);
    const { threadId } = await runtime.launch({ agent: "releases", input: { message: "go", from: ada } });
    const { state } = await runtime.settled(threadId);
    const digest = state.request?.type === "approval" ? state.request.digest : "";
    const path = `/inbox/requests/${requestIdOf(threadId, state.request?.seq ?? 0)}`;
    expect(await (await app.request(path)).text()).toMatch(
      /<button[^>]*name="option" value="wrong_order"[^>]*><span[^>]*>The backend first, then the frontend\./,
    );
    const body = new URLSearchParams({ csrf: TOKEN, digest, decision: "deny", option: "wrong_order" });
    await app.request(path, { method: "POST", body });
    expect(denied(await runtime.settled(threadId))[0]?.option).toBe("wrong_order");
    await runtime.stop();
  });

  it("are picked at the terminal by typing the name", { tags: ["F7.5", "F7.12"] }, async () => {
    const lines: string[] = [];
    const show = (line: string) => lines.push(line);
    const terminal = { interactive: true, colors: false, out: show, err: show, ask: async () => "not_now" };
    const { session, close } = createSession({ terminal, env: {}, folder: ".", json: false });
    const runtime = testRuntime({ agents: [releases().agent] });
    const { threadId } = await runtime.launch({ agent: "releases", input: { message: "go", from: ada } });
    expect(await follow(session, runtime, threadId)).toBe(0);
    expect(lines.join("\n")).toContain("to deny it, type not_now: Not today.");
    const decision = { kind: "denied", option: "not_now", feedback: "Not today." };
    expect(denied(await runtime.get(threadId))).toEqual([decision]);
    await close();
  });
});
