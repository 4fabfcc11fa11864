import { type SearchText, spaceOut, tokensOf } from "../../base/search-words.ts";
import type { Query } from "./database.ts";
import { encodeText } from "./text.ts";

/** PostgreSQL takes no lexeme of more than 2 KB. */
const MAX_LEXEME = 200;

/** The token as the index holds it. The texts decide about what is found, so that a part of a long one is enough. */
export function lexeme(token: string): string {
  return token.slice(0, MAX_LEXEME).toWellFormed();
}

/** The columns of texts: numbers, texts, and their words with spaces between. */
export function textColumns(texts: readonly SearchText[]): readonly (readonly unknown[])[] {
  return [
    texts.map(({ seq }) => seq),
    texts.map(({ text }) => encodeText(spaceOut(text))),
    texts.map(({ text }) => [...new Set(tokensOf(text).map(lexeme))].join(" ")),
  ];
}

/** Inserts texts for a key. The parameters hold the columns, in order. */
export function insertTexts(key: string, [seqs, texts, words]: readonly [string, string, string]): string {
  return `INSERT INTO search_texts (thread, seq, text, words)
    SELECT ${key}, t.seq, t.text, array_to_tsvector(string_to_array(t.words, ' '))
    FROM unnest(${seqs}::integer[], ${texts}::text[], ${words}::text[]) AS t (seq, text, words)`;
}

export async function removeTexts(query: Query, key: number, seqs: readonly number[]): Promise<void> {
  await query("DELETE FROM search_texts WHERE thread = $1 AND seq = ANY($2::integer[])", [key, seqs]);
}
