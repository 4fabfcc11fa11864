export type { ListenOptions, ModelServer } from "./model-server.ts";
export {
  OFFLINE_MODEL_NAME,
  OFFLINE_MODEL_TITLE,
  startOfflineModel,
} from "./offline/offline-model.ts";
