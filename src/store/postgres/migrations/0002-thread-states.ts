/**
 * For each thread at most one of its states, so that a change need not read all of its events. `head`: the digest of the event
 * after which the state held; `fold`: the version of `fold` that made it.
 */
export const threadStates = `
CREATE TABLE thread_states (
  thread bigint PRIMARY KEY REFERENCES threads (key) ON DELETE CASCADE,
  seq    integer NOT NULL,
  fold   integer NOT NULL,
  head   bytea NOT NULL,
  state  text NOT NULL,
  digest bytea NOT NULL
) WITH (fillfactor = 70);
`;
