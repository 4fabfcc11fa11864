/** Sessions, and answers kept for idempotency keys, are useful only for a time. */
export const valuesExpire = `
ALTER TABLE named_values ADD COLUMN expires_at INTEGER;
CREATE INDEX values_expiring ON named_values (expires_at) WHERE expires_at IS NOT NULL;
`;
