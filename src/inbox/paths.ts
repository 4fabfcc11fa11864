import { createContext, useContext } from "hono/jsx";
import type { RequestId, ThreadId } from "../base/ids.ts";

/**
 * Every address of the inbox in one place. Parts that come from data are percent-encoded.
 *
 * @param base gives the path that the inbox is mounted under, such as `/agents`; `""`: none.
 */
function pathsUnder(base: () => string) {
  return {
    get inbox() {
      return `${base()}/inbox`;
    },
    get threads() {
      return `${base()}/inbox/threads`;
    },
    get agents() {
      return `${base()}/inbox/agents`;
    },
    get figures() {
      return `${base()}/inbox/figures`;
    },
    get theme() {
      return `${base()}/inbox/theme`;
    },
    request: (id: RequestId) => `${base()}/inbox/requests/${encodeURIComponent(id)}`,
    editRequest: (id: RequestId) => `${base()}/inbox/requests/${encodeURIComponent(id)}?edit=1`,
    thread: (id: ThreadId) => `${base()}/inbox/threads/${encodeURIComponent(id)}`,
    threadAction: (
      id: ThreadId,
      action: "reveal" | "message" | "pause" | "resume" | "cancel" | "fork" | "leave-out",
    ) => `${base()}/inbox/threads/${encodeURIComponent(id)}/${action}`,
    stream: (id: ThreadId) => `${base()}/inbox/threads/${encodeURIComponent(id)}/stream`,
    inline: (id: ThreadId) => `${base()}/inbox/threads/${encodeURIComponent(id)}/inline`,
    step: (id: ThreadId, seq: number) => `${base()}/inbox/threads/${encodeURIComponent(id)}/steps/${seq}`,
    agent: (name: string) => `${base()}/inbox/agents/${encodeURIComponent(name)}`,
    launch: (name: string) => `${base()}/inbox/agents/${encodeURIComponent(name)}/launch`,
    asset: (file: string) => `${base()}/inbox/assets/${file}`,
  } as const;
}

/** The path that the page being rendered is mounted under. */
export const BasePath = createContext<string | undefined>(undefined);

/** The addresses in a page. Throws outside one: a route goes by `pathsFor`. */
export const paths = pathsUnder(() => {
  const base = useContext(BasePath);
  if (base === undefined) throw new Error("an address of the inbox is asked for outside a page");
  return base;
});

/** The addresses in redirects and cookies. */
export const pathsFor = (base: string) => pathsUnder(() => base);

/** A path with a query; empty values are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(key, value);
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}
