import { ForbiddenError } from "../base/errors.ts";
import { atOnce } from "../base/hooks.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import { type HumanRequest, mayDecide } from "../humans/request.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What a caller can be allowed: the scopes of the server's keys. */
export type ProtocolScope = "launch" | "read" | "respond";

/** Who calls, as the server or the process knows them. Nothing that a body says changes it. */
export interface ProtocolCaller {
  readonly principal: VerifiedPrincipal;
  may(scope: ProtocolScope): boolean;
  /** Whether the credentials of an open request would still be accepted. Default: they are not asked again. */
  readonly stillValid?: (() => Promise<boolean>) | undefined;
  /** Further limits on which requests to people this caller may answer. Default: none. */
  readonly mayAnswer?: ((request: HumanRequest) => boolean) | undefined;
}

/** One call of a protocol over HTTP, by a caller whom the server has verified. */
export interface ProtocolRequest {
  readonly request: Request;
  /** The body as JSON, read within the server's limits; `undefined` if there is none. */
  readonly body: unknown;
  /** The parts of the path that the protocol's pattern names. */
  readonly params: Readonly<Record<string, string>>;
  readonly caller: ProtocolCaller;
}

/** A protocol that the server speaks beside its own API. Its routes are known callers' only. */
export interface Protocol {
  readonly name: string;
  readonly routes: readonly {
    readonly method: "get" | "post" | "delete";
    /** A path, with `:names` for its parts. */
    readonly path: string;
    /** Rejects with the package's errors, which the server answers as in its own API. */
    readonly handle: (call: ProtocolRequest) => Promise<Response>;
  }[];
}

/** Throws `ForbiddenError` for a caller who lacks this scope. */
export function requireMay(caller: ProtocolCaller, scope: ProtocolScope): void {
  if (atOnce("`may`", caller.may(scope))) return;
  throw new ForbiddenError(`this needs the scope ${scope}`, { needed: [scope] });
}

/** Whether this caller may decide on the request: by scope, by policy, and by the limits of the protocol. */
export function mayAnswer(request: HumanRequest, caller: ProtocolCaller, { people }: Runtime): boolean {
  return (
    atOnce("`may`", caller.may("respond")) &&
    (caller.mayAnswer === undefined || atOnce("`mayAnswer`", caller.mayAnswer(request))) &&
    mayDecide(request, caller.principal, people)
  );
}
