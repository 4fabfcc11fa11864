/**
 * What threads can be found by. `said` is what an event says, without secrets: it stands beside the event, so that an append
 * touches no more pages than before. It is put into the index together with that of many other events.
 *
 * `untold`: of the thread's events only those up to `told` have their texts. `searchable`: those up to this one are in the
 * index; if there are more, the thread is in `search_waiting`, and a search reads through them. The index keeps no positions (`detail = none`): it names texts that may fit, and the texts decide. With
 * `secure-delete`, a removed text leaves nothing behind.
 */
export const search = `
ALTER TABLE events ADD COLUMN said TEXT;
ALTER TABLE threads ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE threads ADD COLUMN requester TEXT;
ALTER TABLE threads ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN untold INTEGER NOT NULL DEFAULT 1;
ALTER TABLE threads ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN searchable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX threads_untold ON threads (agent, listed_at) WHERE untold = 1;

CREATE TABLE search_waiting (thread INTEGER PRIMARY KEY REFERENCES threads (key) ON DELETE CASCADE) STRICT;

CREATE VIRTUAL TABLE search_words USING fts5(
  said, content = 'events', content_rowid = 'id', detail = none, columnsize = 0,
  tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);
`;
