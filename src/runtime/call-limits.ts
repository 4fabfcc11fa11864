import { type Check, fields, numberFrom, optional, record } from "../base/checks.ts";
import type { ThreadId } from "../base/ids.ts";
import { count } from "../base/options.ts";
import type { Admit } from "../prompts/types.ts";
import { keepNames, readNames } from "./call-limits/client-names.ts";
import { createGate, type Gate, type GateOptions, valueKey } from "./call-limits/gate.ts";
import { type CallLimit, type ClientPressure, pressureIn, readLevels } from "./call-limits/levels.ts";

export type { CallLimit, ClientPressure };

/** By the client's name, as events show it (`openai/gpt-5-mini`); `"*"`: each client without an entry of its own. */
export type CallLimits = Readonly<Record<string, CallLimit>>;

export const CALL_LIMITS: Check = record(
  fields({
    requestsPerMinute: optional(numberFrom(0.001, 1e9)),
    tokensPerMinute: optional(numberFrom(1, 1e12)),
    concurrency: optional(count),
  }),
);

export interface CallLimiterOptions extends GateOptions {
  readonly limits: CallLimits;
}

export interface CallLimiter {
  /** Lets the calls of a thread begin; `undefined` where nothing is limited. */
  admitFor(threadId: ThreadId, agent: string): Admit | undefined;
  /** How the clients that have been asked stand, over all processes. */
  pressure(): Promise<readonly ClientPressure[]>;
}

/**
 * Holds model calls back until a client may be asked. Nothing is refused: a call waits, however long, until it is aborted.
 * Agents take turns: of those that wait, in whatever process, the one that was served least in this minute goes first.
 */
export function createCallLimiter(options: CallLimiterOptions): CallLimiter {
  const { limits, store, clock } = options;
  const gates = new Map<string, Gate>();
  const limitOf = (client: string) => (Object.hasOwn(limits, client) ? limits[client] : limits["*"]);
  const gateOf = (client: string): Gate | undefined => {
    const limit = limitOf(client);
    if (limit === undefined) return undefined;
    const known = gates.get(client);
    if (known !== undefined) return known;
    const gate = createGate(client, limit, options);
    gates.set(client, gate);
    // Whoever looks from another process knows the clients with an entry of their own, and the others by this.
    if (!Object.hasOwn(limits, client)) keepNames([...gates.keys()], options).catch(options.onProblem);
    return gate;
  };
  return {
    admitFor(threadId, agent) {
      if (Object.keys(limits).length === 0) return undefined;
      return (client, signal) =>
        gateOf(client)?.admit({ threadId, agent, signal }) ?? Promise.resolve(() => {});
    },
    async pressure() {
      const others = limits["*"] === undefined ? [] : await readNames(store);
      const clients = new Set(
        [...gates.keys(), ...Object.keys(limits), ...others].filter((name) => name !== "*"),
      );
      const known = await Promise.all(
        [...clients].map(async (client) => {
          const limit = limitOf(client);
          const text = limit && (await store.getValue(valueKey(client)));
          return limit === undefined || text === undefined
            ? []
            : [pressureIn(client, readLevels(text, limit, clock.now()))];
        }),
      );
      return known.flat();
    },
  };
}
