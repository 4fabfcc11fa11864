import { toJson } from "../../base/json.ts";
import type { NewEvent, ThreadEvent } from "../../thread/events.ts";
import { createRedactor, type RedactionRules, type SecretVault, secretsIn } from "./redaction.ts";

interface Known {
  readonly secrets: Set<string>;
  count: number;
  last: ThreadEvent;
}

/**
 * Redacts events before they are stored, given the events that the thread has so far. A secret that was recognised once
 * in a thread is recognised again without its surroundings: its placeholder there leads to it.
 */
export function createStoreRedactor(
  rules: RedactionRules,
  vault: SecretVault,
): (event: NewEvent, events: readonly ThreadEvent[]) => NewEvent {
  const known = new WeakMap<ThreadEvent, Known>();
  return (event, events) => {
    const secrets = knownSecrets(known, events, vault);
    return createRedactor(rules, vault, secrets).event({ ...event, seq: 0, at: "", v: 0 });
  };
}

/** Only events that were not looked at before are. Remembered by the thread's first event, as long as that is in use. */
function knownSecrets(
  known: WeakMap<ThreadEvent, Known>,
  events: readonly ThreadEvent[],
  vault: SecretVault,
): ReadonlySet<string> {
  const [first] = events;
  if (first === undefined) return new Set();
  const before = known.get(first);
  const now: Known =
    before !== undefined && events[before.count - 1] === before.last
      ? before
      : { secrets: new Set(), count: 0, last: first };
  for (const event of events.slice(now.count)) {
    for (const secret of secretsIn(toJson(event.data), vault)) now.secrets.add(secret);
    now.last = event;
  }
  now.count = events.length;
  known.set(first, now);
  return now.secrets;
}
