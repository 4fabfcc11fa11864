import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { digestOf, sha256 } from "../../base/digest.ts";
import { parseRequestId, type RequestId, requestIdOf } from "../../base/ids.ts";
import { toJson } from "../../base/json.ts";
import { principalKey } from "../../humans/principal.ts";
import type { HumanRequest } from "../../humans/request.ts";
import type { ThreadStore } from "../../store/store.ts";
import type { Principal } from "../../thread/events.ts";

/** The call that a state belongs to: another caller, tool or other arguments have no use for it. */
export interface StatedCall {
  readonly caller: Principal;
  readonly tool: string;
  readonly arguments: unknown;
}

/** What a client was asked, as the store remembers it. */
export interface Stated {
  readonly requestId: RequestId;
  /** The version of the card that was shown; `null` for a request without one. */
  readonly digest: string | null;
}

const stored = z.object({
  call: z.string(),
  requestId: z.string(),
  digest: z.string().nullable(),
  until: z.number(),
});

/** How long a client may take to answer. */
const KEPT_MS = 24 * 3_600_000;
const USED = "used";

/**
 * Keeps what a client was asked, under a random name that it sends back. The name alone tells nothing, and is good once, for
 * the same caller with the same call.
 */
export async function keepState(
  request: HumanRequest,
  call: StatedCall,
  { store, clock }: { readonly store: ThreadStore; readonly clock: Clock },
): Promise<string> {
  const name = randomBytes(24).toString("base64url");
  const { id: requestId, digest, threadId } = request;
  const until = clock.now() + KEPT_MS;
  const value = JSON.stringify({ call: digestOfCall(call), requestId, digest, until });
  await store.setValue(keyOf(name), value, undefined, { expiresAt: until, about: threadId });
  return name;
}

/** Uses up a state. `undefined` if it is not known, expired, used, or belongs to another call. */
export async function takeState(
  name: string,
  call: StatedCall,
  { store, clock }: { readonly store: ThreadStore; readonly clock: Clock },
): Promise<Stated | undefined> {
  const key = keyOf(name);
  const value = await store.getValue(key);
  if (value === undefined || value === USED) return undefined;
  const { requestId, digest, until, ...kept } = stored.parse(JSON.parse(value));
  const parsed = parseRequestId(requestId);
  if (parsed === undefined || until <= clock.now() || kept.call !== digestOfCall(call)) return undefined;
  if (!(await store.setValue(key, USED, value, { expiresAt: until, about: parsed.threadId })))
    return undefined;
  return { requestId: requestIdOf(parsed.threadId, parsed.seq), digest };
}

function keyOf(name: string): string {
  return `mcp:${sha256(name)}`;
}

function digestOfCall({ caller, tool, arguments: given }: StatedCall): string {
  return digestOf([principalKey(caller), tool, toJson(given)]);
}
