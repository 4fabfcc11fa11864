/**
 * Threads, their events, and the tables around them.
 *
 * An event's id is its thread's key times 2^20 plus its number: one tree holds the events of a thread side by side, and
 * an append touches two pages instead of three. The view `thread_events` shows them by thread and number.
 *
 * Of the indexes, only `threads_by_status` and `threads_by_agent` hold working threads, and `listed_at` follows
 * `updated_at` in steps while nothing else changes. So a step of a working thread touches no index at all.
 */
export const threads = `
CREATE TABLE threads (
  key             INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE,
  seq             INTEGER NOT NULL,
  head            BLOB    NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  listed_at       INTEGER NOT NULL,
  agent           TEXT    NOT NULL,
  status          TEXT    NOT NULL,
  title           TEXT    NOT NULL,
  wanted_since    INTEGER,
  wake_at         INTEGER,
  pending_request INTEGER,
  awaited_event   TEXT,
  parent_id       TEXT
) STRICT;

CREATE INDEX threads_by_status ON threads (status, listed_at);
CREATE INDEX threads_by_agent  ON threads (agent, status, listed_at);
CREATE INDEX pending_by_status ON threads (status, listed_at) WHERE pending_request IS NOT NULL;
CREATE INDEX pending_by_agent  ON threads (agent, status, listed_at) WHERE pending_request IS NOT NULL;
CREATE INDEX threads_awaiting  ON threads (awaited_event, listed_at) WHERE awaited_event IS NOT NULL;
CREATE INDEX threads_by_parent ON threads (parent_id, listed_at) WHERE parent_id IS NOT NULL;
CREATE INDEX threads_wanted    ON threads (wanted_since) WHERE wanted_since IS NOT NULL;
CREATE INDEX threads_to_wake   ON threads (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE events (
  id     INTEGER PRIMARY KEY,
  type   TEXT    NOT NULL,
  v      INTEGER NOT NULL,
  at     TEXT    NOT NULL,
  data   TEXT    NOT NULL,
  salt   BLOB,
  digest BLOB    NOT NULL,
  erased BLOB
) STRICT;

CREATE VIEW thread_events AS
  SELECT t.id AS thread, e.id & 1048575 AS seq, e.type, e.v, e.at, e.data, e.erased IS NOT NULL AS erased
  FROM threads t JOIN events e ON e.id BETWEEN t.key * 1048576 AND t.key * 1048576 + 1048575;

CREATE TABLE once (
  key    TEXT    NOT NULL PRIMARY KEY,
  thread INTEGER NOT NULL REFERENCES threads (key) ON DELETE CASCADE,
  seq    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX once_by_thread ON once (thread);

CREATE TABLE leases (
  thread INTEGER PRIMARY KEY REFERENCES threads (key) ON DELETE CASCADE,
  owner  TEXT    NOT NULL,
  until  INTEGER NOT NULL
) STRICT;

CREATE TABLE named_values (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
