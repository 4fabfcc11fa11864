/**
 * What a caller may do. `admin` may do everything but `reveal`: see a value that the agent's redaction hides from people.
 * Each such look is recorded.
 */
export const SCOPES = ["launch", "read", "respond", "admin", "reveal"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether these scopes include this one. */
export function includesScope(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.includes(wanted) || (wanted !== "reveal" && scopes.includes("admin"));
}
