export type { CallId, ThreadId } from "../base/ids.ts";
export type { Json, JsonObject } from "../base/json.ts";
export type { EventData, EventOf, EventType } from "../thread/events.ts";
export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type RequestOf,
  type WatchOptions,
} from "./client.ts";
export type * from "./operations.ts";
