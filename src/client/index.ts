export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type RequestOf,
  type WatchOptions,
} from "./client.ts";
export type * from "./operations.ts";
