import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../property-runs.ts";
import { block, lastOf, nextStep, play } from "./play-calculator.ts";

const done = (number: number | string) => `done_for_now: The result is ${number}.`;

describe("the offline model as a calculator", () => {
  it("computes the README's request step by step", { tags: "E3" }, async () => {
    expect(
      await play("can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?"),
    ).toEqual(["multiply(3, 4)", "divide(12, 2)", "add(6, 12)", done(18)]);
  });

  it.each([
    ["what is 12 plus 30", 42],
    ["what is 7 plus 8 times 2", 23],
    ["7 + 8 * 2", 23],
    ["(2+3)*4", 20],
    ["what's (2 + 3) × 4 − 6 ÷ 2?", 17],
    ["(2 plus 3) times 4", 20],
    ["3x4+2", 14],
    ["multiply a dozen by 3", 36],
    ["how many minutes are 2.5 hours?", 150],
    ["divide 6 by 3; if that fails, add 1 and 2", 2],
    ["5€ plus 10x2.5", 30],
    ["-5 + 3", -2],
    ["3 - -2", 5],
    ["multiply -3 by negative four", 12],
    ["add five and seven", 12],
    ["take 20% of 50", 10],
    ["subtract 5 from 20", 15],
    ["from 20 subtract 5", 15],
    ["12 divided by 8", 1.5],
    ["add 1, 2 and 3", 6],
    ["sum of 1, 2, and 3", 6],
    ["multiply the result of adding 2 and 3 by 4", 20],
    ["subtract 3 from the result of 10 divided by 2", 2],
    ["add 1,000 and 2,500.50", 3500.5],
    ["$5 plus $7.50", 12.5],
    ["start with 100, subtract 25, divide by 5", 15],
    ["add 3 apples and 4 pears", 7],
    ["2(3+4)", 14],
    ["(1+2)(3+4)", 21],
    ["15 percent of 200", 30],
    ["one over 4", 0.25],
    ["add 15 minutes and 20 minutes", 35],
    ["Please multiply 3 by 4 and then add 1 at the end, thank you", 13],
  ])("understands %j", async (text, result) => {
    expect(await lastOf(text)).toBe(done(result));
  });

  it("names every result of a request that asks for several", async () => {
    expect(await lastOf("what is 3 times 4 and what is 5 plus 6?")).toBe(
      "done_for_now: The results are 12 and 11.",
    );
  });

  it.each([
    ["hello!"],
    ["tell me a joke"],
    ["5"],
    ["multiply 2"],
    ["multiply 3 and feee9f9e"],
    ["multiply 3 and FD*(#F&&"],
    ["multiply 3 and FD*(#F&& ?"],
    ["multiply FD*(#F&& by 3, then add 2"],
    ["multiply 3 and 4#F&&"],
    ["multiply 3 and 4 #F&&"],
    ["multiply 3 and 0x10"],
    ["add 9007199254740993 and 1"],
    ["add 3, 4 and foo"],
    ["square root of 16"],
    ["I have 3 apples and 4 oranges"],
    ["multiply 3 and 4 bananas 7 14"],
    // Arithmetic beyond it: half of a sentence understood would be a wrong answer.
    ["multiply twelve point five by two"],
    ["add one hundred and twenty to 5"],
    ["add 10% to 50"],
    ["20% off 80"],
    ["5 less than 20"],
    ["double 5, then add 3"],
    ["add 5 squared and 3"],
    ["2 to the power of 5"],
    ["remainder of 17 divided by 5"],
    ["17 divided by 5 remainder"],
    ["divide 17 by 5 without remainder"],
    ["divide 17 by 5 and give me the remainder"],
    ["17 modulo 5"],
    ["multiply 3 and 4 modulo 5"],
    ["how many times does 5 go into 17?"],
    ["divide 17 by 5, rounded to one decimal"],
    ["the sum of 1 to 10"],
    ["sum the numbers from 1 to 10"],
    ["multiply all numbers between 2 and 4"],
    ["add 3 three times to 4"],
    ["subtract 2 5 times from 20"],
    ["7 plus or minus 2"],
    ["add 3 to 4 or 5"],
    ["don't add 2 and 3"],
    ["do not multiply 2 and 3"],
    ["add 2 hours and 30 minutes"],
    ["15 minutes plus one hour"],
    ["the difference between 12 and 5"],
    ["average of 4 and 8"],
    ["increase 200 by 10%"],
    ["add 1 and 2. multiply 3 and 4. add both results"],
    ["if it rains, add 1 and 2"],
    [""],
  ])("asks rather than guess at %j", async (text) => {
    expect(await play(text)).toEqual([expect.stringMatching(/^request_more_information: .+\?$/)]);
  });

  it("asks for a gibberish operand by its name and uses the clarification", { tags: "E3" }, async () => {
    const steps = await play("can you multiply 3 and feee9f9e", "lets try 12 instead");
    expect(steps[0]).toContain("feee9f9e");
    expect(steps.slice(1)).toEqual(["multiply(3, 12)", done(36)]);
  });

  it.each([
    ["it should be 12 not feee9f9e", "multiply(3, 12)"],
    ["use 12 instead of feee9f9e", "multiply(3, 12)"],
    ["minus 5", "multiply(3, -5)"],
    ["I meant 1,200", "multiply(3, 1200)"],
    ["multiply 3 and 12", "multiply(3, 12)"],
  ])("takes %j for the missing operand", async (answer, step) => {
    expect((await play("multiply 3 and feee9f9e, then add 2", answer))[1]).toBe(step);
  });

  it("asks for one missing operand after the other", async () => {
    const steps = await play("multiply foo and bar", "3", "5");
    expect(steps.slice(2)).toEqual(["multiply(3, 5)", done(15)]);
  });

  it("names the operand that it cannot read, whatever stands in it", async () => {
    const steps = await play("can you multiply 3 and FD*(#F&& ?", "lets try 12 instead");
    expect(steps[0]).toContain("FD*(#F&&");
    expect(steps.slice(1)).toEqual(["multiply(3, 12)", done(36)]);
  });

  it("continues from the last result after it was done", { tags: "E3" }, async () => {
    const steps = await play("multiply 3 and 4", "now multiply that by 2", "and add 3", "thanks!");
    expect(steps).toEqual([
      "multiply(3, 4)",
      done(12),
      "multiply(12, 2)",
      done(24),
      "add(24, 3)",
      done(27),
      "done_for_now: You are welcome. The last result is 27.",
    ]);
  });

  it("computes any sum, difference and product of decimals as written", async () => {
    const number = fc
      .double({ min: -1e6, max: 1e6, noNaN: true })
      .map((value) => Math.round(value * 1000) / 1000);
    const operation = fc.constantFrom(
      { word: "plus", intent: "add" },
      { word: "minus", intent: "subtract" },
      { word: "times", intent: "multiply" },
      { word: "divided by", intent: "divide" },
    );
    await fc.assert(
      fc.asyncProperty(number, number, operation, async (a, b, { word, intent }) => {
        expect(await nextStep(block("message_received", `what is ${a} ${word} ${b}?`))).toBe(
          `${intent}(${a || 0}, ${b || 0})`,
        );
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it.each([
    ["parentheses", "(".repeat(100_000)],
    ["sums", "1+".repeat(200_000)],
    ["verbs", "take ".repeat(100_000)],
    ["gerunds", "adding ".repeat(700)],
    ["number words", "one hundred and ".repeat(300)],
    ["digits", "1".repeat(100_000)],
    ["full stops", `multiply 3 and ${".".repeat(1_900)}a`],
  ])("stays quick on %s without end", async (_, text) => {
    expect(await nextStep(block("message_received", text))).toMatch(/\w/);
    expect(await play("multiply 3 and foo", text)).toHaveLength(2);
  });

  it("answers any text whatever with a valid step", async () => {
    const words = fc.constantFrom(
      ..."add subtract multiply divide by from to the result of and then 3 -4 0.5 twelve % , . ( ) + - * / that it first result half double squared foo not instead raise if power".split(
        " ",
      ),
    );
    const text = fc.oneof(
      fc.array(words, { maxLength: 15 }).map((all) => all.join(" ")),
      fc.string({ maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 3 }), async (messages) => {
        for (const step of await play(...messages)) {
          expect(step).toMatch(
            /^(?:(?:add|subtract|multiply|divide)\(.*\)|request_more_information: .|done_for_now: .)/,
          );
        }
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});
