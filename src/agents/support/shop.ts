import { DatabaseSync } from "node:sqlite";
import { formatCents } from "./money.ts";
import { approvalsNeeded, type RefundCase, refundProblem } from "./rules.ts";

/** An order as the model reads it. */
export interface Order {
  readonly order: string;
  readonly items: string;
  readonly total: string;
  readonly ordered: string;
  readonly status: string;
  readonly refunded: string | null;
}

export interface NewOrder {
  readonly id: string;
  /** The customer's mail address. */
  readonly customer: string;
  readonly items: string;
  readonly cents: number;
  /** Its day, as `2026-11-20`. */
  readonly ordered: string;
  readonly status: string;
}

export interface Refund {
  readonly order: string;
  readonly cents: number;
  readonly because: string;
  /** The customer's mail address, as the channel has verified it. */
  readonly customer: string;
  /** The same for every attempt: a refund is booked once. */
  readonly key: string;
  /** How many people have approved it. */
  readonly approvals: number;
}

export interface Shop {
  readonly database: DatabaseSync;
  /** An address is kept in lower case, as channels verify it. */
  addCustomer(address: string, name: string): void;
  addOrder(order: NewOrder): void;
  nameOf(customer: string): string | undefined;
  /** The customer's own orders, and of nobody else. */
  ordersOf(customer: string): readonly Order[];
  /** What decides on a refund of an order; an order of somebody else is not found. */
  caseOf(order: string, customer: string): RefundCase | undefined;
  /** What the customer got back in the last 30 days. */
  recentCents(customer: string): number;
  /** Books a refund, all rules checked in one transaction with the booking. Throws for one that breaks a rule. */
  refund(refund: Refund): { readonly order: string; readonly refunded: string };
}

const TABLES = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 10000;
  CREATE TABLE IF NOT EXISTS customers (address TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customers (address),
    items TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    ordered TEXT NOT NULL,
    status TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS refunds (
    order_id TEXT PRIMARY KEY REFERENCES orders (id), -- an order is refunded once
    cents INTEGER NOT NULL CHECK (cents > 0),
    because TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    approvals INTEGER NOT NULL,
    day TEXT NOT NULL
  ) STRICT;`;

/** Opens the shop's database, a file or `:memory:`. `today` gives the day as `2026-11-26`. */
export function openShop(path: string, today: () => string): Shop {
  const database = new DatabaseSync(path);
  database.exec(TABLES);
  const one = (sql: string, ...values: (string | number)[]) => database.prepare(sql).get(...values);
  const shop: Shop = {
    database,
    addCustomer: (address, name) => {
      one("INSERT INTO customers VALUES (?, ?)", address.toLowerCase(), name);
    },
    addOrder: ({ id, customer, items, cents, ordered, status }) => {
      one(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
        id,
        customer.toLowerCase(),
        items,
        cents,
        ordered,
        status,
      );
    },
    nameOf(customer) {
      const found = one("SELECT name FROM customers WHERE address = ?", customer);
      return found === undefined ? undefined : String(found["name"]);
    },
    ordersOf: (customer) =>
      database
        .prepare(
          `SELECT orders.*, refunds.cents AS back FROM orders LEFT JOIN refunds ON order_id = id
           WHERE customer = ? ORDER BY ordered DESC, id LIMIT 50`,
        )
        .all(customer)
        .map(({ id, items, cents, ordered, status, back }) => ({
          order: String(id),
          items: String(items),
          total: formatCents(Number(cents)),
          ordered: String(ordered),
          status: String(status),
          refunded: back === null ? null : formatCents(Number(back)),
        })),
    caseOf(order, customer) {
      const found = one(
        `SELECT orders.cents, refunds.cents AS back FROM orders LEFT JOIN refunds ON order_id = id
         WHERE id = ? AND customer = ?`,
        order,
        customer,
      );
      if (found === undefined) return undefined;
      return { paid: Number(found["cents"]), isRefunded: found["back"] !== null };
    },
    recentCents(customer) {
      const found = one(
        `SELECT sum(refunds.cents) AS back FROM refunds JOIN orders ON order_id = id
         WHERE customer = ? AND day > date(?, '-30 days')`,
        customer,
        today(),
      );
      return Number(found?.["back"] ?? 0);
    },
    refund: (refund) => book(shop, refund, today()),
  };
  return shop;
}

function book(shop: Shop, refund: Refund, day: string): ReturnType<Shop["refund"]> {
  const { order, cents, because, customer, key, approvals } = refund;
  const { database } = shop;
  const done = { order, refunded: formatCents(cents) };
  database.exec("BEGIN IMMEDIATE");
  try {
    const before = database.prepare("SELECT 1 FROM refunds WHERE key = ? AND order_id = ?").get(key, order);
    if (before === undefined) {
      const problem = refundProblem(shop.caseOf(order, customer), { order, cents });
      if (problem !== undefined) throw new Error(problem);
      const needed = approvalsNeeded(cents + shop.recentCents(customer));
      if (approvals < needed)
        throw new Error(`with what was refunded in 30 days this takes ${needed} approvals, not ${approvals}`);
      database
        .prepare("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?)")
        .run(order, cents, because, key, approvals, day);
    }
    database.exec("COMMIT");
    return done;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
