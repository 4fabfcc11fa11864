import { StorageError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { EventDeclaration } from "./declare-event.ts";
import { EVENTS } from "./events.ts";

/** What a version of this package knows about stored events. */
export type EventCatalogue = Readonly<Record<string, EventDeclaration>>;

/**
 * The data of a stored event in the current shape. Throws `StorageError` (`storage_corrupt`) for a type or version
 * that this version of the package does not know, naming both.
 */
export function upcast(
  type: string,
  v: number,
  data: Json,
  catalogue: EventCatalogue = EVENTS,
): { readonly v: number; readonly data: JsonObject } {
  const declaration = Object.hasOwn(catalogue, type) ? catalogue[type] : undefined;
  if (declaration === undefined) throw corrupt(type, v, `the event type ${type} (version ${v}) is not known`);
  const { version, upcasts } = declaration;
  if (!Number.isInteger(v) || v < 1 || v > version) {
    throw corrupt(type, v, `version ${v} of the event type ${type} is not known; the newest is ${version}`);
  }
  if (!isJsonObject(data)) throw corrupt(type, v, `the data of a ${type} event must be an object`);
  return { v: version, data: upcasts.slice(v - 1).reduce((shape, step) => step(shape), data) };
}

function corrupt(type: string, v: number, what: string): StorageError {
  return new StorageError("storage_corrupt", `${what}: a newer version wrote it, or the store is damaged`, {
    details: { type, v },
  });
}
