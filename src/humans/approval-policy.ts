import {
  anything,
  boolean,
  both,
  type Check,
  check,
  fields,
  fits,
  list,
  oneOf,
  someFields,
  text,
} from "../base/checks.ts";
import { count, durationSeconds, problemWith } from "../base/options.ts";
import type { ApprovalPolicy } from "../thread/events.ts";
import { PATTERN, spellPattern } from "./principal.ts";

const FIELDS = {
  approvers: list(PATTERN),
  needed: count,
  requesterMayApprove: boolean,
  expiresAfter: durationSeconds,
  onExpiry: oneOf(["deny", "ask_again"]),
  escalation: list(fields({ after: durationSeconds, to: list(PATTERN, 1) })),
  because: text(),
} satisfies { readonly [K in keyof ApprovalPolicy]-?: Check };

/** Checks a policy given as plain data. Unknown names are refused, so that a misspelt one does not go unnoticed. */
export const APPROVAL_POLICY: Check = both(
  someFields(FIELDS),
  check((value) =>
    fits<ApprovalPolicy>(value, anything) ? (quorumProblem(value) ?? escalationProblem(value)) : undefined,
  ),
);

/** Why there can never be enough approvals, or `undefined`. */
function quorumProblem({ approvers, needed = 1, escalation = [] }: ApprovalPolicy): string | undefined {
  if (approvers === undefined) return undefined;
  const all = new Set([...approvers, ...escalation.flatMap(({ to }) => to)].map(spellPattern));
  if (all.size === 0) return "approvers is empty: nobody could ever approve";
  if ([...all].some((one) => one.endsWith(":*")) || all.size >= needed) return undefined;
  return `${needed} approvals are needed, and only ${all.size} may approve`;
}

/** Why those to whom it escalates can never be asked, or `undefined`. */
function escalationProblem({ expiresAfter, escalation = [] }: ApprovalPolicy): string | undefined {
  const late = escalation.find(({ after }) => expiresAfter !== undefined && after >= expiresAfter);
  return late && `it escalates after ${late.after} s, when it has expired after ${expiresAfter} s`;
}

/** A policy that can be stored and read again, and what was wrong with it. */
export interface CheckedPolicy {
  readonly policy: ApprovalPolicy;
  readonly fault: string | undefined;
}

/** What holds if a policy cannot be read at all: somebody else than those who asked must agree. */
export function failClosed(fault: string): CheckedPolicy {
  return { policy: { requesterMayApprove: false }, fault };
}

/**
 * Makes safe what a policy function returned. An invalid policy still asks a person: whatever can be read of it and does
 * not let more people decide is kept, and the fault goes on the card.
 */
export function checkPolicy(value: object): CheckedPolicy {
  if ("then" in value) {
    // It may fail yet, and nobody else waits for it.
    Promise.resolve(value).catch(() => {});
    return failClosed("it gave a promise: a policy must be known at once");
  }
  const plain = plainPolicy(value);
  if (fits<ApprovalPolicy>(plain, APPROVAL_POLICY)) return { policy: plain, fault: undefined };
  return { policy: salvage(plain), fault: problemWith(plain, APPROVAL_POLICY) };
}

/** Its own fields, and those that a class or a prototype gives it: each is read once, and none is lost in the store. */
function plainPolicy(value: object): object {
  if (Array.isArray(value)) return value;
  const known = Object.keys(FIELDS).filter((name) => name in value);
  const names = new Set([...Object.keys(value), ...known]);
  return Object.fromEntries(Array.from(names, (name) => [name, copyOf(Reflect.get(value, name))]));
}

/** A list without holes: what is missing in it is seen to be missing. */
function copyOf(field: unknown): unknown {
  return Array.isArray(field) ? Array.from(field) : field;
}

function salvage(value: object): ApprovalPolicy {
  const field = (name: keyof ApprovalPolicy): unknown => Reflect.get(value, name);
  const keepIfFit = <T>(one: unknown, inner: Check): T | undefined => (fits<T>(one, inner) ? one : undefined);
  const requesterMayApprove = field("requesterMayApprove");
  // A misspelt rule may have been the one that says who may not.
  const isMisspelt = Object.keys(value).some((name) => !Object.hasOwn(FIELDS, name));
  return {
    approvers: salvageApprovers(field("approvers")),
    needed: keepIfFit<number>(Math.ceil(Number(field("needed"))), FIELDS.needed),
    // Any other value: the policy was not meant to leave this open.
    requesterMayApprove:
      requesterMayApprove === undefined && !isMisspelt ? undefined : requesterMayApprove === true,
    expiresAfter: keepIfFit<number>(field("expiresAfter"), FIELDS.expiresAfter),
    onExpiry: keepIfFit<ApprovalPolicy["onExpiry"]>(field("onExpiry"), FIELDS.onExpiry),
    escalation: keepIfFit<ApprovalPolicy["escalation"]>(field("escalation"), FIELDS.escalation),
    because: keepIfFit<ApprovalPolicy["because"]>(field("because"), FIELDS.because),
  };
}

/** Keeps even names that match nobody: they let nobody in, whereas without a list anybody would be let in. */
function salvageApprovers(given: unknown): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  return all.filter((one) => typeof one === "string");
}
