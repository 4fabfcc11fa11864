/** How many tokens a text has. Must be fast: it is called for every block of a thread that is near its budget. */
export interface TokenCounter {
  (text: string): number;
  /** Whose tokens they are, for people to read. */
  readonly encoding?: string;
}

/** Never fewer than the tokens of any tokenizer that works on bytes: a token is at least one byte. */
export function tokenCeiling(text: string): number {
  return Buffer.byteLength(text);
}

/** A deliberate overestimate, for when no tokenizer is installed: half of the bytes. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 2);
}

let loaded: Promise<TokenCounter> | undefined;

/**
 * A counter for OpenAI's current encoding (`o200k_base`), loaded at the first call; other providers' models count up
 * to a quarter more or less, so leave room. `estimateTokens` where the package `gpt-tokenizer` is not installed.
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

// A text that holds `<|endoftext|>` is a text, not an end.
const NO_SPECIAL_TOKENS = { disallowedSpecial: new Set<string>() };

const PIECE = 2000;

/** The tokenizer needs quadratic time for long runs without a break, so it gets pieces; that adds a token here and there. */
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

/** Before a space or line break, where a token most likely begins anyway. */
function pieceEnd(text: string, start: number): number {
  const limit = start + PIECE;
  if (limit >= text.length) return text.length;
  for (let at = limit; at > limit - 200; at -= 1) {
    if (/\s/.test(text.charAt(at)) && !/\s/.test(text.charAt(at - 1))) return at;
  }
  return limit;
}
