import type { Agent } from "../../agent/agent.ts";
import type { Misfit } from "../../base/checks.ts";
import type { EvalCase, Expectation } from "./dataset.ts";
import { type Judges, judgeProblem } from "./judge.ts";

/** What the project has, of which a case may speak. */
export interface KnownNames {
  readonly agents: readonly Agent[];
  readonly judges: Judges;
}

/**
 * The names in a case that the project does not have: an agent, a judge, a check, an intent, a field. An expectation about one of them
 * would never hold, or, under `not`, always.
 */
export function unknownNames(
  one: Pick<EvalCase, "agent" | "expect">,
  { agents, judges }: KnownNames,
): readonly Misfit[] {
  const agent = agents.find(({ name }) => name === one.agent);
  if (agent !== undefined)
    return namesIn(one.expect, { path: ["expect"], agent, judges, intents: undefined });
  const known = agents.map(({ name }) => name).join(", ");
  return [{ path: ["agent"], message: `there is no agent ${JSON.stringify(one.agent)}; known: ${known}` }];
}

interface Place {
  readonly path: readonly string[];
  readonly agent: Agent;
  readonly judges: Judges;
  /** The intents that the step may have; `undefined`: whatever they are. */
  readonly intents: readonly string[] | undefined;
}

function namesIn(expected: Expectation, place: Place): Misfit[] {
  const { path, agent, judges } = place;
  const { intent, fields = {}, checks, judge, anyOf = [], steps = [], not, anyStep } = expected;
  const intents = intent === undefined ? place.intents : [intent].flat();
  const inner = { ...place, intents };
  const below = (name: string) => ({ ...inner, path: [...path, name] });
  return [
    ...[intent ?? []].flat().flatMap((name): Misfit[] => {
      const known = [...agent.steps.keys()].join(", ");
      const message = `the agent ${agent.name} has no intent ${JSON.stringify(name)}; known: ${known}`;
      return agent.steps.has(name) ? [] : [{ path: [...path, "intent"], message }];
    }),
    ...Object.keys(fields).flatMap((name) => fieldProblem(name, inner) ?? []),
    ...checkProblems(checks, inner),
    ...[judge ?? []].flat().flatMap((name): Misfit[] => {
      const message = judgeProblem(judges, name);
      return message === undefined ? [] : [{ path: [...path, "judge"], message }];
    }),
    ...anyOf.flatMap((one, at) => namesIn(one, { ...inner, path: [...path, "anyOf", String(at)] })),
    // Each of several steps has an intent of its own.
    ...steps.flatMap((one, at) =>
      namesIn(one, { ...inner, intents: undefined, path: [...path, "steps", String(at)] }),
    ),
    ...(not === undefined ? [] : namesIn(not, below("not"))),
    ...(anyStep === undefined ? [] : namesIn(anyStep, { ...below("anyStep"), intents: undefined })),
  ];
}

/** Only where the prompt's types are known. */
function checkProblems(checks: Expectation["checks"], { path, agent }: Place): Misfit[] {
  const { checkNames } = agent.nextStep;
  if (checks === undefined || checkNames === undefined) return [];
  const place = [...path, "checks"];
  if (checkNames.size === 0)
    return [{ path: place, message: `the prompt of ${agent.name} declares no BAML checks` }];
  if (checks === "all") return [];
  const known = [...checkNames].join(", ");
  return checks.flatMap((name, at) =>
    checkNames.has(name)
      ? []
      : [
          {
            path: [...place, String(at)],
            message: `the prompt of ${agent.name} has no BAML check ${JSON.stringify(name)}; known: ${known}`,
          },
        ],
  );
}

/** Only the name before the first dot is looked up, and only where the prompt's types are known. */
function fieldProblem(path: string, { path: place, agent, intents }: Place): Misfit | undefined {
  const { stepFields } = agent.nextStep;
  const wanted = intents ?? [...agent.steps.keys()];
  const types = wanted.flatMap((intent) => stepFields?.get(intent) ?? []);
  const [name = path] = path.split(".");
  if (stepFields === undefined || types.length < wanted.length || name === "intent") return undefined;
  if (types.some((fields) => fields.has(name) || fields.has(path))) return undefined;
  const known = [...new Set(types.flatMap((fields) => [...fields.keys()]))].join(", ");
  const of = intents === undefined ? `no step of ${agent.name} has` : `${intents.join(" or ")} has no`;
  const field = intents === undefined ? `a field ${JSON.stringify(name)}` : `field ${JSON.stringify(name)}`;
  return { path: [...place, "fields", path], message: `${of} ${field}; known: ${known}` };
}
