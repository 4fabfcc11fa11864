import {
  dropUndefined,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapFields,
} from "../../base/json.ts";
import type { EventData, Step } from "../../thread/events.ts";
import type { ContextBlock } from "./block.ts";
import { type EarlierEvents, personName } from "./view.ts";

const TAG = "human_response";

/**
 * What a person's decision tells the model. A plain approval tells it nothing: the result follows. An answer is the
 * person's own text. A denial names what was denied; an edit says what was proposed, who changed it and what runs.
 */
export function humanResponseBlocks(
  { request, callId, decision, by }: EventData["human_responded"],
  earlier: EarlierEvents,
  resultBlock: (step: Step | undefined, result: Json) => ContextBlock,
): readonly ContextBlock[] {
  const asked = earlier.requestAt(request);
  const step = callId === undefined ? undefined : earlier.stepOf(callId);
  switch (decision.kind) {
    case "answered":
      return [{ tag: TAG, body: decision.text }];
    case "denied": {
      const denied = step?.intent ?? asked?.question;
      const { feedback } = decision;
      const body = dropUndefined({ denied, feedback: feedback.trim() === "" ? undefined : feedback });
      return [{ tag: TAG, body: Object.keys(body).length === 0 ? "denied" : body }];
    }
    case "approved":
      if (decision.editedStep === undefined) return [];
      return [{ tag: TAG, body: editBody(step, decision.editedStep, personName(by)) }];
    case "happened":
      return [resultBlock(step, decision.result)];
    case "did_not_happen":
      return [];
    default:
      return decision satisfies never;
  }
}

function editBody(proposed: Step | undefined, executed: Step, editor: string): Json {
  return {
    decision: "approved with changes",
    ...(proposed === undefined ? {} : { proposed: withoutIntent(proposed) }),
    changed_by: editor,
    executed: withoutIntent(executed),
  };
}

function withoutIntent({ intent: _, ...fields }: Step): Json {
  return withoutAbsent(fields);
}

/** The fields of a step that are there, at any depth: an optional one that was left out comes from the parser as `null`. */
export function withoutAbsent(fields: JsonObject): JsonObject {
  return mapFields(fields, (value) => (value === null ? undefined : presentIn(value)));
}

function presentIn(value: Json): Json {
  if (isJsonArray(value)) return value.map(presentIn);
  return isJsonObject(value) ? withoutAbsent(value) : value;
}
