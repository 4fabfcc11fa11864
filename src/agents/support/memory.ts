import type { DatabaseSync } from "node:sqlite";

/** What may be remembered of a customer. Nothing that costs money, and nothing about other people. */
export const TOPICS = ["contact", "delivery", "language", "packaging"] as const;
export type Topic = (typeof TOPICS)[number];

/** A preference with where it comes from. */
export interface Preference {
  readonly topic: Topic;
  /** The customer's own words. */
  readonly words: string;
  /** Which thread and event, and on which day. */
  readonly from: string;
  readonly day: string;
}

export interface Memory {
  /** Replaces what was remembered on the same topic. Doing it again changes nothing. */
  remember(customer: string, preference: Preference): void;
  /** The customer's preferences, at most 5: those that fit the words first, then the latest. */
  recall(customer: string, words: string): readonly Preference[];
  /** Forgets all of a customer. */
  forget(customer: string): void;
}

const MAX_CHARACTERS = 120;
const MAX_RECALLED = 5;

/**
 * Why these words are not remembered; `undefined` if they are. Only what the customer has literally written is: a model
 * cannot make up a preference, and what it notes can be traced to a mail.
 */
export function preferenceProblem(words: string, written: readonly string[]): string | undefined {
  if (words.trim().length < 3) return "the words are missing: copy them from the customer's mail";
  if (words.length > MAX_CHARACTERS || /[\p{C}<>]|:\/\//u.test(words))
    return `at most ${MAX_CHARACTERS} characters of plain text in one line are remembered, without links`;
  if (written.some((text) => text.includes(words))) return undefined;
  return "the customer has not written this in these words: copy them exactly";
}

/** Preferences in a full-text index beside the shop's tables. */
export function openMemory(database: DatabaseSync): Memory {
  database.exec(
    `CREATE VIRTUAL TABLE IF NOT EXISTS preferences
     USING fts5 (words, topic, customer UNINDEXED, source UNINDEXED, day UNINDEXED)`,
  );
  const columns = "SELECT words, topic, source, day FROM preferences WHERE customer = ?";
  return {
    remember(customer, { topic, words, from, day }) {
      database.exec("BEGIN IMMEDIATE");
      try {
        database.prepare("DELETE FROM preferences WHERE customer = ? AND topic = ?").run(customer, topic);
        database
          .prepare("INSERT INTO preferences (words, topic, customer, source, day) VALUES (?, ?, ?, ?, ?)")
          .run(words, topic, customer, from, day);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    recall(customer, words) {
      const query = queryOf(words);
      const fitting =
        query === ""
          ? []
          : database
              .prepare(`${columns} AND preferences MATCH ? ORDER BY rank LIMIT ${MAX_RECALLED}`)
              .all(customer, query);
      const latest = database
        .prepare(`${columns} ORDER BY day DESC, rowid DESC LIMIT ${MAX_RECALLED}`)
        .all(customer);
      const found = new Map([...fitting, ...latest].map((row) => [String(row["topic"]), row]));
      return [...found.values()].slice(0, MAX_RECALLED).flatMap(({ topic, words: text, source, day }) => {
        const known = TOPICS.find((one) => one === topic);
        return known === undefined
          ? []
          : [{ topic: known, words: String(text), from: String(source), day: String(day) }];
      });
    },
    forget(customer) {
      database.prepare("DELETE FROM preferences WHERE customer = ?").run(customer);
    },
  };
}

/** Any of the words, each quoted, so that nothing in a mail is an operator of the query language. */
function queryOf(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return [...new Set(words)]
    .slice(0, 50)
    .map((word) => `"${word}"`)
    .join(" OR ");
}
