import { both, type Check, distinct, fieldsAtLeast, list, text } from "../base/checks.ts";
import { callback, nonEmptyName } from "../base/options.ts";

/** What `webhook()` returns, each of another name: deliveries are found by it. */
export const WEBHOOKS: Check = both(
  list(fieldsAtLeast({ name: nonEmptyName, secrets: list(text(), 1), action: callback })),
  distinct("name"),
);

/** Schedules of different names: what has run is kept under them. */
export const CRON_TRIGGERS: Check = both(
  list(fieldsAtLeast({ name: nonEmptyName, agent: nonEmptyName })),
  distinct("name"),
);
