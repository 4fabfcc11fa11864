import { describe, expect, it } from "vitest";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { createClient } from "../../src/client/index.ts";
import { startOfflineModel } from "../../src/model/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { startServer } from "../../src/server/start.ts";
import { temporaryStore } from "../store/temporary.ts";
import { afterwards } from "./serve.ts";

describe("the calculator over HTTP, with a real prompt, model server and store", () => {
  it("launch, watch it stream, a wrong edit, a right one, and the answer", {
    tags: ["F6.1", "F6.8", "F7.9", "S6"],
  }, async () => {
    const model = await startOfflineModel();
    afterwards(() => model.close());
    const { store, close } = await temporaryStore();
    afterwards(close);
    const choice = model.choice;
    const runtime = createRuntime({ agents: [calculator], store, model: choice, stream: true });
    const server = await startServer({ runtime, port: 0 });
    afterwards(() => server.close());
    const client = createClient({ url: server.url, key: server.token });

    const message = "can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?";
    const { threadId } = await client.request("POST /threads", { body: { agent: "calculator", message } });
    const partials: unknown[] = [];
    const types: string[] = [];
    for await (const event of client.watch(threadId, { onPartial: (partial) => partials.push(partial) })) {
      types.push(event.type);
      if (event.type === "approval_requested") {
        const { request } = await client.request("GET /threads/{threadId}", { path: { threadId } });
        if (request?.approval == null) throw new Error("no approval");
        const { digest } = request.approval;
        const respond = (a: unknown) =>
          client.request("POST /requests/{requestId}/response", {
            path: { requestId: request.requestId },
            body: { decision: { kind: "approved", editedStep: { intent: "divide", a, b: 2 } }, digest },
          });
        await expect(respond("twelve")).rejects.toMatchObject({ status: 422, code: "invalid_argument" });
        await respond(24);
      }
      if (event.type === "finished") break;
    }
    expect(partials.length).toBeGreaterThan(0);
    expect(types.filter((type) => type === "tool_finished")).toHaveLength(3);
    const { status } = await client.request("GET /threads/{threadId}", { path: { threadId } });
    expect(status).toMatchObject({ kind: "finished", result: expect.stringContaining("24") });
    const id = await firstThread(runtime);
    expect((await store.verify(id)).ok).toBe(true);
    // A first run shows no repairs: the offline model errs only where it is asked to.
    const { events } = await runtime.get(id);
    const grades = events.flatMap((event) =>
      event.type === "step_proposed" ? [event.data.fidelity.grade] : [],
    );
    expect(grades).toEqual(["exact", "exact", "exact", "exact"]);
  });
});

async function firstThread(runtime: ReturnType<typeof createRuntime>) {
  return (await runtime.list()).threads[0]?.threadId ?? never();
}

function never(): never {
  throw new Error("the thread is not listed");
}
