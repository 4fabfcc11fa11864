/** How much one model client is asked, by all processes that share the store together. */
export interface CallLimit {
  /** Calls a minute; evened out over the minute, after a first burst. */
  readonly requestsPerMinute?: number | undefined;
  /** Tokens a minute, in and out. A call counts as much as the calls before it took, until its own count is known. */
  readonly tokensPerMinute?: number | undefined;
  /** Calls at the same time. */
  readonly concurrency?: number | undefined;
}

/** How much a client is asked at a moment, as all processes share it. Plain data. */
export interface Levels {
  /** When the levels were as they say, in ms since the epoch. */
  at: number;
  /** How many calls, and tokens, may be begun now. */
  requests: number;
  tokens: number;
  /** Tokens that a call takes, as the last ones did. */
  average: number;
  /** When the count of `served` began, and how many calls of each agent have begun since. */
  since: number;
  served: Record<string, number>;
  /** Calls under way: by id, whose, and until when they count without a sign of life. */
  running: Record<string, readonly [agent: string, until: number]>;
  /** How many calls of each agent wait in each process, and until when that counts. */
  waiting: Record<string, Record<string, readonly [calls: number, until: number]>>;
}

const MINUTE_MS = 60_000;
const FIRST_GUESS = 1_000;

/** The levels at a time: what was kept, with what has come in since, and without what counts no longer. */
export function readLevels(text: string | undefined, limit: CallLimit, now: number): Levels {
  const {
    requestsPerMinute: requests = Number.MAX_SAFE_INTEGER,
    tokensPerMinute: tokens = Number.MAX_SAFE_INTEGER,
  } = limit;
  const kept = text === undefined ? undefined : parse(text);
  // A time ahead was written before a clock was set back.
  if (kept === undefined || kept.at > now + MINUTE_MS) {
    const first = { requests: Math.max(1, requests), tokens, average: Math.min(FIRST_GUESS, tokens) };
    return { at: now, ...first, since: now, served: {}, running: {}, waiting: {} };
  }
  const passed = Math.max(0, now - kept.at) / MINUTE_MS;
  const isOver = now - kept.since >= MINUTE_MS;
  return {
    at: Math.max(now, kept.at),
    requests: Math.min(Math.max(1, requests), kept.requests + passed * requests),
    tokens: Math.min(tokens, kept.tokens + passed * tokens),
    average: kept.average,
    since: isOver ? now : kept.since,
    served: isOver ? {} : kept.served,
    running: Object.fromEntries(Object.entries(kept.running).filter(([, [, until]]) => until > now)),
    waiting: Object.fromEntries(
      Object.entries(kept.waiting).flatMap(([agent, processes]) => {
        const left = Object.entries(processes).filter(([, [calls, until]]) => calls > 0 && until > now);
        return left.length === 0 ? [] : [[agent, Object.fromEntries(left)]];
      }),
    ),
  };
}

/** What is not as it was written counts as nothing: the limits begin anew. */
function parse(text: string): Levels | undefined {
  try {
    const found: Levels = JSON.parse(text);
    const numbers = [found.at, found.requests, found.tokens, found.average, found.since];
    const records = [found.served, found.running, found.waiting];
    const fits =
      numbers.every(Number.isFinite) && records.every((one) => typeof one === "object" && one !== null);
    return fits ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one more call may begin. A call that takes more tokens than there can ever be begins when there are as many as there can be. */
export function hasRoom({ requests, tokens, average, running }: Levels, limit: CallLimit): boolean {
  const { tokensPerMinute = Number.MAX_SAFE_INTEGER, concurrency = Number.MAX_SAFE_INTEGER } = limit;
  return (
    Object.keys(running).length < concurrency &&
    requests >= 1 - 1e-9 &&
    tokens >= Math.min(average, tokensPerMinute) - 1e-9
  );
}

/** How long, in ms, until there may be room again without a call's end; infinite if only that helps. */
export function roomAfter({ requests, tokens, average }: Levels, limit: CallLimit): number {
  const { requestsPerMinute, tokensPerMinute } = limit;
  const forRequests = requestsPerMinute === undefined ? 0 : (1 - requests) / requestsPerMinute;
  const wanted = Math.min(average, tokensPerMinute ?? average);
  const forTokens = tokensPerMinute === undefined ? 0 : (wanted - tokens) / tokensPerMinute;
  const wait = Math.max(forRequests, forTokens) * MINUTE_MS;
  return wait > 0 ? wait : Number.POSITIVE_INFINITY;
}

/** How a client stands, over all processes. */
export interface ClientPressure {
  readonly client: string;
  /** Calls under way. */
  readonly running: number;
  /** Calls that wait for their turn, by agent. */
  readonly waiting: Readonly<Record<string, number>>;
}

export function pressureIn(client: string, { running, waiting }: Levels): ClientPressure {
  const sums = Object.entries(waiting).map(([agent, processes]) => {
    const calls = Object.values(processes).reduce((all, [one]) => all + one, 0);
    return [agent, calls] as const;
  });
  return { client, running: Object.keys(running).length, waiting: Object.fromEntries(sums) };
}
