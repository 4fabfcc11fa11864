export type { ChatMessage, ChatRequest, Completion, Problem } from "./chat-protocol.ts";
export { FAULTS, type Fault } from "./faults.ts";
export { type FaultyModel, type FaultyOptions, startFaultyModel } from "./faulty-model.ts";
export type { ListenOptions, ModelServer } from "./model-server.ts";
export type { AnswerOptions } from "./offline/answer.ts";
export {
  OFFLINE_MODEL_NAME,
  OFFLINE_MODEL_TITLE,
  type OfflineModel,
  startOfflineModel,
} from "./offline/offline-model.ts";
export type { RecordedCall, RecordedRequest, RecordedResponse } from "./recording.ts";
export { type RecordingOptions, startRecordingModel } from "./recording-model.ts";
export { type ReplayingModel, type ReplayingOptions, startReplayingModel } from "./replaying-model.ts";
export { type ScriptedAnswer, type ScriptedModel, startScriptedModel } from "./scripted-model.ts";
