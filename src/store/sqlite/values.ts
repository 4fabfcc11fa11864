import type { Statements } from "./port.ts";
import { text } from "./row.ts";

export function getValue(sql: Statements, key: string): string | undefined {
  const row = sql("SELECT value FROM named_values WHERE name = ?").get(key);
  return row && text(row, "value");
}

/** Compare-and-swap on the old value. */
export function setValue(
  sql: Statements,
  key: string,
  value: string,
  expected: string | undefined,
  expiresAt: number | null = null,
): boolean {
  const changed =
    expected === undefined
      ? sql("INSERT INTO named_values (name, value, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING").run(
          key,
          value,
          expiresAt,
        )
      : sql("UPDATE named_values SET value = ?, expires_at = ? WHERE name = ? AND value = ?").run(
          value,
          expiresAt,
          key,
          expected,
        );
  return changed === 1;
}

export function forgetValues(sql: Statements, now: number): number {
  return sql("DELETE FROM named_values INDEXED BY values_expiring WHERE expires_at <= ?").run(now);
}
