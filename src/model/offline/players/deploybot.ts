import { isJsonArray, isJsonObject, type Json } from "../../../base/json.ts";
import type { Block } from "../blocks.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";
import { done, type Player } from "./player.ts";
import { tagsIn, withoutRefused } from "./words.ts";

type Running = Map<string, { tag: string; healthy: boolean | undefined }>;
const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const ask = (words: string): Move => ({ kind: "ask", text: words });
const SERVICES = /\b(backend|back-end|server|api|frontend|front-end|web ?site|ui)\b/gi;
const REFUSED = /\b(?:not|never|without|except|don['’]?t)\b|\b(?:all|everything) but\b/i;
const serviceOf = (word: string) => (/^(?:back|server|api)/i.test(word) ? "backend" : "frontend");
const servicesIn = (words: string) => [
  ...new Set(Array.from(words.matchAll(SERVICES), ([word]) => serviceOf(word))),
];

/** What runs where, read from the thread in order: what was fetched, then every deployment and check since. */
function readRunning(blocks: readonly Block[]): Running {
  const running: Running = new Map();
  let step: Block | undefined;
  for (const block of blocks) {
    const { tag, value } = block;
    const fields = isJsonObject(value) ? value : {};
    if (tag === "running_result") {
      for (const [environment, services] of Object.entries(fields))
        for (const [service, at] of Object.entries(isJsonObject(services) ? services : {}))
          if (isJsonObject(at)) {
            const healthy = at["health"] === "unknown" ? undefined : at["health"] === "healthy";
            running.set(`${service} ${environment}`, { tag: text(at["tag"]), healthy });
          }
    }
    if (tag === "deploy" || tag === "check_health") step = block;
    const about = step !== undefined && isJsonObject(step.value) ? step.value : {};
    const place = `${text(about["service"])} ${text(about["environment"])}`;
    if (tag === "deploy_result") running.set(place, { tag: text(about["tag"]), healthy: undefined });
    if (tag === "check_health_result")
      running.set(place, { tag: running.get(place)?.tag ?? "", healthy: fields["healthy"] === true });
  }
  return running;
}

/** What is asked for: the latest request, with what was answered and denied since. */
function readWish(turns: readonly Turn[]) {
  const asks = (turn: Turn | undefined) =>
    turn?.kind === "step" && turn.intent === "request_more_information";
  const start = turns.findLastIndex(({ kind }, at) => kind === "said" && !asks(turns[at - 1]));
  const words = turns.slice(start).flatMap((turn) => (turn.kind === "said" ? [turn.text] : []));
  const denials = turns.slice(start).flatMap((turn) => (turn.kind === "denied" ? [turn.text] : []));
  const all = withoutRefused(words.join("\n"), REFUSED);
  const named = servicesIn(all);
  const both = /\b(?:both|everything|all|services|the release)\b/i.test(all);
  const services = named.length > 0 ? named : both ? ["backend", "frontend"] : [];
  const first = denials.flatMap((denial) =>
    /\bfirst\b|\bbefore\b/i.test(denial) ? servicesIn(denial).slice(0, 1) : [],
  );
  const order = [...new Set([...first.toReversed(), ...services])];
  const production = /\bprod(?:uction)?\b|\blive\b/i.test(all);
  const staging = /\bstaging\b/i.test(all);
  const stuck = denials.length > first.length;
  return { said: words.length > 0, named: tagsIn(all).at(-1), order, production, staging, stuck };
}

function move(blocks: readonly Block[], turns: readonly Turn[]): Move {
  const last = turns.at(-1);
  if (last?.kind === "failed" || last?.kind === "refused")
    return ask(`That did not work: ${last.text.slice(0, 200)}`);
  const rolledBack = blocks.findLast(({ tag }) => tag === "roll_back_result");
  if (last?.kind === "result" && blocks.at(-1) === rolledBack)
    return done(`It was not healthy, so I had it rolled back. ${rolledBack?.text ?? ""}`);
  const { said, named, order, production, staging, stuck } = readWish(turns);
  const event = blocks.findLast(({ tag }) => tag === "event_received");
  if (!said && event !== undefined)
    return ask(`Some commits wait to be released. Shall I? ${event.text.slice(0, 300)}`);
  const tags = blocks.findLast(({ tag }) => tag === "release_tags_result")?.value ?? [];
  const known = isJsonArray(tags) ? tags.map(text) : [];
  const tag = named === undefined ? known.at(-1) : known.find((one) => one.toLowerCase() === named);
  if (tag === undefined) return ask(`There is no release ${named ?? "at all"}. Which one is meant?`);
  if (stuck) return ask("What shall I do instead?");
  if (order.length === 0) return ask("Which service shall I deploy: the backend, the frontend, or both?");
  if (!production && !staging) return ask("Where to: to staging, or on to production?");
  const running = readRunning(blocks);
  for (const service of order) {
    for (const environment of production ? ["staging", "production"] : ["staging"]) {
      const at = running.get(`${service} ${environment}`);
      const about = { service, environment };
      if (at?.tag !== tag)
        return { kind: "call", intent: "deploy", fields: { ...about, tag, replaces: at?.tag ?? "none" } };
      if (at.healthy === undefined) return { kind: "call", intent: "check_health", fields: about };
      const problem = `${tag} is not healthy`;
      if (!at.healthy) return { kind: "call", intent: "roll_back", fields: { ...about, problem } };
    }
  }
  const where = production ? "production" : "staging";
  return done(`${tag} of the ${order.join(" and the ")} now runs in ${where} and is healthy.`);
}

export const deploybot: Player = { intents: ["deploy", "check_health", "roll_back"], move };
