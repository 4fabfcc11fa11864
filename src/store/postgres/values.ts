import type { ValueOptions } from "../store.ts";
import type { Query } from "./database.ts";
import { text } from "./row.ts";
import { encodeText } from "./text.ts";

export async function getValue(query: Query, key: string): Promise<string | undefined> {
  const { rows } = await query("SELECT value FROM named_values WHERE name = $1", [encodeText(key)]);
  return rows[0] && text(rows[0], "value");
}

export interface NewValue extends ValueOptions {
  readonly value: string;
  readonly expected: string | undefined;
}

/** Compare-and-swap on the old value. */
export async function setValue(
  query: Query,
  key: string,
  { value, expected, expiresAt, about }: NewValue,
): Promise<boolean> {
  const columns = [encodeText(key), encodeText(value), expiresAt ?? null, about ?? null];
  const { count } =
    expected === undefined
      ? await query(
          "INSERT INTO named_values (name, value, expires_at, about) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
          columns,
        )
      : await query(
          "UPDATE named_values SET value = $2, expires_at = $3, about = $4 WHERE name = $1 AND value = $5",
          [...columns, encodeText(expected)],
        );
  return count === 1;
}

export async function forgetValues(query: Query, now: number): Promise<number> {
  return (await query("DELETE FROM named_values WHERE expires_at <= $1", [Math.floor(now)])).count;
}
