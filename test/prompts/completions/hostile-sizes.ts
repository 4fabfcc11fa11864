import { DONE, REFUND } from "./row.ts";

/** The functions that hostile completions are tried on: every kind of result. */
export const HOSTILE_FUNCTIONS = [
  "NextStep",
  "ExtractPeople",
  "ExtractPerson",
  "ExtractTree",
  "PersonOrText",
  "MaybePerson",
  "Classify",
  "ClassifyMany",
  "Count",
  "Measure",
  "Judge",
  "Prices",
  "Hold",
  "Summarize",
] as const;

export interface HostileCompletion {
  readonly name: (typeof HOSTILE_FUNCTIONS)[number];
  readonly kind: string;
  readonly text: string;
}

const SCALARS = ['"a1"', '"7"', "7", "7.5", "true", "null", '"x\\"y"', "1e3", '""', "-0.5", '"1/3"', '"$4"'];
const FIELDS = [
  "amount",
  "order_id",
  "tags",
  "to",
  "limit",
  "item",
  "nested",
  "age",
  "emails",
  "children",
  "x",
];
const HEADS = [
  '"intent":"add","a":1,"b":2',
  '"intent":"refund","order_id":"A1","amount":1',
  '"intent":"search","query":"x","tags":[]',
  '"intent":"hold","item":1,"nested":{}',
  '"name":"A","emails":[],"children":[]',
  '"intent":"nothing"',
];
const PIECES = [
  ..."{}[],:\"'\\`\n<>/*#.-…".split(""),
  "[[",
  "}}",
  '{"a":',
  '["',
  '\\"',
  "<think>",
  "</think>",
  "```json\n",
  "FINAL ANSWER:\n",
  "//",
  "/*",
  "x ",
  "9",
  "e5",
  " ".repeat(20),
  REFUND,
  DONE,
  "{}",
  "{x}",
  "\u0001",
  "é",
];

export type Random = (most: number) => number;
type Make = (size: number, random: Random) => string;

const pick = <T>(items: readonly T[], random: Random): T => items[random(items.length)] ?? fail();
const fail = (): never => {
  throw new RangeError("nothing to pick from");
};
const times = (count: number, make: (index: number) => string, between = ","): string => {
  let text = "";
  for (let index = 0; index < Math.floor(count); index += 1) text += (index > 0 ? between : "") + make(index);
  return text;
};
const withField = (value: string, random: Random): string =>
  `{${pick(HEADS, random)},"${pick(FIELDS, random)}":${value}}`;
const scalars = (size: number, random: Random): string => {
  const scalar = pick(SCALARS, random);
  if (random(2) === 0) return times(size, () => pick(SCALARS, random));
  return times(size, scalar === '"a1"' ? (index) => `"a${index}"` : () => scalar);
};
const object = (random: Random): string =>
  random(3) === 0 ? REFUND : `{"name":${pick(SCALARS, random)},"age":${pick(SCALARS, random)},"emails":[]}`;

/** Strict JSON of many shapes. */
const STRICT: Readonly<Record<string, Make>> = {
  list: (size, random) => `[${scalars(size, random)}]`,
  "list in a field": (size, random) => withField(`[${scalars(size, random)}]`, random),
  "list of objects": (size, random) => `[${times(size / 4, () => object(random))}]`,
  "list of objects in a field": (size, random) =>
    withField(`[${times(size / 4, () => object(random))}]`, random),
  "lists in a list": (size, random) =>
    withField(`[${times(size / 10, () => `[${scalars(10, random)}]`)}]`, random),
  map: (size, random) => `{${times(size, (index) => `"k${index}":${pick(SCALARS, random)}`)}}`,
  "map in a field": (size, random) =>
    withField(`{${times(size, (index) => `"k${index}":${pick(SCALARS, random)}`)}}`, random),
  "map of objects": (size, random) => `{${times(size / 4, (index) => `"k${index}":${object(random)}`)}}`,
  "the same key": (size, random) => `{${times(size, () => `"k":${pick(SCALARS, random)}`)}}`,
  chain: (size, random) => {
    const depth = 1 + random(Math.min(63, size));
    return `${'{"name":"n","children":['.repeat(depth)}${"]}".repeat(depth)}`;
  },
  tree: (size) =>
    `{"name":"r","children":[${times(size / 4, (index) => `{"name":"c${index}","children":[]}`)}]}`,
  "long text": (size, random) => withField(JSON.stringify(pick(PIECES, random).repeat(size * 10)), random),
  "long intent": (size, random) => `{"intent":${JSON.stringify(pick(PIECES, random).repeat(size * 5))}}`,
  "long number": (size, random) => withField(`1${"0".repeat(size)}`, random),
  steps: (size, random) =>
    times(Math.min(70, size), () => withField(`[${scalars(size % 40, random)}]`, random)),
  "a list of steps": (size, random) =>
    `[${times(Math.min(70, size), () => withField(`[${scalars(size % 40, random)}]`, random))}]`,
};

const soup: Make = (size, random) => times(size, () => pick(PIECES, random), "");
const repeated: Make = (size, random) => {
  const unit = times(1 + random(3), () => pick(PIECES, random), "");
  return unit.repeat(size);
};

const MAKES = [...Object.entries(STRICT), ["soup", soup], ["repeated", repeated]] as const;

/** The same, broken in one of many ways. */
const BROKEN: readonly ((json: string, random: Random) => string)[] = [
  (json, random) => json.slice(0, random(json.length + 1)),
  (json) => json.replace(/\}$/, ",}").replace(/\]$/, ",]"),
  (json) => json.replaceAll('"', "'"),
  (json) => json.replaceAll('"', ""),
  (json) => `${json.slice(0, -1)}`,
  (json) => `Here it is:\n${json}\nand {that} is [all] of it`,
  (json) => `${"{x} ".repeat(7)}${json}`,
  (json) => json.replaceAll(",", ", // no\n"),
  (json) => json.replaceAll('\\"', '"'),
  (json) => `<think>${json}</think>${json}`,
  (json) => `\`\`\`json\n${json}`,
  (json) => `{"message": "${json}"}`,
];

/** Numbers below a bound, always the same ones for the same seed. */
export function randomOf(seed: number): Random {
  let state = (seed + 1) * 0x9e3779b1;
  return (most) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % Math.max(1, Math.floor(most));
  };
}

/** A completion that is meant to be expensive: the same for the same number, always. */
export function hostileCompletion(number: number): HostileCompletion {
  const random = randomOf(number);
  // As many small ones as large ones: what is just within the bounds is worse than what is far beyond.
  const size = Math.ceil(2 ** (random(1700) / 100));
  const name = pick(HOSTILE_FUNCTIONS, random);
  const [kind, make] = pick(MAKES, random);
  const json = make(size, random).slice(0, 1_050_000);
  const broken = random(2) === 0;
  return {
    name,
    kind: broken ? `${kind}, broken` : kind,
    text: broken ? pick(BROKEN, random)(json, random) : json,
  };
}
