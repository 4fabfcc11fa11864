/**
 * What threads can be found by. `unindexed`: only the texts up to event `searchable` are there. Neither changes while a
 * thread works, so that its row can stay in its page.
 */
export const search = `
ALTER TABLE threads
  ADD COLUMN subject    text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN requester  text COLLATE "C",
  ADD COLUMN tokens     bigint  NOT NULL DEFAULT 0,
  ADD COLUMN searchable integer NOT NULL DEFAULT 0,
  ADD COLUMN unindexed  boolean NOT NULL DEFAULT true;
CREATE INDEX threads_unindexed ON threads (agent, listed_at) WHERE unindexed;

CREATE TABLE search_texts (
  thread bigint   NOT NULL REFERENCES threads (key) ON DELETE CASCADE,
  seq    integer  NOT NULL,
  text   text     NOT NULL,
  words  tsvector NOT NULL,
  PRIMARY KEY (thread, seq)
);
CREATE INDEX search_words ON search_texts USING gin (words);
`;
