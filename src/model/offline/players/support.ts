import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../base/json.ts";
import type { Block } from "../blocks.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";
import { done, type Player } from "./player.ts";
import { amountIn, withoutRefused } from "./words.ts";

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const call = (intent: string, fields: JsonObject): Move => ({ kind: "call", intent, fields });
const askCustomer = (message: string) => call("ask_customer", { message });

const REFUND = /\brefund|\b(?:money|euros?|eur) back\b|€ back|\breturn(?:ed|ing)?\b|reimburse/i;
const FUTURE = /\b(?:from now on|in future|in the future|always|prefer|next time)\b/i;
const FILLER = String.raw`(?:(?:want|need|wish|ask\w*|look\w*|for|any|an?|the|my|me|to|please|get|give|have|my)\s+)*`;
const REFUSED = new RegExp(
  String.raw`(?:\b(?:not|never|no|without)|n['’]t|\b(?:do|did|does|wo)nt)\s+${FILLER}(?:${REFUND.source})`,
  "i",
);
const TOPICS: readonly (readonly [string, RegExp])[] = [
  ["language", /\b(?:german|english|french|spanish|italian|dutch|polish|language)\b/i],
  ["packaging", /\b(?:packag\w*|box|gift wrap\w*|plastic)\b/i],
  ["delivery", /\b(?:deliver\w*|ship\w*|neighbou?r|door|parcel)\b/i],
  ["contact", /\b(?:phone|call|mail|write|contact|sms)\b/i],
];

/** What the customer has written: the latest mail, and the answers since. */
function readMail(blocks: readonly Block[]): { readonly words: string; readonly since: readonly Block[] } {
  const since = blocks.slice(blocks.findLastIndex(({ tag }) => /^(?:event|message)_received$/.test(tag)));
  const [mail] = since;
  const payload = isJsonObject(mail?.value) ? mail.value["payload"] : undefined;
  const { subject, text: body } = isJsonObject(payload) ? payload : { subject: "", text: mail?.text };
  const answers = since.flatMap((block, n) =>
    block.tag === "human_response" && since[n - 1]?.tag === "ask_customer" ? [block.text] : [],
  );
  return { words: [text(subject), text(body), ...answers].join("\n"), since };
}

/** The order that is meant: the last one named by its number, by one of its things, or the only one there is. */
function chooseOrder(orders: readonly JsonObject[], words: string): JsonObject | string | undefined {
  const numbers = words.match(/\b[A-Z]{1,3}-\d{3,}\b/gi) ?? [];
  const last = numbers.at(-1)?.toUpperCase();
  if (last !== undefined) return orders.find(({ order }) => order === last) ?? last;
  const things = ({ items }: JsonObject) => text(items).match(/[\p{L}]{4,}/gu) ?? [];
  const named = orders.filter((order) => things(order).some((thing) => words.toLowerCase().includes(thing)));
  const [only, second] = named.length > 0 ? named : orders;
  return second === undefined ? only : undefined;
}

function preferenceIn(words: string): { readonly topic: string; readonly words: string } | undefined {
  const sentences = words.match(/[^.!?\n]+/g) ?? [];
  const sentence = sentences.find((one) => FUTURE.test(one) && one.length <= 120)?.trim() ?? "";
  const topic = TOPICS.find(([, about]) => about.test(sentence))?.[0];
  return topic === undefined ? undefined : { topic, words: sentence };
}

function refundMove(orders: readonly JsonObject[], words: string, turns: readonly Turn[]): Move {
  const wanted = withoutRefused(words, REFUSED);
  const list = orders.map(({ order, items }) => `${order} (${items})`).join(", ");
  const chosen = chooseOrder(orders, wanted) ?? chooseOrder(orders, words);
  if (orders.length === 0)
    return done("We have no order under your address. Did you order with another one?");
  if (chosen === undefined) return askCustomer(`Which order do you mean: ${list}?`);
  if (typeof chosen === "string") return askCustomer(`I do not find ${chosen}. Which one is it: ${list}?`);
  const { order, total, refunded } = chosen;
  if (typeof refunded === "string")
    return done(`Order ${text(order)} was refunded already: ${refunded} euros.`);
  const denials = turns.flatMap((turn) => (turn.kind === "denied" ? [turn.text] : []));
  const allowed = amountIn(withoutRefused(denials.at(-1) ?? "", REFUSED));
  if (denials.length > 1 || (denials.length === 1 && !((allowed ?? 0) > 0)))
    return done(`I am sorry, we cannot refund this order. ${denials.at(-1)}`);
  const amount = Math.min(allowed ?? amountIn(wanted) ?? Number(total), Number(total));
  if (!(amount > 0)) return askCustomer("How many euros do you want back?");
  const because = `The customer asks for it: ${words.trim().slice(0, 80)}`;
  return call("refund", { order: text(order), amount, because });
}

function move(blocks: readonly Block[], turns: readonly Turn[]): Move {
  const { words, since } = readMail(blocks);
  const last = turns.at(-1);
  if (last?.kind === "failed" || last?.kind === "refused")
    return done(`I could not: ${last.text.slice(0, 200)}`);
  const found = since.findLast(({ tag }) => tag === "look_up_orders_result")?.value;
  if (found === undefined) return call("look_up_orders", {});
  const orders = isJsonArray(found) ? found.filter(isJsonObject) : [];
  const booked = since.findLast(({ tag }) => tag === "refund_result")?.value;
  if (REFUND.test(withoutRefused(words, REFUSED)) && booked === undefined)
    return refundMove(orders, words, turns);
  const preference = preferenceIn(words);
  const noted = since.some(({ tag }) => tag === "remember_preference");
  if (preference !== undefined && !noted) return call("remember_preference", preference);
  if (isJsonObject(booked))
    return done(`We have refunded ${text(booked["refunded"])} euros for order ${text(booked["order"])}.`);
  if (noted) return done("Thank you, we will keep that in mind.");
  const [order] = orders;
  if (/\bwhere\b|\bwhen\b|status|arriv/i.test(words) && order !== undefined)
    return done(orders.map((one) => `Order ${text(one["order"])} is ${text(one["status"])}.`).join(" "));
  return askCustomer("How can we help you?");
}

export const support: Player = { intents: ["look_up_orders", "refund", "remember_preference"], move };
