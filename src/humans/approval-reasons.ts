import { describeFidelity } from "../base/fidelity.ts";
import type { ApprovalReason } from "../thread/events.ts";

/** A reason as people read it. */
export interface ReasonInWords {
  /** Two or three words, for a mark on a card. */
  readonly label: string;
  /** A sentence. It may hold text from outside: make invisible characters visible before showing it. */
  readonly text: string;
}

/** Words the reason why a person is asked. The only place that does. */
export function describeReason(reason: ApprovalReason): ReasonInWords {
  switch (reason.kind) {
    case "policy":
      return {
        label: "Needs approval",
        text:
          reason.because === undefined
            ? "A person must agree to this step."
            : `A person must agree, because ${reason.because}.`,
      };
    case "faulty_policy":
      return {
        label: "Faulty policy",
        text: `The rule that says who must approve is wrong, so a person is asked in any case: ${reason.fault}.`,
      };
    case "untrusted":
      return {
        label: "Untrusted content",
        text: `The thread holds text from outside that may try to steer the agent: ${reason.sources.join(", ")}.`,
      };
    case "judge":
      return {
        label: "Reviewer asks",
        text: `The reviewer of this step wants a person to look: ${reason.reason}`,
      };
    case "doubtful": {
      const doubts = describeFidelity({ grade: "doubtful", reasons: reason.doubts });
      return { label: "Unclear answer", text: `It is not clear that the model meant this: ${doubts}.` };
    }
    case "changed":
      return {
        label: "Changed",
        text: "It was approved before, but the tool, the prompt or the policy has changed since.",
      };
    case "unknown_requester":
      return {
        label: "Unknown requester",
        text: "Whoever asked for this may not approve it, and nobody can say who that is: it can only be denied.",
      };
    case "newer_input":
      return {
        label: "Newer message",
        text: "Something was sent after the model proposed this, and the model has not read it: read it before you decide.",
      };
    case "approver":
      return {
        label: "Approver",
        text: `It was approved before by ${reason.who}, who may not approve it any more.`,
      };
    case "look_alike":
      return {
        label: "Look-alikes",
        text: `These names look alike and belong to different people: ${reason.names.join(", ")}.`,
      };
    case "other":
      return { label: "Other reason", text: reason.text };
    default:
      return reason satisfies never;
  }
}
