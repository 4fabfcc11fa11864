// `twelvefold/postgres`: threads in a PostgreSQL database that several machines share.
import type { TwelvefoldError } from "../../base/errors.ts";
import { checkNames } from "../../base/options.ts";
import type { ThreadStore } from "../store.ts";
import { checkPlace, refusePlace } from "./check-place.ts";
import { createDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { rememberPlace } from "./place.ts";
import { postgresStore } from "./store.ts";

export interface PostgresStoreOptions {
  /**
   * The schema that holds the tables, created if it is missing: a name of lower-case letters, digits and `_`. Default
   * `twelvefold`.
   */
  readonly schema?: string | undefined;
  /** The largest number of connections that this process holds. Default 10. */
  readonly connections?: number | undefined;
  /**
   * How long, in ms, a call keeps trying while the server is down, restarting or out of connections, before it fails.
   * Default 30,000.
   */
  readonly patience?: number | undefined;
  /** How long, in ms, one statement may take. A connection that stands still longer counts as lost. Default 30,000. */
  readonly answerWithin?: number | undefined;
  /**
   * Called when a call has waited for the server for a second, with what is wrong; once, until a call is answered again.
   * The call goes on waiting, as long as `patience` allows. May not throw.
   */
  readonly onOutage?: ((error: TwelvefoldError) => void) | undefined;
}

/**
 * Opens the store in a PostgreSQL database (14 or later) and brings its tables up to date. Any number of processes on
 * any number of machines may share it. Needs the package `pg`.
 *
 * A call survives a restart of the server: it is tried again as long as `patience` allows, and what was done is not
 * done twice. Throws `StorageError` if the server cannot be reached or the tables are of a newer version, and
 * `UsageError` for invalid options.
 *
 * @example
 * const store = await openPostgresStore("postgres://user:password@host:5432/database");
 * const runtime = createRuntime({ agents: [calculator], store });
 */
export async function openPostgresStore(
  connectionString: string,
  options: PostgresStoreOptions = {},
): Promise<ThreadStore> {
  const names = {
    schema: true,
    connections: true,
    patience: true,
    answerWithin: true,
    onOutage: true,
  } as const;
  checkNames("openPostgresStore", names, options);
  const { connections = 10, patience = 30_000, answerWithin = 30_000, onOutage } = options;
  const { schema } = checkPlace({ connectionString, schema: options.schema });
  if (!Number.isInteger(connections) || connections < 1 || connections > 1_000) {
    throw refusePlace(`connections is a whole number from 1 to 1000, not ${connections}`);
  }
  if (!Number.isInteger(patience) || patience < 0 || patience > 3_600_000) {
    throw refusePlace(`patience is from 0 to 3,600,000 milliseconds, not ${patience}`);
  }
  if (!Number.isInteger(answerWithin) || answerWithin < 100 || answerWithin > 3_600_000) {
    throw refusePlace(`answerWithin is from 100 to 3,600,000 milliseconds, not ${answerWithin}`);
  }
  const limits = { connectionString, schema, patience, answerWithin };
  // Groups have a connection of their own, where there is more than one: they need not wait for what takes longer.
  const own = connections > 1;
  const database = createDatabase({ ...limits, connections: own ? connections - 1 : 1, onOutage });
  const forGroups = own ? createDatabase({ ...limits, connections: 1, planOnce: true }) : database;
  try {
    await migrate(database, schema);
    const store = postgresStore(database, forGroups);
    rememberPlace(store, { connectionString, schema });
    return store;
  } catch (error) {
    await Promise.all([database.close(), forGroups.close()]);
    throw error;
  }
}
