import { both, type Check, check, distinct, fieldsAtLeast, list, optional } from "../base/checks.ts";
import { callback, nonEmptyName } from "../base/options.ts";

/** A name that a verified principal can have as its channel. */
const channelName: Check = both(
  nonEmptyName,
  check((value) => {
    const name = String(value);
    if (name === "*") return "* stands for every channel";
    return name.includes(":") && !/^webhook:[^:]+$/.test(name)
      ? "has a colon, which ends the name of a channel in `channel:id`; only webhook:<name> has one"
      : undefined;
  }),
);

/** Ways to people, of different names. */
export const CHANNELS: Check = both(
  list(
    fieldsAtLeast({
      name: channelName,
      deliver: callback,
      wants: optional(callback),
      update: optional(callback),
    }),
  ),
  distinct("name"),
);
