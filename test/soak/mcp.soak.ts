import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const root = fileURLToPath(new URL("../..", import.meta.url));
const output = z.object({ threadId: z.string(), status: z.string(), result: z.unknown().optional() });

describe("`twelvefold mcp`, as clients start it", { tags: "E6", timeout: 120_000 }, () => {
  it.each(["legacy", "auto"] as const)(
    "serves %s clients; a division waits for a person elsewhere",
    async (mode) => {
      const store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
      const client = new Client(
        { name: "test", version: "1" },
        { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } } },
      );
      let asked = 0;
      client.setRequestHandler("elicitation/create", () => {
        asked += 1;
        return { action: "accept", content: { decision: "approve" } };
      });
      const env = Object.fromEntries(
        Object.entries(process.env).flatMap(([name, value]) =>
          value === undefined || /_API_KEY$|^TWELVEFOLD_/.test(name) ? [] : [[name, value]],
        ),
      );
      await client.connect(
        new StdioClientTransport({
          command: process.execPath,
          args: [join(root, "bin", "twelvefold.mjs"), "mcp"],
          cwd: root,
          env: { ...env, TWELVEFOLD_STORE: store },
          stderr: "ignore",
        }),
      );
      const call = async (name: string, args: Record<string, unknown>) =>
        output.parse((await client.callTool({ name, arguments: args })).structuredContent);
      const sum = await call("calculator", { message: "add 3 and 4" });
      expect([sum.status, String(sum.result)]).toEqual(["finished", expect.stringContaining("7")]);
      // The account behind a pipe approves nothing, whatever its client says.
      const division = await call("calculator", { message: "divide 9 by 3" });
      expect([division.status, asked]).toEqual(["awaiting_approval", 0]);
      expect((await call("thread_status", { threadId: division.threadId })).status).toBe("awaiting_approval");
      await client.close();
    },
  );
});
