import { UsageError } from "../../base/errors.ts";
import { canonicalJson, isJsonObject, toJson } from "../../base/json.ts";
import type { SearchText } from "../../base/search-words.ts";
import { isSecretName } from "../../base/secret-names.ts";
import { removeSecrets } from "../../base/secret-patterns.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { searchTextOf } from "../../thread/search-text.ts";
import { parseEvent } from "../../thread/stored-event.ts";
import { createThreadCache } from "../thread-cache.ts";
import { type RedactionRules, type Redactor, redactorOf, type SecretVault, secretsIn } from "./redaction.ts";
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
  return (events, before) => redactAll(events, redactorOf(rules, vault, knownSecrets(before)));
}

/** Removes for good everything that looks like a secret, for when the agent, and with it its rules, is unknown. */
export function removeStoredSecrets(event: JsonEvent): JsonEvent {
  return redactOne(event, redactorOf({}, NOWHERE));
}

/** What can be found of events: made for a thread's events so far, which may hold secrets that come up again. */
export type SearchTexts = (
  events: readonly ThreadEvent[],
  before: readonly ThreadEvent[],
) => readonly SearchText[];

/**
 * Makes the texts for the search, without anything that looks like a secret: by the agent's rules, or the built-in ones if it
 * has none.
 */
export function createSearchTexts(rules: RedactionRules | undefined): SearchTexts {
  const begin = () => redactorOf({ ...rules, builtIn: true }, NOWHERE);
  const add = (redactor: Redactor, event: ThreadEvent) => withoutSecrets(event, redactor);
  const remembering = createThreadCache(begin, (redactor, event) => void add(redactor, event));
  return (events, before) => {
    const remembered = rules === undefined ? undefined : remembering(before);
    return events.flatMap((event) => {
      const given = searchTextOf(event);
      if (given === "") return [];
      const isPlain = remembered === undefined && !hasSecretName(event.data);
      const text = isPlain ? removeSecrets(given) : searchTextOf(add(remembered ?? begin(), event));
      return text === "" ? [] : [{ seq: event.seq, text }];
    });
  };
}

/** Whether a field anywhere is secret by its name alone, whatever it holds. */
function hasSecretName(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasSecretName);
  return Object.keys(value).some(
    (name) => !NO_CONTENT.has(name) && (isSecretByName(name) || hasSecretName(Reflect.get(value, name))),
  );
}

/** Names of fields that were looked at before: few, and each again and again. */
const namesSeen = new Map<string, boolean>();

function isSecretByName(name: string): boolean {
  const known = namesSeen.get(name);
  if (known !== undefined) return known;
  const secret = isSecretName(name, "");
  if (namesSeen.size < 2_000) namesSeen.set(name, secret);
  return secret;
}

/** Fields of events by which nothing is found: the model's raw answers and what is known of them. */
const NO_CONTENT: ReadonlySet<string> = new Set(["completion", "completions"]);

function withoutSecrets(event: ThreadEvent, redactor: Redactor): ThreadEvent {
  const all = toJson(event.data);
  if (!isJsonObject(all)) return event;
  // Nothing is found by the model's raw answer: its steps and words have events of their own.
  const { completion: _, completions: __, ...data } = all;
  const before = redactor.remembered;
  const redacted = redactOne({ type: event.type, data }, redactor);
  // A secret recognised late may also stand earlier, without its surroundings.
  const whole = redactor.remembered === before ? redacted : redactOne(redacted, redactor);
  return parseEvent({ ...event, ...whole });
}

const NOWHERE: SecretVault = {
  placeholderFor: (_secret, kind) => `[${kind} removed]`,
  secretFor: () => undefined,
};

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
