import { StorageError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { EVENT_VERSIONS, type EventType } from "./events.ts";

/** Brings the data of one version to the next one. Pure; must accept everything that version ever wrote. */
export type Upcast = (data: JsonObject) => JsonObject;

/** For each event type, by the version it starts from. Complete from version 1 up to the current one. */
export type Upcasts = { readonly [T in EventType]?: Readonly<Record<number, Upcast>> };

/** Every type is at its first version, so there is nothing to bring up yet. */
export const UPCASTS: Upcasts = {};

/** What a version of this package knows about stored events. */
export interface EventCatalogue {
  readonly versions: Readonly<Record<string, number>>;
  readonly upcasts: Readonly<Record<string, Readonly<Record<number, Upcast>> | undefined>>;
}

export const CURRENT_EVENTS: EventCatalogue = { versions: EVENT_VERSIONS, upcasts: UPCASTS };

/**
 * The data of a stored event in the current shape. Throws `StorageError` (`storage_corrupt`) for a type or version
 * that this version of the package does not know, naming both.
 */
export function upcast(
  type: string,
  v: number,
  data: Json,
  catalogue: EventCatalogue = CURRENT_EVENTS,
): { readonly v: number; readonly data: JsonObject } {
  const current = Object.hasOwn(catalogue.versions, type) ? catalogue.versions[type] : undefined;
  if (current === undefined) throw corrupt(type, v, `the event type ${type} (version ${v}) is not known`);
  if (!Number.isInteger(v) || v < 1 || v > current) {
    throw corrupt(type, v, `version ${v} of the event type ${type} is not known; the newest is ${current}`);
  }
  if (!isJsonObject(data)) throw corrupt(type, v, `the data of a ${type} event must be an object`);
  let shape = data;
  for (let from = v; from < current; from++) {
    const step = catalogue.upcasts[type]?.[from];
    if (step === undefined)
      throw corrupt(type, v, `nothing brings ${type} from version ${from} to ${from + 1}`);
    shape = step(shape);
  }
  return { v: current, data: shape };
}

function corrupt(type: string, v: number, what: string): StorageError {
  return new StorageError("storage_corrupt", `${what}: a newer version wrote it, or the store is damaged`, {
    details: { type, v },
  });
}
