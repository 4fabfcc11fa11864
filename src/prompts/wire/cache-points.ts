import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { wireFormatOf } from "./formats.ts";

/**
 * A long text is cut after so many characters, at the next end of a line. A text that only grows is so always cut at the same
 * places, and each cut is one that a provider can find again.
 */
const PIECE = 8_000;

/** How a provider writes a block of text, and where its cache may end. */
interface CacheFormat {
  text(text: string, block: JsonObject): JsonObject;
  /** The block, as the last one that is cached. */
  end(block: JsonObject): readonly JsonObject[];
}

const ANTHROPIC: CacheFormat = {
  text: (text, block) => ({ ...block, text }),
  end: (block) => [{ ...block, cache_control: { type: "ephemeral" } }],
};
const BEDROCK: CacheFormat = {
  text: (text) => ({ text }),
  end: (block) => [block, { cachePoint: { type: "default" } }],
};

/**
 * The body with breakpoints for the provider's prompt cache: after the system prompt, and after what later requests will
 * begin with as well. Providers that cache by themselves, and models without a cache, get the body as it is.
 */
export function withCachePoints(url: string, body: string): string {
  const format = cacheFormatOf(url);
  const json: Json = format === undefined ? null : JSON.parse(body);
  if (format === undefined || !isJsonObject(json)) return body;
  const { system, messages } = json;
  return JSON.stringify({
    ...json,
    system: system === undefined ? undefined : endSystem(system, format),
    messages: messages === undefined ? undefined : endMessages(messages, format),
  });
}

function cacheFormatOf(url: string): CacheFormat | undefined {
  const { name } = wireFormatOf(url);
  if (name === "anthropic") return ANTHROPIC;
  return name === "bedrock" && /anthropic|nova/.test(url) ? BEDROCK : undefined;
}

function endSystem(system: Json, format: CacheFormat): Json {
  if (typeof system === "string") return endSystem([{ type: "text", text: system }], format);
  const last = isJsonArray(system) ? system.at(-1) : undefined;
  if (!isJsonArray(system) || !isJsonObject(last)) return system;
  return [...system.slice(0, -1), ...format.end(last)];
}

/** The last block may change with the next request: the cache ends before it. */
function endMessages(messages: Json, format: CacheFormat): Json {
  if (!isJsonArray(messages)) return messages;
  const cut = messages.map((message) => withPieces(message, format));
  const places = cut.flatMap((message, at) => blocksOf(message).map((_, index) => ({ at, index })));
  const place = places.at(-2);
  return cut.map((message, at): Json => {
    if (at !== place?.at || !isJsonObject(message)) return message;
    const content = blocksOf(message).flatMap((block, index): readonly Json[] =>
      index === place.index && isJsonObject(block) ? format.end(block) : [block],
    );
    return { ...message, content };
  });
}

function blocksOf(message: Json): readonly Json[] {
  const content = isJsonObject(message) ? message["content"] : undefined;
  return content !== undefined && isJsonArray(content) ? content : [];
}

function withPieces(message: Json, format: CacheFormat): Json {
  if (!isJsonObject(message)) return message;
  const content = blocksOf(message).flatMap((block): readonly Json[] => {
    const text = isJsonObject(block) ? block["text"] : undefined;
    if (!isJsonObject(block) || typeof text !== "string") return [block];
    return piecesOf(text).map((piece) => format.text(piece, block));
  });
  return content.length === 0 ? message : { ...message, content };
}

function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (;;) {
    const end = text.indexOf("\n", start + PIECE) + 1;
    // Providers refuse a block of blanks.
    if (end === 0 || text.slice(end).trim() === "" || text.slice(start, end).trim() === "") break;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return [...pieces, text.slice(start)];
}
