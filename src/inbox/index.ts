// What `import … from "twelvefold/inbox"` gives: the web pages, for this package's server or inside an app of your own.
export { inboxAssets } from "./assets.ts";
export type { InboxAccess, InboxDeps } from "./deps.ts";
export { inboxRoutes } from "./inbox-routes.tsx";
export { type ServerInboxOptions, serverInbox } from "./server-inbox.ts";
