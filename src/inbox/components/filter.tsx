import type { Child } from "hono/jsx";

interface FilterProps {
  readonly action: string;
  readonly q: string;
  readonly agent: string;
  readonly agents: readonly string[];
  /** Further choices, between the search and the agent. */
  readonly children?: Child;
}

/** Search and agent, as a plain form: it works without a script, and its address can be kept. */
export const FilterForm = ({ action, q, agent, agents, children }: FilterProps) => (
  <search>
    <form class="filter" method="get" action={action}>
      <label class="grow">
        <span class="visually-hidden">Search</span>
        <input type="search" name="q" value={q} placeholder="Search title or id" data-search />
      </label>
      {children}
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
      <button type="submit">Filter</button>
    </form>
  </search>
);
