import type { ValueOptions } from "../store.ts";
import type { Statements } from "./port.ts";
import { text } from "./row.ts";

export function getValue(sql: Statements, key: string): string | undefined {
  const row = sql("SELECT value FROM named_values WHERE name = ?").get(key);
  return row && text(row, "value");
}

export interface NewValue extends ValueOptions {
  readonly value: string;
  readonly expected: string | undefined;
}

/** Compare-and-swap on the old value. */
export function setValue(
  sql: Statements,
  key: string,
  { value, expected, expiresAt, about }: NewValue,
): boolean {
  const columns = [value, expiresAt ?? null, about ?? null, key] as const;
  const changed =
    expected === undefined
      ? sql(
          "INSERT INTO named_values (value, expires_at, about, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        ).run(...columns)
      : sql("UPDATE named_values SET value = ?, expires_at = ?, about = ? WHERE name = ? AND value = ?").run(
          ...columns,
          expected,
        );
  return changed === 1;
}

export function forgetValues(sql: Statements, now: number): number {
  return sql("DELETE FROM named_values INDEXED BY values_expiring WHERE expires_at <= ?").run(now);
}
