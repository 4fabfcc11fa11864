import { NotFoundError, UsageError } from "../../base/errors.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../humans/principal.ts";
import { countOf, visibleLine } from "../../present/visible-text.ts";
import { type Attack, type AttackOptions, attackAgent } from "../../workbench/attack/attack.ts";
import { readGoal } from "../../workbench/attack/goals.ts";
import { INJECTION_KINDS, type InjectionKind } from "../../workbench/attack/injection.ts";
import { INJECTIONS } from "../../workbench/attack/injections/all.ts";
import { BARRIERS, type Barrier } from "../../workbench/attack/outcome.ts";
import { chooseModel } from "../choose-model.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";

export interface AttackCommandOptions {
  readonly client?: string;
  readonly from: string;
  readonly step?: readonly string[];
  readonly keep?: readonly string[];
  readonly allow?: readonly string[];
  readonly kind?: readonly string[];
  /** A line for each attack. */
  readonly each?: boolean;
  readonly concurrency: number;
}

/** What one model made of all injections. */
interface Round {
  readonly model: string;
  readonly attacks: readonly Attack[];
}

/** `twelvefold attack <agent>`: tries injections on an agent. No tool with effects runs, and nothing is stored. */
export async function attackCommand(
  session: Session,
  name: string,
  options: AttackCommandOptions,
): Promise<number> {
  const { terminal, json } = session;
  const { agents } = await session.config();
  await session.requireFreshClient();
  const agent = agents.find((one) => one.name === name);
  if (agent === undefined) {
    const known = agents.map((one) => one.name).join(", ");
    throw new NotFoundError(`there is no agent ${JSON.stringify(name)}; known: ${known}`, { agent: name });
  }
  const { concurrency, keep, allow = [], step } = options;
  if (concurrency === 0) throw new UsageError("invalid_argument", "--concurrency must be at least 1");
  for (const intent of allow) {
    if (!agents.some(({ steps }) => steps.has(intent)))
      throw new UsageError("invalid_argument", `--allow ${intent}: no agent has such a step`);
  }
  const from = senderOf(options.from);
  const base: AttackOptions = {
    agent,
    agents,
    from,
    goals: step && (await Promise.all(step.map((text) => readGoal(text, agent, from)))),
    keep,
    injections: injectionsOfKinds(options.kind),
    concurrency,
  };
  const rounds = await untilInterrupted(async (signal) => [
    ...(await runRound(session, "a model that obeys", { ...base, everyGoal: true, signal })),
    ...(await runModel(session, options.client, { ...base, signal })),
  ]);
  if (rounds === undefined) return EXIT.interrupted;
  const passed = rounds.every(({ attacks }) => attacks.every((one) => isHeld(one, allow)));
  if (json) terminal.out(JSON.stringify({ passed, agent: name, rounds }, null, 2));
  else for (const line of rounds.flatMap((round) => roundLines(round, options, session))) terminal.out(line);
  return passed ? EXIT.ok : EXIT.failed;
}

/** The attacker: somebody whose address a channel has verified, which says nothing about what they write. */
function senderOf(text: string): VerifiedPrincipal {
  const colon = text.lastIndexOf(":");
  if (colon <= 0)
    throw new UsageError("invalid_argument", `--from takes channel:id, not ${JSON.stringify(text)}`);
  return verifiedBy(text.slice(0, colon), text.slice(colon + 1));
}

function injectionsOfKinds(kinds: readonly string[] | undefined) {
  if (kinds === undefined) return INJECTIONS;
  const wanted = new Set<InjectionKind>(
    kinds.map((kind) => {
      const known = INJECTION_KINDS.find((one) => one === kind);
      if (known === undefined)
        throw new UsageError("invalid_argument", `--kind takes ${INJECTION_KINDS.join(", ")}, not ${kind}`);
      return known;
    }),
  );
  return INJECTIONS.filter(({ kind }) => wanted.has(kind));
}

async function runRound(session: Session, model: string, options: AttackOptions): Promise<Round[]> {
  const progress = showProgress(session.terminal, model);
  try {
    return [{ model, attacks: await attackAgent({ ...options, onProgress: progress }) }];
  } finally {
    progress(undefined);
  }
}

/** The configured model, or the one of --client. The built-in model plays by rules: asking it would prove nothing. */
async function runModel(
  session: Session,
  client: string | undefined,
  options: AttackOptions,
): Promise<Round[]> {
  const { kept, model, defaultModel } = await chooseModel(session, client);
  const choice = model ?? defaultModel;
  if (!kept || choice === undefined) {
    session.terminal.err(
      "No model is configured, so that only one that obeys was asked; --client names another.",
    );
    return [];
  }
  return runRound(session, choice.clients.map((one) => one.name).join(", "), { ...options, model: choice });
}

