import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { checkOptions } from "../../base/options.ts";
import { isSecretName, plainName } from "../../base/secret-names.ts";
import { EMAIL, replaceSecrets, SECRET_PATTERNS, type SecretPattern } from "../../base/secret-patterns.ts";
import type { Step, ThreadEvent } from "../../thread/events.ts";
import { type ContentMap, mapContent } from "../blocks/event-content.ts";
import { REDACTION } from "./rules.ts";

/** What the model must not read. Without any field, the built-in rules for field names and texts apply. */
export interface RedactionRules {
  /** Whether the built-in patterns and field names apply. Default true. */
  readonly builtIn?: boolean;
  /** Whether to redact e-mail addresses too. Default false, because agents that deal with mail need them. */
  readonly emails?: boolean;
  /** Additional field names whose values are secret, whatever they hold. Case, `_` and `-` do not matter. */
  readonly fields?: readonly string[];
  /** Additional patterns. */
  readonly patterns?: readonly SecretPattern[];
}

/** Makes placeholders for secrets and finds the secrets again. */
export interface SecretVault {
  /** The placeholder for a secret, always the same one for the same secret. */
  placeholderFor(secret: Json, kind: string): string;
  /** The secret behind a placeholder; `undefined` if the text is not a placeholder. */
  secretFor(placeholder: string): Json | undefined;
}

/** How many secrets of a thread are searched for in everything that follows. */
const MAX_REMEMBERED = 1000;

/**
 * Creates a vault that numbers the secrets of one thread in the order in which they first appear: `[card:1]`,
 * `[key:2]`. The numbers follow from the events, so they are the same in every process, and they reveal nothing about
 * the secrets.
 */
export function createVault(): SecretVault {
  const placeholders = new Map<string, string>();
  const secrets = new Map<string, Json>();
  return {
    placeholderFor(secret, kind) {
      const identity = JSON.stringify(secret);
      const known = placeholders.get(identity);
      if (known !== undefined) return known;
      const placeholder = `[${kind}:${placeholders.size + 1}]`;
      placeholders.set(identity, placeholder);
      secrets.set(placeholder, secret);
      return placeholder;
    },
    secretFor: (placeholder) => secrets.get(placeholder),
  };
}

/**
 * Replaces secrets with placeholders. Pass it a thread's events in order: it recognises again what it has seen once.
 */
export interface Redactor extends ContentMap {
  /** How many secrets it would recognise anywhere. */
  readonly remembered: number;
  event(event: ThreadEvent): ThreadEvent;
}

/**
 * Creates a redactor. `known` are secrets to recognise from the start, wherever they stand. Throws `UsageError`
 * (`invalid_configuration`) for rules that could not work.
 */
export function createRedactor(
  rules: RedactionRules,
  vault: SecretVault = createVault(),
  known: Iterable<string> = [],
): Redactor {
  checkOptions("redaction", REDACTION, rules);
  return redactorOf(rules, vault, known);
}

/** The same for rules that were checked before. */
export function redactorOf(
  rules: RedactionRules,
  vault: SecretVault,
  known: Iterable<string> = [],
): Redactor {
  const { builtIn = true, fields = [] } = rules;
  const names = new Set(fields.map(plainName));
  const allPatterns = patternsOf(rules);
  const remembered = new Set(Array.from(known).filter(isDistinctive));

  function placeholder(secret: Json, kind: string): string {
    // The model's own text with a placeholder in it is read again: a placeholder is not a secret.
    if (typeof secret === "string" && PLACEHOLDER_ONLY.test(secret)) return secret;
    if (typeof secret === "string" && isDistinctive(secret) && remembered.size < MAX_REMEMBERED) {
      remembered.add(secret);
    }
    return vault.placeholderFor(secret, kind);
  }

  function text(value: string): string {
    let result = replaceSecrets(value, placeholder, allPatterns);
    for (const secret of remembered) {
      if (result.includes(secret)) result = result.replaceAll(secret, () => placeholder(secret, "secret"));
    }
    return result;
  }

  function json(value: Json): Json {
    if (typeof value === "string") return text(value);
    if (typeof value === "number") return longNumber(value);
    if (isJsonArray(value)) return value.map(json);
    return isJsonObject(value) ? object(value) : value;
  }

  // A card number may be a JSON number.
  function longNumber(value: number): Json {
    const digits = String(value);
    return digits.length >= 13 && replaceSecrets(digits, () => "", allPatterns) !== digits
      ? placeholder(value, "card")
      : value;
  }

  function object(value: JsonObject): JsonObject {
    return mapObject(value, text, (key, item) =>
      names.has(plainName(key)) || (builtIn && isSecretName(key, item)) ? hideSecrets(item) : json(item),
    );
  }

  function hideSecrets(value: Json): Json {
    if (value === null || typeof value === "boolean" || value === "") return value;
    if (isJsonArray(value)) return value.map(hideSecrets);
    return isJsonObject(value)
      ? mapObject(value, text, (_key, item) => hideSecrets(item))
      : placeholder(value, "secret");
  }

  const content: ContentMap = { text, json, object };

  function event(given: ThreadEvent): ThreadEvent {
    const before = remembered.size;
    const mapped = mapContent(given, content);
    // A secret recognised late in an event may also stand earlier in it, without its surroundings.
    return remembered.size === before ? mapped : mapContent(mapped, content);
  }

  return {
    ...content,
    event,
    get remembered() {
      return remembered.size;
    },
  };
}

