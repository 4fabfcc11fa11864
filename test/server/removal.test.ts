import { describe, expect, it } from "vitest";
import { serve } from "./serve.ts";

const FINISH = { intent: "done", message: "Mrs Smith it is" } as const;

describe("removing threads over HTTP", { tags: "F5.10" }, () => {
  it("a thread is erased, then deleted; nothing of it is found any more", async () => {
    const { call, launch, keys } = serve({ script: [FINISH] });
    const as = keys.root;
    const { threadId } = await launch("about Mrs Smith");
    const path = `/threads/${threadId}`;
    expect((await call(`${path}/erase`, { as, body: {} })).status).toBe(422);
    const erased = await call(`${path}/erase`, { as, body: { reason: "asked for" } });
    expect([erased.status, erased.body.status]).toEqual([200, "finished"]);
    expect(JSON.stringify((await call(`${path}/events`)).body)).not.toContain("Smith");
    expect(await call(path, { as, method: "DELETE" })).toMatchObject({
      status: 200,
      body: { deleted: true },
    });
    expect((await call(path)).status).toBe(404);
    expect((await call(path, { as, method: "DELETE" })).status).toBe(404);
  });

  it("a thread that waits is kept, and only an admin removes anything", async () => {
    const { call, launch, keys } = serve({ script: [{ intent: "ask", message: "Which?" }] });
    const { threadId } = await launch("ask");
    const refused = await call(`/threads/${threadId}`, { method: "DELETE", as: keys.root });
    expect(refused).toMatchObject({ status: 409, body: { code: "conflict" } });
    const erase = await call(`/threads/${threadId}/erase`, { body: { reason: "r" }, as: keys.root });
    expect(erase.status).toBe(409);
    for (const [path, body] of [
      [`/threads/${threadId}/erase`, { reason: "r" }],
      ["/threads/prune", { days: 0 }],
    ] as const) {
      expect((await call(path, { body })).status).toBe(403);
    }
    expect((await call(`/threads/${threadId}`, { method: "DELETE" })).status).toBe(403);
  });

  it("old threads are counted, and removed when told so", async () => {
    const { call, launch, keys } = serve({ script: [FINISH, FINISH] });
    const as = keys.root;
    for (let thread = 0; thread < 2; thread++) await launch("about Mrs Smith");
    const body = { days: 0, status: ["finished"] };
    await expect
      .poll(async () => (await call("/threads/prune", { as, body })).body)
      .toEqual({ dry: true, threads: 2, more: false });
    expect((await call("/threads/prune", { as, body: { days: 1 } })).body).toMatchObject({ threads: 0 });
    const done = await call("/threads/prune", { as, body: { ...body, dry: false } });
    expect(done.body).toEqual({ dry: false, threads: 2, more: false });
    expect((await call("/threads")).body.threads).toEqual([]);
    expect((await call("/threads/prune", { as, body: { days: 1, status: ["running"] } })).status).toBe(422);
  });
});
