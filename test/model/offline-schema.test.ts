import { describe, expect, it } from "vitest";
import { readOutputSchema } from "../../src/model/offline/output-schema.ts";
import { answerTo, looseValue } from "./play-calculator.ts";

/** Output formats as BAML 0.226 prints them. */
const FORMATS = {
  person: `Color
----
- Red: warm
- azure

Node {
  v: int,
  children: Node[],
}

Answer in JSON using this schema:
{
  name: string or null,
  // how many
  // pieces: {not: a, field}
  qty: int,
  tags: string[],
  color: Color,
  kind: "a" or "b",
  meta: map<string, int>,
  maybe: int or string or null,
  inner: [
    {
      x: float,
      y: {
        z: "lit",
        n: 3,
        t: true,
      } or null,
    }
  ],
  one: {
    z: "lit",
    n: -3,
  },
  is_set: bool,
  nodes: Node,
}`,
  enumeration: "Answer with any of the categories:\nColor\n----\n- Red: warm\n- azure",
  enumerations: "Color\n----\n- Red\n- Blue\n\nAnswer with a JSON Array using this schema:\nColor[]",
  int: "Answer as an int",
  bool: "Answer as a bool",
  recursive: "Node {\n  v: int,\n  children: Node[],\n}\n\nAnswer in JSON using this schema: Node",
  alias: "JsonValue = int or string or JsonValue[]\n\nAnswer in JSON using this schema: JsonValue",
  map: 'Answer in JSON using this schema:\nmap<string, {\n  z: "lit",\n}>',
  literals: 'Answer in JSON using any of these schemas:\n"yes" or "no"',
  strings: "Answer with a JSON Array using this schema:\nstring[]",
  optional: 'Answer in JSON using this schema:\n{\n  z: "lit",\n} or null',
  hoisted:
    'interface B {\n  "intent": "notify",\n  "to": string,\n}\n\ninterface A {\n  "intent": "finish",\n  "why": string | null,\n}\n\nReply with:\nA | B',
};

