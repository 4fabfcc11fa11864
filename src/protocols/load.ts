import type { Runtime } from "../runtime/runtime.ts";
import type { Protocol } from "./protocol.ts";

const LOADERS = {
  a2h: async (runtime) => (await import("./a2h/a2h.ts")).a2h({ runtime }),
  "ag-ui": async (runtime) => (await import("./ag-ui.ts")).agUi({ runtime }),
  "ai-sdk-ui": async (runtime) => (await import("./ai-sdk-ui.ts")).aiSdkUi({ runtime }),
  mcp: async (runtime) => (await import("./mcp/index.ts")).mcpServer({ runtime }),
} as const satisfies Readonly<Record<string, (runtime: Runtime) => Promise<Protocol>>>;

/** The protocols of these names, each loaded only if it is named. */
export function loadProtocols(
  names: readonly (keyof typeof LOADERS)[],
  runtime: Runtime,
): Promise<readonly Protocol[]> {
  return Promise.all(names.map((name) => LOADERS[name](runtime)));
}
