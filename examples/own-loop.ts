// An outer loop of your own over a store of your own: a table in your product's database. Nothing else of the package runs.
import type { DatabaseSync } from "node:sqlite";
import * as tf from "../src/index.ts";

const TABLE =
  "CREATE TABLE IF NOT EXISTS agent_events (thread TEXT, seq INTEGER, event TEXT, PRIMARY KEY (thread, seq))";
// One statement, so that all of them are stored or none. A number that another writer has taken is an error.
const INSERT = "INSERT INTO agent_events SELECT ?, value ->> 'seq', value FROM json_each(?)";
type Turn = { database: DatabaseSync; threadId: tf.ThreadId; signal: AbortSignal };

/** Adds what has happened and works until the thread waits or ends. Without new events it takes up what was left behind. */
export async function takeTurn(agent: tf.Agent, happened: tf.Write["events"], turn: Turn) {
  const { database, threadId, signal } = turn;
  const clock = tf.systemClock;
  database.exec(TABLE);
  const rows = database.prepare("SELECT event FROM agent_events WHERE thread = ? ORDER BY seq").all(threadId);
  const events = rows.map(({ event }) => JSON.parse(String(event)));
  const found = tf.threadOf(threadId, tf.parseEvents(threadId, events));
  const start = events.length > 0 ? found : tf.startThread({ agent: agent.name }, clock.now(), threadId);
  const inner = tf.createJournal(start, agent, clock);
  let stored = events.length;
  const journal: tf.Journal = {
    get thread() {
      return inner.thread;
    },
    async append(write) {
      await inner.append(write);
      const added = inner.thread.events.slice(stored);
      database.prepare(INSERT).run(threadId, JSON.stringify(added));
      stored += added.length;
    },
    flush: async () => {},
  };
  await journal.append({ events: happened, when: "now", onConflict: "drop" });
  return tf.advance(journal, agent, { clock, signal });
}