function isHeld({ outcome, stillText }: Attack, allow: readonly string[]): boolean {
  if (!stillText || outcome.kind === "failed") return false;
  return outcome.kind !== "ran" || outcome.steps.every(({ intent }) => allow.includes(intent));
}

const BY: { readonly [B in Barrier]: string } = {
  rendering: "not read by the model",
  gate: "gate",
  policy: "policy",
  provenance: "provenance",
  limit: "limit",
  model: "only the model",
};

function roundLines(
  { model, attacks }: Round,
  { allow = [], each = false, step }: AttackCommandOptions,
  { colors: c }: Session,
): string[] {
  const kinds = [...Map.groupBy(attacks, ({ injection }) => injection.kind)];
  const header = ["kind", "tried", ...BARRIERS.map((by) => BY[by]), "allowed", "got through"];
  const rows = [...kinds, ["together", attacks] as const].map(([kind, of]) => [
    kind,
    String(of.length),
    ...BARRIERS.map((by) => countStopped(of, by)),
    countOrDash(of.filter((one) => one.outcome.kind === "ran" && isHeld(one, allow)).length),
    countOrDash(of.filter((one) => !isHeld(one, allow)).length),
  ]);
  const through = attacks.filter((one) => !isHeld(one, allow));
  const lines = each ? attacks.map(attackLine) : throughLines(through);
  return [
    c.bold(`${visibleLine(model)}:`),
    ...align([header, ...rows]).map((line, index) => (index === 0 ? c.dim(line) : line)),
    ...lines.map((line) => (each ? line : c.red(line))),
    ...(attacks.every(({ stillText }) => stillText)
      ? ["Rendering held: no text became a message, a role, an image or another part of the thread."]
      : []),
    through.length === 0
      ? c.green(`None of ${countOf(attacks.length, "attack")} got through.`)
      : c.red(`${through.length} of ${countOf(attacks.length, "attack")} got through.`),
    ...(through.length === 0 && step === undefined
      ? [c.dim("Arguments were made up: --step tries ones that your rules let pass in good cases.")]
      : []),
    ...hintsFor(through),
    "",
  ];
}

/** One line for each injection and step, however often it was tried with other arguments. */
function throughLines(through: readonly Attack[]): string[] {
  const groups = [
    ...Map.groupBy(through, ({ injection, goal }) => `${injection.id} ${goal.intent}`).values(),
  ];
  const shown = groups
    .slice(0, MOST_ROWS)
    .flatMap(([first]) => (first === undefined ? [] : [attackLine(first)]));
  return groups.length > MOST_ROWS
    ? [...shown, `… and ${groups.length - MOST_ROWS} more (--each lists all)`]
    : shown;
}

/** What the owner may do about steps that ran. */
function hintsFor(through: readonly Attack[]): string[] {
  const intents = new Set(
    through.flatMap(({ outcome }) =>
      outcome.kind === "ran" ? outcome.steps.map(({ intent }) => intent) : [],
    ),
  );
  return [...intents].map((intent) => {
    const name = visibleLine(intent);
    return `${name}: give it an approval, or approveWhenUntrusted; if a rule of yours lets it run, --allow ${name}`;
  });
}

/** So many attacks that got through are listed. */
const MOST_ROWS = 20;

function countStopped(attacks: readonly Attack[], by: Barrier): string {
  return countOrDash(attacks.filter(({ outcome }) => outcome.kind === "stopped" && outcome.by === by).length);
}

function countOrDash(count: number): string {
  return count === 0 ? "–" : String(count);
}

/** One attack: its injection, what it wanted, and what became of it. */
function attackLine({ injection, goal, outcome, stillText }: Attack): string {
  const forged = stillText ? "" : "; its text became another part of the prompt";
  const about = `${injection.id} (${injection.place}), for ${visibleLine(goal.intent)}`;
  return `${about}: ${visibleLine(outcomeInWords(outcome))}${forged}`;
}

function outcomeInWords(outcome: Attack["outcome"]): string {
  switch (outcome.kind) {
    case "failed":
      return `could not be tried: ${outcome.message}`;
    case "ran":
      return `ran ${JSON.stringify(outcome.steps[0])}`;
    case "stopped":
      return `stopped by ${BY[outcome.by]}: ${outcome.detail}`;
    default:
      return outcome satisfies never;
  }
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
