// Routing: a first, small question decides which agent works on the request. What fits none of them goes to a person.
import {
  type Agent,
  type AnyStep,
  defineAgent,
  finish,
  type NextStepFunction,
  type Runtime,
  runAgent,
} from "../src/index.ts";

export type RouteStep = { intent: "route"; to: string };

/** `to` is compared with the names of the agents: what a model makes up reaches none. */
export const createRouter = (route: NextStepFunction<[thread: string], RouteStep>) =>
  defineAgent(route, { name: "router", steps: { route: finish(({ to }) => to) } });

/** Who worked on the request and what came of it; `null` if a person must. */
export async function routeRequest<Result>(
  router: ReturnType<typeof createRouter>,
  experts: readonly Agent<AnyStep, Result>[],
  request: string,
  { runtime, id }: { readonly runtime: Runtime; readonly id: string },
): Promise<{ readonly by: string; readonly result: Result } | null> {
  const names = experts.map(({ name }) => name);
  const to = await runAgent(router, { request, agents: names }, { runtime, id: `${id}:route` });
  const expert = experts.find(({ name }) => name === to);
  if (expert === undefined) return null;
  return {
    by: expert.name,
    result: await runAgent(expert, request, { runtime, id: `${id}:${expert.name}` }),
  };
}
