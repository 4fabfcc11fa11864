import { toJson } from "../../base/json.ts";
import type { NewEvent, ThreadEvent } from "../../thread/events.ts";
import { createThreadCache } from "../thread-cache.ts";
import { createRedactor, type RedactionRules, type SecretVault, secretsIn } from "./redaction.ts";

/**
 * Redacts events before they are stored, given the events that the thread has so far. A secret that was recognised once
 * in a thread is recognised again without its surroundings: its placeholder there leads to it.
 */
export function createStoreRedactor(
  rules: RedactionRules,
  vault: SecretVault,
): (event: NewEvent, events: readonly ThreadEvent[]) => NewEvent {
  const knownSecrets = createThreadCache(
    () => new Set<string>(),
    (secrets, event) => {
      for (const secret of secretsIn(toJson(event.data), vault)) secrets.add(secret);
    },
  );
  return (event, events) =>
    createRedactor(rules, vault, knownSecrets(events)).event({ ...event, seq: 0, at: "", v: 0 });
}
