import type { RequestId, ThreadId } from "../base/ids.ts";

/** Every address of the inbox in one place. Parts that come from data are percent-encoded. */
export const paths = {
  inbox: "/inbox",
  threads: "/inbox/threads",
  agents: "/inbox/agents",
  theme: "/inbox/theme",
  request: (id: RequestId) => `/inbox/requests/${encodeURIComponent(id)}`,
  editRequest: (id: RequestId) => `/inbox/requests/${encodeURIComponent(id)}?edit=1`,
  thread: (id: ThreadId) => `/inbox/threads/${encodeURIComponent(id)}`,
  threadAction: (id: ThreadId, action: "message" | "pause" | "resume" | "cancel" | "fork") =>
    `/inbox/threads/${encodeURIComponent(id)}/${action}`,
  stream: (id: ThreadId, after: number) => `/inbox/threads/${encodeURIComponent(id)}/stream?after=${after}`,
  step: (id: ThreadId, seq: number) => `/inbox/threads/${encodeURIComponent(id)}/steps/${seq}`,
  agent: (name: string) => `/inbox/agents/${encodeURIComponent(name)}`,
  launch: (name: string) => `/inbox/agents/${encodeURIComponent(name)}/launch`,
  asset: (file: string) => `/inbox/assets/${file}`,
} as const;

/** A path with a query; empty values are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(key, value);
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}
