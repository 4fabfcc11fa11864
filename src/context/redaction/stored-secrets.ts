import { UsageError } from "../../base/errors.ts";
import { canonicalJson, toJson } from "../../base/json.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { createThreadCache } from "../thread-cache.ts";
import {
  createRedactor,
  type RedactionRules,
  type Redactor,
  type SecretVault,
  secretsIn,
} from "./redaction.ts";
import { type JsonEvent, mapStored } from "./stored-content.ts";

/** Redacts events that are stored together, given the thread's events so far. */
export type StoreRedactor = (
  events: readonly JsonEvent[],
  before: readonly ThreadEvent[],
) => readonly JsonEvent[];

/**
 * Redacts events before they are stored. A secret that was recognised once in a thread is recognised again without its
 * surroundings: its placeholder leads to it. Redacting twice has the same result as once.
 */
export function createStoreRedactor(rules: RedactionRules, vault: SecretVault): StoreRedactor {
  const knownSecrets = createThreadCache(
    () => new Set<string>(),
    (secrets, event) => {
      for (const secret of secretsIn(toJson(event.data), vault)) secrets.add(secret);
    },
  );
  return (events, before) => redactAll(events, createRedactor(rules, vault, knownSecrets(before)));
}

/** Removes for good everything that looks like a secret, for when the agent, and with it its rules, is unknown. */
export function removeStoredSecrets(event: JsonEvent): JsonEvent {
  const nowhere: SecretVault = {
    placeholderFor: (_secret, kind) => `[${kind} removed]`,
    secretFor: () => undefined,
  };
  return redactOne(event, createRedactor({}, nowhere));
}

function redactOne(event: JsonEvent, redactor: Redactor): JsonEvent {
  return mapStored(event, { ...redactor, name: redactor.text });
}

function redactAll(events: readonly JsonEvent[], redactor: Redactor): readonly JsonEvent[] {
  for (const event of events) checkNames(event, redactor);
  const redacted = events.map((event) => redactOne(event, redactor));
  const changed = redacted.some(({ data }, index) => {
    const given = events[index]?.data;
    return given === undefined || canonicalJson(data) !== canonicalJson(given);
  });
  // A secret recognised late may also stand earlier, without its surroundings.
  return changed ? redacted.map((event) => redactOne(event, redactor)) : redacted;
}

/** Threads are found by these names, so they are stored unchanged or not at all. */
function checkNames({ type, data: { name, source } }: JsonEvent, redactor: Redactor): void {
  if (type !== "event_received" && type !== "event_awaited") return;
  for (const text of [name, source]) {
    if (typeof text !== "string" || redactor.text(text) === text) continue;
    const message = `the name of an event holds a secret that must be kept out of the store: ${redactor.text(text)}; put it into the payload`;
    throw new UsageError("invalid_argument", message);
  }
}
