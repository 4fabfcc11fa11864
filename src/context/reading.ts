import type { Json } from "../base/json.ts";
import type { ThreadEvent } from "../thread/events.ts";
import {
  type BlockReader,
  changeEntries,
  createBlockReader,
  type EventBlocks,
} from "./blocks/context-blocks.ts";
import type { ContextView } from "./blocks/view.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormat } from "./formats/formats.ts";
import { type ChatMessage, createMessageWriter, type MessageWriter } from "./formats/messages.ts";
import { createVault, type SecretVault } from "./redaction/redaction.ts";
import { createThreadCache } from "./thread-cache.ts";

/** What reading a thread's events in order has given, and all that is remembered of the thread. */
export class Reading {
  /** What the placeholders of the thread stand for. */
  readonly vault: SecretVault;
  readonly #format: TextFormat;
  readonly #read: BlockReader;
  #shown: EventBlocks[] = [];
  readonly #prefetched: Record<string, Json> = {};
  #text = "";
  /** So many entries of `#shown` are in `#text`. */
  #inText = 0;
  #messages: MessageWriter = createMessageWriter();
  #inMessages = 0;
  #counted = { text: "", tokens: 0 };

  constructor(view: ContextView, format: TextFormat) {
    this.vault = view.vault ?? createVault();
    this.#read = createBlockReader({ ...view, vault: this.vault });
    this.#format = format;
  }

  add(event: ThreadEvent): void {
    const { redacted, blocks } = this.#read(event);
    const changed = changeEntries(this.#shown, redacted);
    if (changed !== undefined) {
      this.#shown = changed;
      this.#text = "";
      this.#inText = 0;
      this.#messages = createMessageWriter();
      this.#inMessages = 0;
    } else if (blocks.length > 0) {
      const { seq, type } = event;
      this.#shown.push({ seq, to: seq, compacted: false, fromModel: type === "step_proposed", blocks });
    }
    if (redacted.type === "prefetched" && redacted.data.outcome.kind === "result") {
      this.#prefetched[redacted.data.name] = redacted.data.outcome.result;
    }
  }

  /** What is shown, event by event. */
  entries(): EventBlocks[] {
    return [...this.#shown];
  }

  /** The latest result of everything that was fetched beforehand, by name. */
  prefetched(): Readonly<Record<string, Json>> {
    return { ...this.#prefetched };
  }

  /** What is shown, as one text. */
  text(): string {
    const blocks = this.#shown.slice(this.#inText).flatMap((entry) => entry.blocks);
    this.#inText = this.#shown.length;
    const more = renderBlocks(blocks, this.#format);
    const separator = this.#text === "" || more === "" ? "" : this.#format.separator;
    this.#text += separator + more;
    return this.#text;
  }

  /** What is shown, as chat messages. */
  messages(): ChatMessage[] {
    for (const entry of this.#shown.slice(this.#inMessages)) this.#messages.add(entry);
    this.#inMessages = this.#shown.length;
    return this.#messages.messages();
  }

  /**
   * Counts the tokens of the thread's text: only of what is new in a text that begins like the one counted before. A
   * token more or less at the seam.
   */
  tokensOf(text: string, count: (text: string) => number): number {
    const before = this.#counted;
    const known = before.text !== "" && text.startsWith(before.text);
    const tokens = known ? before.tokens + count(text.slice(before.text.length)) : count(text);
    this.#counted = { text, tokens };
    return tokens;
  }
}

/** Reads threads and remembers: given the same events with more behind them, only the new ones are read and written. */
export function createReader(
  view: ContextView,
  format: TextFormat = TEXT_FORMATS.xml,
): (events: readonly ThreadEvent[]) => Reading {
  return createThreadCache(
    () => new Reading(view, format),
    (reading, event) => reading.add(event),
  );
}
