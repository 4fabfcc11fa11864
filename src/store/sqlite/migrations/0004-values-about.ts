/** A value about a thread, such as an answer kept for an idempotency key, is deleted with the thread. */
export const valuesAbout = `
ALTER TABLE named_values ADD COLUMN about TEXT;
CREATE INDEX values_about ON named_values (about) WHERE about IS NOT NULL;
`;