describe("the offline model and schemas it does not know", () => {
  it("gives a minimal valid value of a class", async () => {
    const answer = await answerTo("Extract the order from this mail.", FORMATS.person);
    expect(looseValue(answer)).toEqual({
      name: null,
      qty: 0,
      tags: [],
      color: "Red",
      kind: "a",
      meta: {},
      maybe: null,
      inner: [],
      one: { z: "lit", n: -3 },
      is_set: false,
      nodes: { v: 0, children: [] },
    });
  });

  it.each([
    ["enumeration", "Red"],
    ["int", "0"],
    ["bool", "false"],
    ["literals", "yes"],
    ["alias", "0"],
  ] as const)("gives a bare value for %s", async (format, value) => {
    expect(await answerTo("Which?", FORMATS[format])).toBe(value);
  });

  it.each([
    ["enumerations", []],
    ["strings", []],
    ["map", {}],
    ["recursive", { v: 0, children: [] }],
    ["optional", { z: "lit" }],
  ] as const)("gives a small value for %s", async (format, value) => {
    expect(looseValue(await answerTo("Which?", FORMATS[format]))).toEqual(value);
  });

  it("gives text that names it where the prompt wants text", async () => {
    expect(await answerTo("Rain in May,\nsun in June.", "Summarize.")).toBe(
      "The built-in offline model was given: Rain in May, sun in June.",
    );
  });

  it("finds the schema in the same message as the thread, and text behind it does no harm", async () => {
    const prompt =
      "<message_received>\nAnswer as an int: add 1 and 2\n</message_received>\n\nAnswer as a bool now.";
    expect(await answerTo(prompt, "You decide.")).toBe("false");
    expect(readOutputSchema("Nothing here.")).toBeUndefined();
    expect(readOutputSchema("Answer in JSON using this schema:\n")).toBeUndefined();
  });

  it("is not led astray by brackets without end", async () => {
    const prompt = `Answer in JSON using this schema: ${"[".repeat(200_000)}`;
    expect(readOutputSchema(prompt)).toBeUndefined();
  });

  const OPERATIONS = `Answer in JSON using any of these schemas:
{
  reasoning: string,
  // raises the base to the exponent
  intent: "power",
  base: int or float,
  exponent: int or float,
} or {
  intent: "square_root",
  of_number: float,
} or {
  // how warm it will be tomorrow

  reasoning: string,
  intent: "forecast",
  city: string,
} or {
  intent: "deploy_backend",
  tag: string,
  urgency: "low" or "high",
  note: string or null,
} or {
  // takes the cube root
  // of a number
  intent: "operation_7",
  of: float,
} or {
  intent: "request_human_input",
  question: string,
} or {
  reasoning: string,
  intent: "done_for_now",
  message: string,
}`;
  const step = async (thread: string) => looseValue(await answerTo(thread, OPERATIONS));
  const said = (text: string) => `<message_received>\n${text}\n</message_received>\n`;

  it.each([
    ["2 to the power of 5", { intent: "power", base: 2, exponent: 5 }],
    ["please raise 2 to the power of -1.5", { intent: "power", base: 2, exponent: -1.5 }],
    ["2 ^ 5", { intent: "power", base: 2, exponent: 5 }],
    ["use power with base 2 and exponent 8", { intent: "power", base: 2, exponent: 8 }],
    ["power with exponent 8 and a base of 2", { intent: "power", base: 2, exponent: 8 }],
    // What stands above binds closer, and from the right.
    ["2**3**2", { intent: "power", base: 3, exponent: 2 }],
    // By its description alone.
    ["can you raise 7 to 2?", { intent: "power", base: 7, exponent: 2 }],
    ["what is the square root of 16?", { intent: "square_root", of_number: 16 }],
    ["what is the cube root of 27?", { intent: "operation_7", of: 27 }],
    ["how warm will Lisbon be?", { intent: "forecast", city: "Lisbon" }],
    ["deploy the backend v1.2.3", { intent: "deploy_backend", tag: "v1.2.3", urgency: "low" }],
  ])("calls the tool that %j names, with what it gives", async (text, wanted) => {
    expect(await step(said(text))).toMatchObject(wanted);
  });

  it("calls one tool after the other with the results in between", async () => {
    const thread = said("the square root of 16, then raise that to the power of 3");
    const root = `${thread}<square_root>\nof_number: 16\n</square_root>\n<square_root_result>\n4\n</square_root_result>\n`;
    expect(await step(root)).toMatchObject({ intent: "power", base: 4, exponent: 3 });
    const all = `${root}<power>\nbase: 4\nexponent: 3\n</power>\n<power_result>\n64\n</power_result>\n`;
    expect(await step(all)).toMatchObject({ intent: "done_for_now", message: "The result is 64." });
  });

  const KITCHEN = `Answer in JSON using any of these schemas:
{
  // boils eggs for some minutes
  intent: "boil_eggs",
  eggs: int,
  minutes: int,
} or {
  intent: "tip",
  bill: float,
  percent: float,
} or {
  intent: "order_pizza",
  count: int,
} or {
  intent: "set_lamp",
  color: string,
} or {
  intent: "timer",
  minutes: int,
} or {
  intent: "refund_guest",
  guest: string,
  amount: float,
} or {
  intent: "request_human_input",
  question: string,
} or {
  intent: "done_for_now",
  message: string,
}`;
  const SHOP = `Topic
----
- Billing
- Shipping: where it is
- ReadyToShip

Answer in JSON using any of these schemas:
{
  // look up an order by its number
  intent: "look_up_order",
  order: string,
} or {
  // put a topic on the mail
  intent: "label_mail",
  topic: Topic,
} or {
  reasoning: string,
  // pay money back for an order
  intent: "refund",
  order: string,
  amount: int or float,
} or {
  intent: "request_human_input",
  question: string,
}`;
  const cook = async (thread: string) => looseValue(await answerTo(thread, KITCHEN));

  it.each([
    ["boil 3 eggs for 7 minutes", { intent: "boil_eggs", eggs: 3, minutes: 7 }],
    ["boil_eggs 3 7", { intent: "boil_eggs", eggs: 3, minutes: 7 }],
    ["the tip for a bill of 80 at 15 percent", { intent: "tip", bill: 80, percent: 15 }],
    ["a tip of 15 percent for a bill of 80", { intent: "tip", bill: 80, percent: 15 }],
    ["a tip of 15 percent for 80", { intent: "tip", bill: 80, percent: 15 }],
    ["tip 80 percent 15", { intent: "request_human_input", question: expect.stringContaining("percent") }],
    ["set a timer of 12 minutes", { intent: "timer", minutes: 12 }],
    ["set the lamp to red", { intent: "set_lamp", color: "red" }],
    ["order 2 pizzas", { intent: "order_pizza", count: 2 }],
    // Whichever is named first.
    ["refund 30 to Bob", { intent: "refund_guest", guest: "Bob", amount: 30 }],
    ["refund 30 to the guest Bob Miller", { intent: "refund_guest", guest: "Bob Miller", amount: 30 }],
    ["refund guest Bob with 30", { intent: "refund_guest", guest: "Bob", amount: 30 }],
    [
      "refund 30",
      { intent: "request_human_input", question: expect.stringMatching(/^Which text .* besides 30/) },
    ],
  ])("takes the words between the numbers for what they name: %j", async (text, wanted) => {
    expect(await cook(said(text))).toMatchObject(wanted);
  });

  it.each([
    ["refund 40 for order A-17", { intent: "refund", order: "A-17", amount: 40 }],
    ['refund 40 for order "A-17"', { intent: "refund", order: "A-17", amount: 40 }],
    ["refund order A-17 with amount 40", { intent: "refund", order: "A-17", amount: 40 }],
    ["look up order A-17", { intent: "look_up_order", order: "A-17" }],
    ["where is my order A-17?", { intent: "look_up_order", order: "A-17" }],
    ["label the mail as shipping", { intent: "label_mail", topic: "Shipping" }],
    ["label the mail: ready to ship", { intent: "label_mail", topic: "ReadyToShip" }],
    ["label the mail", { intent: "label_mail", topic: "Billing" }],
  ])("takes a field's name for no value, and the word of an enum that is named: %j", async (text, wanted) => {
    expect(looseValue(await answerTo(said(text), SHOP))).toMatchObject(wanted);
  });

  it("does nothing twice, whatever text the tool returns", async () => {
    const pizza =
      "<order_pizza>\ncount: 2\n</order_pizza>\n<order_pizza_result>\n2 on their way\n</order_pizza_result>\n";
    expect(await cook(said("order 2 pizzas") + pizza)).toMatchObject({ intent: "done_for_now" });
    const timer = "<timer>\nminutes: 5\n</timer>\n<timer_result>\nset\n</timer_result>\n";
    expect(
      await cook(said("set a timer for 5 minutes, then boil 4 eggs for 6 minutes") + timer),
    ).toMatchObject({
      intent: "boil_eggs",
      eggs: 4,
      minutes: 6,
    });
  });

  it("does not take a part of a tool's name for the tool where that part means something else", async () => {
    for (const text of ["square 5", "the fifth root of 32", "the square of 3"]) {
      expect(await step(said(text))).toMatchObject({ intent: "request_human_input" });
    }
  });

  it("says what it can do where the request names none of the tools, and never calls one at random", async () => {
    expect(await step(said("ship it"))).toEqual({
      intent: "request_human_input",
      question: expect.stringContaining("power, square root, forecast, deploy backend, operation 7"),
    });
    expect(await step(said("deploy the backend"))).toMatchObject({
      question: "Which text should I use to deploy backend?",
    });
  });

  it("finishes a thread that no person started", async () => {
    const step = looseValue(
      await answerTo("<event_received>\nname: nightly\n</event_received>", FORMATS.hoisted),
    );
    expect(step).toEqual({ intent: "finish", why: expect.stringContaining("built-in offline model") });
  });

  it("answers with a list of one step where the schema wants a list", async () => {
    const schema =
      'Answer with a JSON Array using this schema:\n[\n  {\n    intent: "add",\n    a: int or float,\n    b: int or float,\n  } or {\n    intent: "done_for_now",\n    message: string,\n  }\n]';
    expect(
      looseValue(await answerTo("<message_received>\nadd 1 and 2\n</message_received>", schema)),
    ).toEqual([{ intent: "add", a: 1, b: 2 }]);
  });
});
