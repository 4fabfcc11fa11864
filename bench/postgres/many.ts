import type { Client } from "pg";

/**
 * Multiplies the threads of the schema in the search path, with their events and texts, to `times` as many. What the store itself
 * has written of each is copied; only the ids and the times differ, so that their chains do not verify.
 */
export async function multiply(client: Client, times: number): Promise<void> {
  await client.query(`
    CREATE TEMPORARY TABLE copies AS
    SELECT key AS of, nextval(pg_get_serial_sequence('threads', 'key')) AS key, n
    FROM threads, generate_series(1, ${times - 1}) AS n`);
  await client.query(`
    INSERT INTO threads (key, id, seq, head, created_at, updated_at, listed_at, agent, status, title, wanted_since, wake_at,
      pending_request, awaited_event, parent_id, subject, requester, tokens, searchable, unindexed)
    OVERRIDING SYSTEM VALUE
    SELECT c.key, 'thr_' || left(md5(t.id || c.n), 20), seq, head, created_at - 100000 * c.n, updated_at - 100000 * c.n,
      listed_at - 100000 * c.n, agent, status, title, wanted_since, wake_at + 100000 * c.n, pending_request, awaited_event,
      parent_id, subject, requester, tokens, searchable, unindexed
    FROM copies c JOIN threads t ON t.key = c.of`);
  await client.query(`
    INSERT INTO events (thread, seq, type, v, at, data, salt, digest)
    SELECT c.key, e.seq, e.type, e.v, e.at, e.data, e.salt, e.digest FROM copies c JOIN events e ON e.thread = c.of`);
  await client.query(`
    INSERT INTO search_texts (thread, seq, text, words)
    SELECT c.key, s.seq, s.text, s.words FROM copies c JOIN search_texts s ON s.thread = c.of`);
  await client.query("VACUUM ANALYZE threads, events, search_texts");
}
