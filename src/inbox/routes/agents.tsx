import { type Context, Hono } from "hono";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { AgentPage, AgentsPage } from "../pages/agents.tsx";
import { accessOf, frameOf, onceOf, type Pages, pathsOf, show, viewerOf } from "./page.tsx";
import { actingForm } from "./threads.tsx";

/** The agents, their prompts, and the form that launches them. */
export function agentRoutes(pages: Pages): Hono {
  const { runtime } = pages.deps;
  return new Hono()
    .get("/inbox/agents", async (c) =>
      show(pages, c, <AgentsPage frame={await frameOf(pages, c)} agents={[...runtime.agents.values()]} />),
    )
    .get("/inbox/agents/:name", (c) => showAgent(pages, c, {}))
    .post("/inbox/agents/:name/launch", async (c) => {
      const form = await actingForm(pages, c);
      const { message = "" } = form;
      const agent = c.req.param("name");
      try {
        const text = message.replaceAll("\r\n", "\n");
        const once = onceOf(pages, c, form, text);
        const { threadId } = await runtime.launch({
          agent,
          once,
          input: { message: text, from: viewerOf(pages, c) },
        });
        return c.redirect(pathsOf(pages, c).thread(threadId), 303);
      } catch (error) {
        if (error instanceof UsageError && error.code === "invalid_argument") {
          return showAgent(pages, c, { problem: error.message, typed: message });
        }
        throw error;
      }
    });
}

async function showAgent(pages: Pages, c: Context, form: { problem?: string; typed?: string }) {
  const name = c.req.param("name") ?? "";
  const agent = pages.deps.runtime.agents.get(name);
  if (agent === undefined) throw new NotFoundError(`there is no agent ${name.slice(0, 100)}`);
  const page = (
    <AgentPage
      frame={await frameOf(pages, c)}
      agent={agent}
      source={pages.deps.promptSource?.(agent.nextStep.name) ?? null}
      mayLaunch={accessOf(pages, c).launch}
      {...form}
    />
  );
  return show(pages, c, page, form.problem === undefined ? 200 : 422);
}
