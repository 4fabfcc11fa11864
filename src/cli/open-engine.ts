import { UsageError } from "../base/errors.ts";
import { withPackages } from "../base/missing-package.ts";
import { ENGINE_NAMES, type EngineConfig, type EngineName } from "../config.ts";
import type { Engine } from "../runtime/engines/engine.ts";
import type { ThreadStore } from "../store/store.ts";

/** Opens the engine that the settings name; `undefined` for an engine that needs no opening. */
export async function openEngine(config: EngineConfig, store: ThreadStore): Promise<Engine | undefined> {
  if (typeof config !== "string") {
    const { use, ...options } = config;
    const needs = ["@restatedev/restate-sdk"];
    const load = () => import("../runtime/engines/restate.ts");
    return (await withPackages(`the engine ${use}`, needs, load)).restateEngine(options);
  }
  switch (config) {
    case "in-process":
      return undefined;
    case "pg-boss": {
      const needs = ["pg-boss", "pg"];
      const load = () => import("../runtime/engines/pg-boss.ts");
      const { openPgBossEngine } = await withPackages("the engine pg-boss", needs, load);
      return openPgBossEngine(store);
    }
    default:
      return config satisfies never;
  }
}

/** The engine that `TWELVEFOLD_ENGINE` names. Throws `UsageError` (`invalid_configuration`) for an unknown one. */
export function engineNamed(text: string): EngineName {
  const name = ENGINE_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  throw new UsageError(
    "invalid_configuration",
    `TWELVEFOLD_ENGINE takes ${ENGINE_NAMES.join(" or ")}, not ${JSON.stringify(text)}`,
  );
}
