import pg from "pg";

/** What pg-boss needs of a database: statements, and one session that listens. */
export interface BossDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  listen(
    channel: string,
    onNotification: (payload: string) => void,
    onReconnect: () => void,
  ): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

/** How soon, in ms, to try again to listen. */
const LISTEN_AGAIN_MS = 500;

/**
 * Connections that break without harm: whatever a server says while it dies, also after its connection was given up, ends
 * no process. `onError` is told of what nobody else hears.
 */
export function createBossDatabase(
  connectionString: string,
  connections: number,
  onError: (error: unknown) => void,
): BossDatabase {
  const application_name = "twelvefold wakes";
  const pool = new pg.Pool({ connectionString, max: connections, application_name, keepAlive: true });
  pool.on("error", onError);
  // The pool takes its own listener away when it gives a connection up; an error nobody listens to ends the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    executeSql: (text, values) =>
      pool.query<Record<string, unknown>>({ name: nameOf(text, values), text, values: values ?? [] }),
    async listen(channel, onNotification, onReconnect) {
      let closed = false;
      let current: pg.Client | undefined;
      let timer: NodeJS.Timeout | undefined;
      const connect = async (): Promise<void> => {
        const client = new pg.Client({ connectionString, application_name, keepAlive: true });
        let over = false;
        const lose = (error: unknown) => {
          if (over) return;
          over = true;
          client.end().catch(() => {});
          if (closed) return;
          onError(error);
          timer = setTimeout(() => void connect(), LISTEN_AGAIN_MS);
        };
        client.on("error", lose);
        client.on("end", () => lose(new Error("Connection terminated: it listened for wakes")));
        client.on("notification", ({ payload }) => onNotification(payload ?? ""));
        current = client;
        try {
          await client.connect();
          await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
        } catch (error) {
          lose(error);
          return;
        }
        // Wakes may have come meanwhile.
        onReconnect();
      };
      await connect();
      return {
        async close() {
          closed = true;
          clearTimeout(timer);
          await current?.end().catch(() => {});
        },
      };
    },
    close: () => pool.end(),
  };
}

/** Statements that pg-boss repeats, by their texts. */
const names = new Map<string, string>();
const MOST_NAMES = 50;

/**
 * A name for a statement with parameters, so that a connection plans it once: pg-boss sends the same few over and over. A text
 * without parameters may hold values, and is not met again.
 */
export function nameOf(text: string, values: readonly unknown[] | undefined): string | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const known = names.get(text);
  if (known !== undefined || names.size === MOST_NAMES) return known;
  const name = `wakes ${names.size + 1}`;
  names.set(text, name);
  return name;
}
