import { isJsonArray, isJsonObject } from "../../../base/json.ts";
import type { Block } from "../blocks.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";
import { done, type Player } from "./player.ts";

/** Plays deploybot's rollback agent: lists the releases, switches to the latest earlier one that was healthy, finishes. */
function move(blocks: readonly Block[], turns: readonly Turn[]): Move {
  const last = turns.at(-1);
  if (last?.kind === "failed" || last?.kind === "refused")
    return { kind: "ask", text: `That did not work: ${last.text.slice(0, 200)}` };
  const words = turns.flatMap((turn) => (turn.kind === "said" || turn.kind === "denied" ? [turn.text] : []));
  const order = blocks.find(({ tag }) => tag === "event_received")?.text ?? "";
  const request = [order, ...words].join("\n");
  const service = /\b(?:frontend|backend)\b/i.exec(request)?.[0].toLowerCase();
  const environment = /\b(?:staging|production)\b/i.exec(request)?.[0].toLowerCase();
  if (service === undefined || environment === undefined)
    return { kind: "ask", text: "Which service shall I bring back, and where?" };
  const switched = blocks.findLast(({ tag }) => tag === "switch_release_result")?.value;
  if (switched !== undefined && isJsonObject(switched)) {
    const { tag, replaced } = switched;
    return done(`The ${service} in ${environment} runs ${tag} again, in place of ${replaced}.`);
  }
  const list = blocks.findLast(({ tag }) => tag === "list_releases_result")?.value;
  if (list === undefined) return { kind: "call", intent: "list_releases", fields: { service, environment } };
  const releases = isJsonArray(list) ? list.filter(isJsonObject) : [];
  const current = releases.find((release) => release["current"] === true)?.["tag"] ?? "none";
  const denied = turns.findLast(({ kind }) => kind === "denied");
  const named = denied?.kind === "denied" ? /\bv\d[\w.-]*\w/i.exec(denied.text)?.[0] : undefined;
  const wanted = releases.find((release) =>
    named === undefined
      ? release["current"] !== true && release["health"] === "healthy"
      : release["tag"] === named,
  )?.["tag"];
  if (wanted === undefined || (denied !== undefined && named === undefined))
    return { kind: "ask", text: "Which release shall I bring back?" };
  return {
    kind: "call",
    intent: "switch_release",
    fields: { service, environment, tag: wanted, replaces: current },
  };
}

export const rollback: Player = { intents: ["list_releases", "switch_release"], move };
