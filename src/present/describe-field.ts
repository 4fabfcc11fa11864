import { inWords, visibleLine } from "./visible-text.ts";

/** A field of a step as people read it. */
export interface FieldDescription {
  /** Its name in words: "Amount". */
  readonly label: string;
  /** The unit of a number: "euros"; empty if none is known. */
  readonly unit: string;
  /** What the prompt says of it, in one line; empty if nothing. */
  readonly hint: string;
}

const END = String.raw`(?=\s*(?:$|[,;.:()[\]]))`;

/** A description that begins with the unit, whatever it is: "in euros, at most what the order cost", "in pallets". */
const FIRST = new RegExp(
  String.raw`^in (?!(?:an?|the|this|that|each|which|one|order)\b)([^\s,;.:()]{1,16}(?: per [^\s,;.:()]{1,16})?)${END}`,
  "u",
);

/** A count: "number of nights", "how many licences to buy". */
const COUNT = /^(?:the )?(?:number of|how many) (people|\p{L}{2,20}s)\b/iu;

const MONEY = "euros?|cents?|(?:us |canadian |australian )?dollars?|pounds?|francs?|yen|€|[$]|£";
const TIME = "milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|sec|min|h";
const SIZE =
  "mm|cm|m|km|millimet(?:er|re)s?|centimet(?:er|re)s?|met(?:er|re)s?|kilomet(?:er|re)s?|miles?|feet|inch(?:es)?|" +
  "g|kg|grams?|kilograms?|tons?|tonnes?|ounces?|lit(?:er|re)s?|ml|bytes?|[kmgt]i?b|kilobytes?|megabytes?|gigabytes?|" +
  "percent|per cent|%|degrees?(?: celsius| fahrenheit)?|°[cf]|tokens?|pieces?";
const KNOWN = `(?:${MONEY}|${TIME}|${SIZE})(?: per (?:${TIME}|${SIZE}|person|user|night|seat))?`;
/** A unit that everybody knows, wherever it is said: "the price in euros", "weight (kg)"; or all that is said: "minutes". */
const SAID = new RegExp(String.raw`(?:\bin |[([](?:in )?|^)(${KNOWN})${END}`, "iu");

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));
const CURRENCY = new RegExp(String.raw`(?:\bin |[([](?:in )?|^)([A-Z]{3})${END}`, "gu");

/**
 * Words a field by its name and its `@description` in the prompt. The description gives a number its unit: one that begins
 * with `in` and a unit, or says a well-known one elsewhere (`the price in euros`, `weight (kg)`), or what is counted
 * (`number of nights`).
 *
 * @example
 * describeField("amount", "in euros, at most what the order cost").unit; // "euros"
 */
export function describeField(name: string, description = ""): FieldDescription {
  const hint = visibleLine(description, 300);
  return { label: inWords(name), unit: unitIn(hint), hint };
}

function unitIn(hint: string): string {
  if (hint === "") return "";
  const currency = [...hint.matchAll(CURRENCY)]
    .map(([, code]) => code)
    .find((code) => CURRENCIES.has(code ?? ""));
  return FIRST.exec(hint)?.[1] ?? currency ?? SAID.exec(hint)?.[1] ?? COUNT.exec(hint)?.[1] ?? "";
}
