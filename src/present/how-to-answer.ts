import { requestIdOf } from "../base/ids.ts";
import type { People } from "../humans/people.ts";
import type { PendingQuestion, PendingRequest } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { describeWay } from "./describe-way.ts";
import { visibleValue } from "./visible-text.ts";
import { approversInWords } from "./who-decides.ts";

/** The exact commands that answer a request, and what each one does. `people` gives those who may answer their names. */
export function howToAnswer(thread: ThreadHead, request: PendingRequest, people: People = {}): string[] {
  const id = requestIdOf(thread.id, request.seq);
  const way = describeWay(thread.state.parent?.path ?? [], thread.state.agent);
  const waits = `thread ${thread.id}${way === "" ? "" : ` (${way})`} waits for a person`;
  if (request.type === "approval") {
    return [
      `${waits} (${request.card.intent})`,
      `approve: npx twelvefold approve ${id}`,
      `deny:    npx twelvefold deny ${id} "why not"`,
      ...Object.entries(request.card.rejectOptions ?? {}).map(
        ([name, words]) => `         npx twelvefold deny ${id} --option ${name}   (${visibleValue(words)})`,
      ),
    ];
  }
  switch (request.kind) {
    case "question":
      return [waits, ...mayAnswer(request, people), `answer: npx twelvefold answer ${id} "your answer"`];
    case "escalation":
    case "budget":
    case "provider":
      return [
        waits,
        `go on:      npx twelvefold approve ${id}`,
        `guide it:   npx twelvefold answer ${id} "your guidance"`,
        `stop:       npx twelvefold deny ${id} "why"`,
      ];
    case "unknown_outcome":
      return [
        waits,
        `it happened:       npx twelvefold answer ${id} --happened '"its result as JSON"'`,
        `it did not happen: npx twelvefold answer ${id} --did-not-happen   (runs it)`,
        `give up:           npx twelvefold deny ${id} "why"`,
      ];
    case "version":
      return [
        waits,
        `go on with the new version: npx twelvefold approve ${id}`,
        `stop:                       npx twelvefold deny ${id} "why"`,
      ];
    default:
      return request.kind satisfies never;
  }
}

function mayAnswer({ to }: PendingQuestion, people: People): string[] {
  return to === undefined ? [] : [`may answer: ${approversInWords(to, people)}`];
}
