import type { ThreadStore } from "../store.ts";

/** Where a store keeps its threads. */
export interface PostgresPlace {
  /** May hold a password. */
  readonly connectionString: string;
  readonly schema: string;
}

const places = new WeakMap<ThreadStore, PostgresPlace>();

export function rememberPlace(store: ThreadStore, place: PostgresPlace): void {
  places.set(store, place);
}

/** Where the store keeps its threads; `undefined` for a store that is not in PostgreSQL. Do not show it to anybody. */
export function placeOf(store: ThreadStore): PostgresPlace | undefined {
  return places.get(store);
}
