import { isJsonObject, type Json, toJson } from "../../base/json.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { parseEvent } from "../../thread/stored-event.ts";
import { createEventRedactor } from "../blocks/context-blocks.ts";
import { createThreadCache } from "../thread-cache.ts";
import { createRedactor, type RedactionRules, type Redactor, type SecretVault } from "./redaction.ts";
import { mapStored } from "./stored-content.ts";

/** A thread's events as people read them. */
export interface ShownEvents {
  readonly events: readonly ThreadEvent[];
  /** Hides in a value, e.g. a partial answer, what is hidden in the events. */
  json(value: Json): Json;
  /** What a placeholder in these events stands for; `undefined`: nothing. */
  secretFor(placeholder: string): Json | undefined;
}

/**
 * Makes what people read of a thread: everything that may hold content is redacted by the rules, which is more of an event
 * than the model reads. Where the model reads a placeholder, people read the same one.
 */
export function createShownEvents(
  rules: RedactionRules,
  vault: SecretVault | undefined,
): (events: readonly ThreadEvent[]) => ShownEvents {
  return createThreadCache(
    () => new Reader(rules, vault),
    (reader, event) => reader.add(event),
  );
}

class Reader implements ShownEvents {
  /** Numbers secrets as the model's context does: only what the model reads passes it. */
  readonly #ofModel: (event: ThreadEvent) => ThreadEvent;
  readonly #ofPeople: Redactor;
  readonly #vault: LayeredVault;
  readonly #given: ThreadEvent[] = [];
  #shown: ThreadEvent[] = [];
  #known = 0;

  constructor(rules: RedactionRules, vault: SecretVault | undefined) {
    this.#vault = createLayeredVault(vault);
    this.#ofModel = createEventRedactor({ redact: rules, vault: this.#vault.ofModel });
    this.#ofPeople = createRedactor(rules, this.#vault);
  }

  get events(): readonly ThreadEvent[] {
    // A secret that was recognised late may also stand earlier, without its surroundings.
    while (this.#known !== this.#vault.size) {
      this.#known = this.#vault.size;
      this.#shown = this.#given.map((event) => this.#hide(event));
    }
    return this.#shown;
  }

  add(event: ThreadEvent): void {
    this.#ofModel(event);
    this.#given.push(event);
    // A new list: readers may hold the one before.
    this.#shown = [...this.#shown, this.#hide(event)];
  }

  json(value: Json): Json {
    return this.#ofPeople.json(value);
  }

  secretFor(placeholder: string): Json | undefined {
    return this.#vault.secretFor(placeholder);
  }

  #hide(event: ThreadEvent): ThreadEvent {
    const data = toJson(event.data);
    if (!isJsonObject(data)) throw new Error(`event ${event.seq} has no data`);
    const { text } = this.#ofPeople;
    const hidden = mapStored({ type: event.type, data }, { ...this.#ofPeople, name: text });
    return parseEvent({ ...event, ...hidden });
  }
}

interface LayeredVault extends SecretVault {
  readonly ofModel: SecretVault;
  /** How many secrets it knows. */
  readonly size: number;
}

/** Keeps the numbers of secrets that the model reads apart from those that only people would have read. */
function createLayeredVault(given: SecretVault | undefined): LayeredVault {
  const placeholders = new Map<string, string>();
  const secrets = new Map<string, Json>();
  let ofModelOnly = 0;
  const remember = (secret: Json, placeholder: string) => {
    placeholders.set(JSON.stringify(secret), placeholder);
    secrets.set(placeholder, secret);
    return placeholder;
  };
  const fromModel = new Map<string, string>();
  const ofModel: SecretVault = {
    placeholderFor(secret, kind) {
      const identity = JSON.stringify(secret);
      const known = fromModel.get(identity);
      if (known !== undefined) return known;
      ofModelOnly += 1;
      const placeholder = given?.placeholderFor(secret, kind) ?? `[${kind}:${ofModelOnly}]`;
      fromModel.set(identity, placeholder);
      return remember(secret, placeholder);
    },
    secretFor: (placeholder) => secrets.get(placeholder),
  };
  return {
    ofModel,
    get size() {
      return placeholders.size;
    },
    placeholderFor(secret, kind) {
      const known = placeholders.get(JSON.stringify(secret));
      if (known !== undefined) return known;
      return remember(secret, given?.placeholderFor(secret, kind) ?? `[${kind}:x${placeholders.size + 1}]`);
    },
    secretFor: (placeholder) => secrets.get(placeholder) ?? given?.secretFor(placeholder),
  };
}
