import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export interface Account {
  /** Adds an amount, which may be negative, and gives the balance. The same key adds it once. */
  book(amount: number, key: string): number;
}

/** A stand-in for the system that your agent works on: an account in a file, one line a booking. */
export function openAccount(file: string): Account {
  return {
    book(amount, key) {
      const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
      const bookings = new Map(lines.map((line): [string, number] => JSON.parse(line)));
      if (!bookings.has(key)) {
        const balance = sum(bookings.values()) + amount;
        if (balance < 0) throw new RangeError(`the account holds ${balance - amount}`);
        mkdirSync(dirname(file), { recursive: true });
        appendFileSync(file, `${JSON.stringify([key, amount])}\n`);
        bookings.set(key, amount);
      }
      return sum(bookings.values());
    },
  };
}

function sum(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
}
