import type { CallId } from "../../base/ids.ts";
import type { RequestChange } from "../regression/diff-requests.ts";

/** What would be different for an open thread under the code and prompts of now. */
export type DeployFinding =
  /** Its events cannot be read. */
  | { readonly kind: "not_loaded"; readonly message: string }
  | { readonly kind: "agent_gone"; readonly agent: string }
  /** A step that is not settled has an intent that the agent does not know. */
  | { readonly kind: "intent_gone"; readonly callId: CallId; readonly intent: string }
  /** A step that is not settled does not fit the types of now. */
  | {
      readonly kind: "step_unfit";
      readonly callId: CallId;
      readonly intent: string;
      readonly message: string;
    }
  /** The request to the model cannot be made. */
  | { readonly kind: "not_asked"; readonly message: string }
  /** The agent has another version, and refuses to go on by itself. */
  | { readonly kind: "version_refused"; readonly from: string | null; readonly to: string | null }
  /** What people were shown, or have approved, is not what would run: they would be asked again. */
  | {
      readonly kind: "approval_lapses";
      readonly callId: CallId;
      readonly intent: string;
      readonly because: "policy" | "prompt" | "tool" | "tool_or_prompt";
    }
  /** The model would be asked in other words. `change`: how, where both requests are known. */
  | { readonly kind: "request_differs"; readonly change?: RequestChange | undefined };

/** How bad it is: the thread cannot go on as it was meant; a person is asked about it; or it goes on otherwise. */
export type DeployEffect = "breaks" | "asks" | "differs";

export const DEPLOY_EFFECTS: { readonly [K in DeployFinding["kind"]]: DeployEffect } = {
  not_loaded: "breaks",
  agent_gone: "breaks",
  intent_gone: "breaks",
  step_unfit: "breaks",
  not_asked: "breaks",
  version_refused: "asks",
  approval_lapses: "asks",
  request_differs: "differs",
};
