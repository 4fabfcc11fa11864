/** The state of a thread after event `seq`, whose digest is `head`: see `kept-state.ts`. At most one per thread. */
export const threadStates = `
CREATE TABLE thread_states (
  thread INTEGER PRIMARY KEY REFERENCES threads (key) ON DELETE CASCADE,
  seq    INTEGER NOT NULL,
  fold   INTEGER NOT NULL,
  head   BLOB    NOT NULL,
  state  TEXT    NOT NULL,
  digest BLOB    NOT NULL
) STRICT;

-- A time that lies beyond all that can be read back never comes.
UPDATE threads SET wake_at = NULL WHERE wake_at > 8640000000000000;
`;
