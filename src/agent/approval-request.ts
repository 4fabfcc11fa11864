import { isoTime } from "../base/clock.ts";
import { atOnce } from "../base/hooks.ts";
import type { CallId } from "../base/ids.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { approvalDigest } from "../humans/approval-digest.ts";
import { failuresOf, inputsAfter } from "../humans/card-facts.ts";
import { usualTitle } from "../humans/card-title.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type {
  ApprovalCard,
  ApprovalPolicy,
  ApprovalReason,
  EventData,
  EventOf,
  NewEvent,
  OwnWords,
  Step,
} from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";
import { approvalSubject } from "./approval-subject.ts";
import { REJECT_OPTIONS } from "./options.ts";
import { toStore } from "./to-store.ts";

/** A step that people are asked about, and why. */
export interface Approvable {
  readonly call: OpenCall;
  readonly policy: ApprovalPolicy;
  readonly reasons: readonly ApprovalReason[];
}

/** The request to people about a step, with the preview that the tool returned. Pure. */
export function approvalRequest(
  { call, policy, reasons }: Approvable,
  thread: Thread,
  agent: Agent,
  { preview, now }: { readonly preview: Json | undefined; readonly now: number },
): NewEvent {
  const { callId } = call;
  const { intent, ...args } = call.step;
  const definition = agent.steps.get(intent);
  const shown: ApprovalCard = {
    title: titleOf(definition, call.step) ?? usualTitle(agent.name, intent),
    intent,
    arguments: args,
    emphasis: emphasisOf(definition, call.step, args),
    descriptions: descriptionsOf(agent, intent, args),
    reasons,
    preview,
    said: call.said === null ? undefined : cutWords(call.said),
    failures: failuresOf(thread, call),
    newer: inputsAfter(thread, call.seq),
    rejectOptions: rejectOptionsOf(definition, call.step),
  };
  const card = storedCard(shown, { callId, policy, digest: "" }, thread, agent);
  const digest = approvalDigest(approvalSubject(thread, agent, call, { card, policy }));
  const { expiresAfter } = policy;
  const since = firstAsked(thread, callId);
  const data = { callId, card, policy, digest, since };
  if (expiresAfter === undefined) return { type: "approval_requested", data };
  const from = since === undefined ? now : Date.parse(since);
  return { type: "approval_requested", data: { ...data, expiresAt: isoTime(from + expiresAfter * 1000) } };
}

/** When people were first asked, if newer input alone made them be asked again; `undefined`: they have all the time. */
function firstAsked({ events }: Thread, callId: CallId): string | undefined {
  const last = events.findLast(
    (event): event is EventOf<"approval_requested"> =>
      event.type === "approval_requested" && event.data.callId === callId,
  );
  if (last === undefined) return undefined;
  const later = events.slice(last.seq);
  const isAnswered = later.some(({ type, data }) => type === "human_responded" && data.request === last.seq);
  const lapse = later.find(({ type, data }) => type === "request_expired" && data.request === last.seq);
  const isByInput = lapse?.type === "request_expired" && lapse.data.because?.kind === "newer_input";
  return isByInput && !isAnswered ? (last.data.since ?? last.at) : undefined;
}

const MAX_TITLE = 200;

/** The title that the step declares; `undefined` if it has none, or its function fails: the usual one holds then. */
function titleOf(definition: StepDefinition<Step> | undefined, step: Step): string | undefined {
  try {
    const title: unknown = atOnce("`title`", definition?.options.title?.(step));
    if (typeof title !== "string" || title.trim() === "") return undefined;
    const line = title.trim();
    return line.length <= MAX_TITLE ? line : `${line.slice(0, MAX_TITLE - 1).toWellFormed()}…`;
  } catch {
    return undefined;
  }
}

/** The ready ways to deny it; none if the function that gives them fails. */
function rejectOptionsOf(
  definition: StepDefinition<Step> | undefined,
  step: Step,
): ApprovalCard["rejectOptions"] {
  const { rejectOptions } = definition?.options ?? {};
  if (typeof rejectOptions !== "function") return rejectOptions;
  try {
    const made = atOnce("`rejectOptions`", rejectOptions(step));
    return REJECT_OPTIONS(made).length === 0 && Object.keys(made).length > 0 ? made : undefined;
  } catch {
    return undefined;
  }
}

const MAX_EMPHASIS = 4;

/** The fields to stand out, as far as the step has them; none if the function that names them fails. */
function emphasisOf(
  definition: StepDefinition<Step> | undefined,
  step: Step,
  args: JsonObject,
): readonly string[] | undefined {
  const { emphasis } = definition?.options ?? {};
  try {
    const names: unknown = typeof emphasis === "function" ? atOnce("`emphasis`", emphasis(step)) : emphasis;
    if (!Array.isArray(names)) return undefined;
    const known = names.filter((name) => typeof name === "string" && Object.hasOwn(args, name));
    return known.length === 0 ? undefined : [...new Set(known)].slice(0, MAX_EMPHASIS);
  } catch {
    return undefined;
  }
}

/** What the prompt says of the fields that the step has. */
function descriptionsOf({ nextStep }: Agent, intent: string, args: JsonObject): ApprovalCard["descriptions"] {
  const fields = nextStep.stepFields?.get(intent);
  const described = Object.keys(args).flatMap((name) => {
    const { description = "" } = fields?.get(name) ?? {};
    return description === "" ? [] : [[name, description] as const];
  });
  return described.length === 0 ? undefined : Object.fromEntries(described);
}

/** How many characters of the model's own words are on a card; the rest is in the thread. */
const MAX_ON_CARD = 2_000;

function cutWords({ text, length }: OwnWords): ApprovalCard["said"] & object {
  return { text: text.slice(0, MAX_ON_CARD).toWellFormed(), length };
}

/** The digest covers the card as it is stored. */
function storedCard(
  card: ApprovalCard,
  rest: Omit<EventData["approval_requested"], "card">,
  thread: Thread,
  agent: Agent,
): ApprovalCard {
  const [event] = toStore([{ type: "approval_requested", data: { ...rest, card } }], thread, agent);
  return event?.type === "approval_requested" ? event.data.card : card;
}