// Placeholders are numbered in the order of the keys' names, because stores need not keep the order of the
// keys.
function mapObject(
  value: JsonObject,
  name: (key: string) => string,
  map: (key: string, item: Json) => Json,
): JsonObject {
  const mapped = new Map<string, Json>();
  for (const key of Object.keys(value).sort()) mapped.set(key, map(key, value[key] ?? null));
  return Object.fromEntries(Object.keys(value).map((key) => [name(key), mapped.get(key) ?? null]));
}

// A known secret is searched for everywhere only if its text can hardly mean anything else.
function isDistinctive(secret: string): boolean {
  return secret.length >= 12 || (secret.length >= 8 && /\d/.test(secret) && /[A-Za-z]/.test(secret));
}

/** The patterns that the rules search texts for. */
export function patternsOf({
  builtIn = true,
  emails = false,
  patterns = [],
}: RedactionRules): SecretPattern[] {
  return [...(builtIn ? SECRET_PATTERNS : []), ...(emails ? [EMAIL] : []), ...patterns];
}

/** The secrets behind the placeholders in a value: texts and numbers that are long enough to be searched for. */
export function secretsIn(value: Json, vault: SecretVault): string[] {
  const found = JSON.stringify(value).matchAll(PLACEHOLDER);
  return Array.from(found, ([placeholder]) => vault.secretFor(placeholder)).flatMap((secret) => {
    const text = typeof secret === "number" ? String(secret) : secret;
    return typeof text === "string" && text.length >= 4 ? [text] : [];
  });
}

const PLACEHOLDER = /\[[a-z_]{1,40}:[A-Za-z0-9]{1,40}\]/g;
const PLACEHOLDER_ONLY = /^\[[a-z_]{1,40}:[A-Za-z0-9]{1,40}\]$/;

/**
 * The step with real values in place of placeholders, for a tool whose declaration asks for them: `true` for all
 * fields, or the names of top-level fields. Everything else stays as the model wrote it.
 */
export function restoreSecrets(step: Step, allowed: true | readonly string[], vault: SecretVault): Step {
  const { intent, ...fields } = step;
  const entries = Object.entries(fields).map(([name, value]): [string, Json] => [
    name,
    allowed === true || allowed.includes(name) ? restoreIn(value, vault) : value,
  ]);
  return { ...Object.fromEntries(entries), intent };
}

function restoreIn(value: Json, vault: SecretVault): Json {
  if (typeof value === "string") {
    if (PLACEHOLDER_ONLY.test(value)) return vault.secretFor(value) ?? value;
    return value.replace(PLACEHOLDER, (found) => {
      const secret = vault.secretFor(found);
      return secret === undefined ? found : typeof secret === "string" ? secret : JSON.stringify(secret);
    });
  }
  if (isJsonArray(value)) return value.map((item) => restoreIn(item, vault));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreIn(item, vault)]));
}

/** The vault of a thread, rebuilt from its events: the secrets behind its placeholders. */
export function vaultOf(events: readonly ThreadEvent[], rules: RedactionRules): SecretVault {
  const vault = createVault();
  const redactor = createRedactor(rules, vault);
  for (const event of events) redactor.event(event);
  return vault;
}
