/** What says something about a thread, such as an answer that is kept for an idempotency key, goes with the thread. */
export const valuesAbout = `
ALTER TABLE named_values ADD COLUMN about TEXT;
CREATE INDEX values_about ON named_values (about) WHERE about IS NOT NULL;
`;
