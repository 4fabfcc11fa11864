import { endOfString, strictJson } from "./scan.ts";

/** Flaws in a text of strict JSON that both parsers pass over. */
export interface Findings {
  /** An object has the same key twice, with different values. */
  readonly conflictingKey: boolean;
  /** A number is not the one that a double makes of it. */
  readonly impreciseNumber: boolean;
}

interface Open {
  /** The values of an object's keys so far, as written; `null` for an array. */
  readonly values: Map<string, string> | null;
  key: string | undefined;
  /** Where the key's value begins. */
  from: number;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Inspects a text of strict JSON in one pass. */
export function inspect(text: string): Findings {
  const open: Open[] = [];
  let conflictingKey = false;
  let impreciseNumber = false;
  let lastString = "";
  const endOfEntry = (index: number) => {
    const object = open.at(-1);
    if (object?.key === undefined || object.values === null) return;
    const value = text.slice(object.from, index).trim();
    const earlier = object.values.get(object.key);
    if (earlier !== undefined && differ(earlier, value)) conflictingKey = true;
    object.values.set(object.key, value);
    object.key = undefined;
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    switch (character) {
      case '"': {
        const end = endOfString(text, index);
        lastString = text.slice(index, end + 1);
        index = end;
        break;
      }
      case ":": {
        const object = open.at(-1);
        if (object === undefined) break;
        object.key = lastString.includes("\\") ? String(strictJson(lastString)) : lastString.slice(1, -1);
        object.from = index + 1;
        break;
      }
      case "{":
      case "[":
        open.push({ values: character === "{" ? new Map() : null, key: undefined, from: 0 });
        break;
      case ",":
        endOfEntry(index);
        break;
      case "}":
      case "]":
        endOfEntry(index);
        open.pop();
        break;
      default: {
        if (character === undefined || !/[-\d]/.test(character)) break;
        NUMBER.lastIndex = index;
        const number = NUMBER.exec(text)?.[0];
        if (number === undefined) break;
        impreciseNumber ||= isImprecise(number);
        index += number.length - 1;
      }
    }
  }
  return { conflictingKey, impreciseNumber };
}

// Longer values are not compared but taken to differ.
const MAX_COMPARED = 2_000;

function differ(first: string, second: string): boolean {
  if (first === second) return false;
  if (first.length > MAX_COMPARED || second.length > MAX_COMPARED) return true;
  return JSON.stringify(strictJson(first)) !== JSON.stringify(strictJson(second));
}

/** True if the number that the digits spell differs from the double that it is read as. */
export function isImprecise(number: string): boolean {
  if (number.length < 16 && !/[eE]/.test(number)) return false;
  const value = Number(number);
  return !Number.isFinite(value) || decimal(number) !== decimal(String(value));
}

/** The digits of a decimal number without leading and trailing zeros, and the power of ten of the last digit. */
function decimal(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const plain = digits.replace(/0+$/, "");
  if (plain === "") return "0";
  return `${sign}${plain}e${Number(exponent) - fraction.length + (digits.length - plain.length)}`;
}
