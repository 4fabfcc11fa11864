import type { Client } from "@modelcontextprotocol/client";
import { digestOf } from "../../base/digest.ts";
import { isJsonObject, type JsonObject, toJson } from "../../base/json.ts";

/** A tool of a server, as the server describes it now. */
export interface RemoteTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** What the server says of itself: that calling the tool changes nothing. */
  readonly readOnlyHint: boolean;
  /** Changes whenever the server describes the tool differently. */
  readonly digest: string;
  /** Whether it was described differently when it was first seen. */
  readonly changed?: boolean | undefined;
}

const MAX_PAGES = 50;
const MAX_TOOLS = 500;

/** All tools of the server, in the order of their names. Throws if the server lists no end of them. */
export async function listTools(
  client: Client,
  options: { readonly signal?: AbortSignal; readonly timeout: number },
): Promise<readonly RemoteTool[]> {
  const tools: RemoteTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const listed = await client.listTools(cursor === undefined ? {} : { cursor }, options);
    for (const { name, description = "", inputSchema, annotations } of listed.tools) {
      const schema = toJson(inputSchema);
      if (!isJsonObject(schema)) continue;
      const readOnlyHint = annotations?.readOnlyHint === true;
      const digest = digestOf({ name, description, inputSchema: schema, readOnlyHint }).slice(0, 32);
      tools.push({ name, description, inputSchema: schema, readOnlyHint, digest });
    }
    cursor = listed.nextCursor;
    if (tools.length > MAX_TOOLS) break;
    if (cursor === undefined || cursor === "")
      return tools.sort((one, other) => (one.name < other.name ? -1 : 1));
  }
  throw new Error(`the server lists more than ${MAX_TOOLS} tools, or ${MAX_PAGES} pages of them`);
}
