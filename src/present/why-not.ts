import type { People } from "../humans/people.ts";
import { type Deciding, type HumanRequest, whyNot } from "../humans/request.ts";
import type { Principal } from "../thread/events.ts";
import { decidersInWords } from "./who-decides.ts";

/** For whom, and of what decision, it is told. */
export interface WhyNotCase {
  readonly request: HumanRequest;
  readonly viewer: Principal;
  readonly people: People;
  /** Default: `"approved"`. */
  readonly decision?: Deciding | undefined;
}

const LOCAL =
  " You are web:local here, as everybody is on a server without keys: `npx twelvefold key <name>` makes one.";

/** Whoever has the address of a server without keys. */
function isLocal({ channel, id }: Principal): boolean {
  return channel === "web" && id === "local";
}

/** Why this person may not make this decision, said to that person and with the names of people; `null` if they may. */
export function whyNotInWords({ request, viewer, people, decision }: WhyNotCase): string | null {
  const error = whyNot(request, viewer, decision ?? "approved", people);
  if (error === undefined) return null;
  const { objection } = error;
  switch (objection) {
    case "not_named": {
      const act = request.kind === "approval" ? "decide on" : "answer";
      if (request.to?.length === 0)
        return `Nobody may ${act} this. Once the step's rule is corrected in the code, a message to the thread asks anew.`;
      const who = decidersInWords({ request, viewer, mayDecide: false, people });
      return `You may not ${act} this. It waits for ${who}.${isLocal(viewer) ? LOCAL : ""}`;
    }
    case "unknown_requester":
      return "Nobody knows who asked for this, and whoever did may not approve it. So nobody may.";
    case "requester":
      return "You asked for this, so somebody else must approve it.";
    case "approved_already":
      return "You have approved already. Different people must agree.";
    case "perhaps_same":
      return (
        "You may be the same person as somebody who asked for this or approved it, and different people must agree. " +
        "Who runs this server can say who is who, under `people` in the configuration."
      );
    default:
      return objection satisfies never;
  }
}
