import type { Child } from "hono/jsx";

interface FilterProps {
  readonly action: string;
  readonly search: string;
  readonly agent: string;
  readonly agents: readonly string[];
  /** What changes while somebody types, as a selector; absent: only what is sent counts. */
  readonly typed?: string | undefined;
  /** Further choices, between the search and the agent. */
  readonly children?: Child;
}

/** Search and agent, as a plain form: it works without a script, and its address can be kept. */
export const FilterForm = ({ action, search, agent, agents, typed, children }: FilterProps) => (
  <search>
    <form class="filter" method="get" action={action}>
      <label class="grow">
        <span class="visually-hidden">Search</span>
        <input
          type="search"
          name="search"
          value={search}
          placeholder="Search what was said and done, people, ids"
          data-search
          {...(typed === undefined ? {} : searchAsTyped(action, typed))}
        />
      </label>
      {children}
      <AgentSelect agents={agents} agent={agent} />
      <button type="submit">Filter</button>
    </form>
  </search>
);

/** Which agent's threads are shown: one, or all. */
export const AgentSelect = ({ agents, agent }: { agents: readonly string[]; agent: string }) => (
  <label>
    <span class="visually-hidden">Agent</span>
    <select name="agent">
      <option value="">All agents</option>
      {agents.map((name) => (
        <option value={name} selected={name === agent}>
          {name}
        </option>
      ))}
    </select>
  </label>
);

/** Looks for what is typed as soon as the person pauses. */
function searchAsTyped(action: string, target: string) {
  return {
    "hx-get": action,
    "hx-include": "closest form",
    "hx-trigger": "input changed delay:300ms",
    "hx-select": target,
    "hx-target": target,
    "hx-swap": "outerMorph",
  };
}
