import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { Values } from "../../store/store.ts";
import { type CallLimit, hasRoom, type Levels, readLevels, roomAfter } from "./levels.ts";

/** A model call that has to wait for its turn. */
export interface HeldBack {
  readonly threadId: ThreadId;
  readonly agent: string;
  readonly client: string;
}

export interface GateOptions {
  readonly store: Values;
  readonly clock: Clock;
  /** Names this process; unique. */
  readonly owner: string;
  /** Called when a call has to wait. May not throw. */
  readonly onHeldBack: (held: HeldBack) => void;
  /** Told of failures of the store; the call then begins all the same. May not throw. */
  readonly onProblem: (error: unknown) => void;
}

interface Waiter {
  readonly threadId: ThreadId;
  readonly agent: string;
  readonly begin: (end: (tokens: number | undefined) => void) => void;
  told: boolean;
}

export interface Gate {
  admit(call: {
    readonly threadId: ThreadId;
    readonly agent: string;
    readonly signal: AbortSignal | undefined;
  }): Promise<(tokens: number | undefined) => void>;
}

/** How long, in ms, a call counts without a sign of life from its process. */
const ALIVE_MS = 60_000;
/** The same for calls that wait. */
const WAITING_MS = 3_000;
/** How often, in ms, to look whether a call elsewhere has ended. */
const LOOK_MS = 200;
const KEPT_MS = 86_400_000;

/** One client, as this process asks it. One loop at a time talks to the store, for all calls that wait here. */
export function createGate(client: string, limit: CallLimit, options: GateOptions): Gate {
  const { store, clock, owner, onHeldBack, onProblem } = options;
  const key = valueKey(client);
  const waiters: Waiter[] = [];
  const under = new Map<string, string>();
  let pumping = false;
  let renewing = false;
  /** Aborted when nothing is under way any more: nothing is left to renew, and the process may end. */
  let resting = new AbortController();
  let changed = Promise.withResolvers<void>();

  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    try {
      while (waiters.length > 0) {
        changed = Promise.withResolvers<void>();
        const { begun, levels } = await update(store, key, (text) => {
          const now = readLevels(text, limit, clock.now());
          const granted = grant(now);
          return { levels: now, begun: granted };
        });
        for (const { id, waiter } of begun) {
          waiters.splice(waiters.indexOf(waiter), 1);
          under.set(id, waiter.agent);
          waiter.begin((tokens) => void end(id, tokens));
        }
        if (begun.length > 0) void renew();
        if (waiters.length === 0) break;
        for (const waiter of waiters.filter(({ told }) => !told)) {
          waiter.told = true;
          onHeldBack({ threadId: waiter.threadId, agent: waiter.agent, client });
        }
        const wait = Math.max(1, Math.min(LOOK_MS, Math.ceil(roomAfter(levels, limit))));
        const over = new AbortController();
        await Promise.race([changed.promise, clock.sleep(wait, over.signal).catch(() => {})]);
        over.abort();
      }
    } catch (error) {
      // Limits are a courtesy to the provider: without the store nobody is held back.
      onProblem(error);
      for (const waiter of waiters.splice(0)) waiter.begin(() => {});
    } finally {
      pumping = false;
    }
  };

  /** Lets calls begin while there is room, those of the agent that was served least first; says who still waits here. */
  const grant = (levels: Levels) => {
    const begun: { readonly id: string; readonly waiter: Waiter }[] = [];
    const left = [...waiters];
    const servedOf = (agent: string) => levels.served[agent] ?? 0;
    const elsewhere = Object.entries(levels.waiting).flatMap(([agent, processes]) =>
      Object.keys(processes).some((name) => name !== owner) ? [agent] : [],
    );
    const byTurn = (a: Waiter, b: Waiter) => servedOf(a.agent) - servedOf(b.agent);
    while (left.length > 0 && hasRoom(levels, limit)) {
      const [waiter] = left.toSorted(byTurn);
      if (waiter === undefined || elsewhere.some((agent) => servedOf(agent) < servedOf(waiter.agent))) break;
      left.splice(left.indexOf(waiter), 1);
      const id = randomUUID();
      begun.push({ id, waiter });
      levels.requests -= 1;
      levels.tokens -= levels.average;
      levels.served[waiter.agent] = servedOf(waiter.agent) + 1;
      levels.running[id] = [waiter.agent, levels.at + ALIVE_MS];
    }
    for (const processes of Object.values(levels.waiting)) delete processes[owner];
    for (const { agent } of left) {
      const processes = levels.waiting[agent] ?? {};
      levels.waiting[agent] = processes;
      processes[owner] = [(processes[owner]?.[0] ?? 0) + 1, levels.at + WAITING_MS];
    }
    return begun;
  };

  const end = async (id: string, tokens: number | undefined): Promise<void> => {
    if (!under.delete(id)) return;
    if (under.size === 0) resting.abort();
    try {
      await update(store, key, (text) => {
        const levels = readLevels(text, limit, clock.now());
        delete levels.running[id];
        if (tokens !== undefined) {
          levels.tokens -= tokens - levels.average;
          levels.average = Math.max(1, levels.average * 0.8 + tokens * 0.2);
        }
        return { levels };
      });
    } catch (error) {
      onProblem(error);
    }
    changed.resolve();
    void pump();
  };

  /** Tells the others, while calls are under way here, that they still are. */
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    try {
      while (under.size > 0) {
        resting = new AbortController();
        await clock.sleep(ALIVE_MS / 3, resting.signal).catch(() => {});
        if (resting.signal.aborted) continue;
        await update(store, key, (text) => {
          const levels = readLevels(text, limit, clock.now());
          for (const [id, agent] of under) levels.running[id] = [agent, levels.at + ALIVE_MS];
          return { levels };
        });
      }
    } catch (error) {
      onProblem(error);
    } finally {
      renewing = false;
    }
  };

  return {
    admit({ threadId, agent, signal }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          const index = waiters.indexOf(waiter);
          if (index >= 0) waiters.splice(index, 1);
          reject(signal?.reason);
        };
        const waiter: Waiter = {
          threadId,
          agent,
          told: false,
          begin(finish) {
            signal?.removeEventListener("abort", onAbort);
            if (signal?.aborted) finish(undefined);
            else resolve(finish);
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        waiters.push(waiter);
        changed.resolve();
        void pump();
      });
    },
  };

  /** Reads, changes and writes the levels until no other process is first. */
  async function update<T extends { readonly levels: Levels }>(
    values: Values,
    name: string,
    change: (text: string | undefined) => T,
  ): Promise<T> {
    for (;;) {
      const text = await values.getValue(name);
      const made = change(text);
      const expiresAt = clock.now() + KEPT_MS;
      if (await values.setValue(name, JSON.stringify(made.levels), text, { expiresAt })) return made;
    }
  }
}

/** Where the levels of a client are kept. */
export function valueKey(client: string): string {
  return `limit ${client}`;
}
