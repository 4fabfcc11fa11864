/**
 * Threads, their events, and the tables around them, in the first schema of the search path.
 *
 * `listed_at` follows `updated_at` in steps while nothing else of a thread changes. So a step of a working thread
 * changes no indexed column, and the row can stay in its page.
 */
export const threads = `
CREATE TABLE threads (
  key             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id              text COLLATE "C" NOT NULL UNIQUE,
  seq             integer NOT NULL,
  head            bytea   NOT NULL,
  created_at      bigint  NOT NULL,
  updated_at      bigint  NOT NULL,
  listed_at       bigint  NOT NULL,
  agent           text COLLATE "C" NOT NULL,
  status          text COLLATE "C" NOT NULL,
  title           text COLLATE "C" NOT NULL,
  wanted_since    bigint,
  wake_at         bigint,
  pending_request integer,
  awaited_event   text COLLATE "C",
  parent_id       text COLLATE "C"
) WITH (fillfactor = 80);

CREATE INDEX threads_listed    ON threads (listed_at, key);
CREATE INDEX threads_by_status ON threads (status, listed_at, key);
CREATE INDEX threads_by_agent  ON threads (agent, status, listed_at, key);
CREATE INDEX threads_of_agent  ON threads (agent, listed_at, key);
CREATE INDEX threads_pending   ON threads (listed_at, key) WHERE pending_request IS NOT NULL;
CREATE INDEX pending_by_agent  ON threads (agent, listed_at, key) WHERE pending_request IS NOT NULL;
CREATE INDEX threads_awaiting  ON threads (awaited_event, listed_at, key) WHERE awaited_event IS NOT NULL;
CREATE INDEX threads_by_parent ON threads (parent_id, listed_at, key) WHERE parent_id IS NOT NULL;
CREATE INDEX threads_wanted    ON threads (wanted_since) WHERE wanted_since IS NOT NULL;
CREATE INDEX threads_to_wake   ON threads (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE events (
  thread bigint  NOT NULL,
  seq    integer NOT NULL,
  type   text    NOT NULL,
  v      integer NOT NULL,
  at     text    NOT NULL,
  data   text    NOT NULL,
  salt   bytea,
  digest bytea   NOT NULL,
  erased bytea,
  PRIMARY KEY (thread, seq)
);

CREATE VIEW thread_events AS
  SELECT t.id AS thread, e.seq, e.type, e.v, e.at, e.data, e.erased IS NOT NULL AS erased
  FROM threads t JOIN events e ON e.thread = t.key;

CREATE TABLE once (
  key    text COLLATE "C" PRIMARY KEY,
  thread text COLLATE "C" NOT NULL,
  seq    integer NOT NULL
);
CREATE INDEX once_by_thread ON once (thread);

CREATE TABLE leases (
  thread bigint PRIMARY KEY REFERENCES threads (key) ON DELETE CASCADE,
  owner  text COLLATE "C" NOT NULL,
  until  bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX leases_by_owner ON leases (owner);

CREATE TABLE named_values (
  name       text COLLATE "C" PRIMARY KEY,
  value      text NOT NULL,
  expires_at bigint,
  about      text COLLATE "C"
);
CREATE INDEX values_expiring ON named_values (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX values_about    ON named_values (about) WHERE about IS NOT NULL;
`;
