import type { Engine } from "../../../src/runtime/engines/engine.ts";
import type { ThreadStore } from "../../../src/store/store.ts";

/** `pg-boss`, `restate INGRESS ADMIN NAME`, or none: in-process. Loaded only where it is used, for a life is short. */
export async function engineOf(text: string | undefined, store: ThreadStore): Promise<Engine | undefined> {
  const [kind, ingress = "", admin, name] = (text ?? "").split(" ");
  if (kind === "pg-boss") {
    const { openPgBossEngine } = await import("../../../src/runtime/engines/pg-boss.ts");
    return openPgBossEngine(store);
  }
  if (kind !== "restate") return undefined;
  const { restateEngine } = await import("../../../src/runtime/engines/restate.ts");
  return restateEngine({ ingress, admin, name });
}
