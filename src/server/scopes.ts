/** What a caller may do. `admin` may do everything. */
export const SCOPES = ["launch", "read", "respond", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
