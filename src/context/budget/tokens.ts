/**
 * Counts the tokens of a text. Called for every block of a thread that is near its budget, before each model call: it must be
 * fast, and must not throw.
 */
export interface TokenCounter {
  (text: string): number;
  /** The name of the encoding, for people to read. */
  readonly encoding?: string;
}

/** An upper bound for every tokenizer that works on bytes, since a token has at least one byte. */
export function tokenCeiling(text: string): number {
  return Buffer.byteLength(text);
}

/** A deliberate overestimate for when no tokenizer is installed: one token for every two bytes. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 2);
}

let loaded: Promise<TokenCounter> | undefined;

/**
 * Loads a counter for OpenAI's current encoding (`o200k_base`). Other providers' models count up to a quarter more or
 * less, so leave room. If the package `gpt-tokenizer` is not installed, returns `estimateTokens`.
 */
export function loadTokenCounter(): Promise<TokenCounter> {
  loaded ??= import("gpt-tokenizer/encoding/o200k_base").then(
    ({ countTokens }) =>
      Object.assign(
        inPieces((piece) => countTokens(piece, NO_SPECIAL_TOKENS)),
        { encoding: "o200k_base" },
      ),
    () => Object.assign((text: string) => estimateTokens(text), { encoding: "bytes / 2" }),
  );
  return loaded;
}

// In a text, `<|endoftext|>` is ordinary text.
const NO_SPECIAL_TOKENS = { disallowedSpecial: new Set<string>() };

const PIECE = 2000;

/**
 * Splits long texts, because the tokenizer takes quadratic time on long runs without a break. That adds a token here
 * and there.
 */
function inPieces(count: TokenCounter): TokenCounter {
  return (text) => {
    let tokens = 0;
    for (let at = 0; at < text.length; ) {
      const end = pieceEnd(text, at);
      tokens += count(text.slice(at, end));
      at = end;
    }
    return tokens;
  };
}

/** Splits before a space or line break, where a token most likely begins anyway. */
function pieceEnd(text: string, start: number): number {
  const limit = start + PIECE;
  if (limit >= text.length) return text.length;
  for (let at = limit; at > limit - 200; at -= 1) {
    if (/\s/.test(text.charAt(at)) && !/\s/.test(text.charAt(at - 1))) return at;
  }
  return limit;
}
