import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { sameText } from "../../src/server/api-key.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { inboxExample } from "./docs-example.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = await readFile(join(docs, "inbox.md"), "utf8");
const bare = (code: string) => code.replace(/\s+/g, "").replace(/,([)}\]])/g, "$1");

describe("docs/inbox.md", () => {
  it("F11.1 shows the code that is tested here", async () => {
    const example = bare(await readFile(join(import.meta.dirname, "docs-example.ts"), "utf8"));
    const blocks = Array.from(page.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);
    expect(blocks.length).toBeGreaterThan(0);
    for (const code of blocks) expect(example).toContain(bare(code));
  });

  it("F11.1 its code lets in who is signed in, and nobody else", async () => {
    const runtime = createRuntime({ agents: [], store: createMemoryStore() });
    const session = { userId: "ada", name: "Ada", csrf: "secret" };
    const app = inboxExample(runtime, {
      find: (cookie) => (cookie === "s1" ? session : undefined),
      sameText,
    });
    expect((await app.request("/inbox")).headers.get("location")).toBe("/my-sign-in");
    const inside = await app.request("/inbox", { headers: { cookie: "my_session=s1" } });
    expect(await inside.text()).toContain("Ada");
    await runtime.stop();
  });

  it("F11.1 its pictures are there, and small", async () => {
    const pictures = Array.from(
      page.matchAll(/\]\((images\/[^)]+)\)|srcset="([^"]+)"|src="([^"]+)"/g),
      (found) => join(docs, found[1] ?? found[2] ?? found[3] ?? ""),
    );
    expect(pictures.length).toBeGreaterThanOrEqual(4);
    for (const picture of pictures) {
      expect(existsSync(picture), picture).toBe(true);
      expect((await stat(picture)).size).toBeLessThan(200_000);
    }
  });
});
