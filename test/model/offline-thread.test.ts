import { describe, expect, it } from "vitest";
import { block, nextStep } from "./play-calculator.ts";

/** A thread that has come to the division, which a person must approve. */
const atDivision =
  block("message_received", "multiply 3 and 4 and divide the result by 2, then add 12") +
  block("multiply", "a: 3\nb: 4") +
  block("multiply_result", "12") +
  block("divide", "a: 12\nb: 2");

const denied = (feedback: string) =>
  atDivision + block("human_response", `denied: divide\nfeedback: ${JSON.stringify(feedback)}`);

const stopped = "done_for_now: All right, I stop here. The last result is 12.";

describe("the offline model on threads in progress", () => {
  it.each([
    ["try dividing by 3 instead", "divide(12, 3)"],
    ["no, use 5 rather than 2", "divide(12, 5)"],
    ["not by 2, by 4", "divide(12, 4)"],
    ["too low, try 6", "divide(12, 6)"],
    ["3", "divide(12, 3)"],
    ["don't divide, multiply by 2 instead", "multiply(12, 2)"],
    ["please divide 24 by 2 instead", "divide(24, 2)"],
    ["do not divide", stopped],
    ["no", stopped],
    ["stop", stopped],
    ["", stopped],
    ["hmm", "request_more_information: I will not run divide(12, 2). What should I do instead?"],
    [
      "I don't like that number",
      "request_more_information: I will not run divide(12, 2). What should I do instead?",
    ],
  ])("after the denial %j proposes anew, asks or stops", async (feedback, step) => {
    expect(await nextStep(denied(feedback))).toBe(step);
  });

  it("takes up the answer to its question about a denial", async () => {
    const thread =
      denied("hmm") +
      block("request_more_information", "message: What should I do instead?") +
      block("human_response", "divide by 6");
    expect(await nextStep(thread)).toBe("divide(12, 6)");
  });

  it("goes on with an approver's edit", async () => {
    const edit = "decision: approved with changes\nproposed:\n  a: 12\n  b: 2\nexecuted:\n  a: 12\n  b: 4";
    expect(await nextStep(atDivision + block("human_response", edit) + block("divide_result", "3"))).toBe(
      "add(3, 12)",
    );
  });

  it("stops when an approval expired", async () => {
    const expired = block("request_expired", "divide: denied, because nobody decided in time");
    expect(await nextStep(atDivision + expired)).toBe(stopped);
  });

  it("adds what a person says while an approval is pending", async () => {
    const thread =
      atDivision +
      block("message_received", "also subtract 1 at the end") +
      block("divide_result", "6") +
      block("add", "a: 6\nb: 12") +
      block("add_result", "18");
    expect(await nextStep(thread)).toBe("subtract(18, 1)");
  });

  it("asks after a division by zero and uses the answer", async () => {
    const failed =
      block("message_received", "divide 5 by 0") +
      block("divide", "a: 5\nb: 0") +
      block("divide_error", "RangeError: division by zero\nat divide (calculator.ts:10:3)");
    expect(await nextStep(failed)).toBe(
      "request_more_information: I could not run divide(5, 0): RangeError: division by zero. What should I do instead?",
    );
    const asked = failed + block("request_more_information", "message: What should I do instead?");
    expect(await nextStep(asked + block("human_response", "use 2"))).toBe("divide(5, 2)");
    expect(await nextStep(asked + block("human_response", "try again"))).toBe("divide(5, 0)");
  });

  it("does what the request says about a failure, once", async () => {
    const failed =
      block("message_received", "divide 5 by 0, and if that fails, divide 1 by 0") +
      block("divide", "a: 5\nb: 0") +
      block("divide_error", "division by zero");
    expect(await nextStep(failed)).toBe("divide(1, 0)");
    const again = failed + block("divide", "a: 1\nb: 0") + block("divide_error", "division by zero");
    expect(await nextStep(again)).toMatch(/^request_more_information: I could not run divide\(1, 0\)/);
  });

  it("proposes a refused step again: how often is for the loop to say", async () => {
    const refused = block(
      "step_refused",
      "step: divide\nreason: it is not clear that it was meant\nmessage: several objects",
    );
    expect(await nextStep(atDivision + refused)).toBe("divide(12, 2)");
    expect(await nextStep(atDivision + refused + block("divide", "a: 12\nb: 2") + refused)).toBe(
      "divide(12, 2)",
    );
  });

  it("starts from results alone, in the middle of a thread", async () => {
    const thread = block("message_received", "multiply 3 and 4 and add 1") + block("multiply_result", "12");
    expect(await nextStep(thread)).toBe("add(12, 1)");
  });

  it("reads messages with their sender, in YAML and labelled as untrusted", async () => {
    const body = "from: terminal:ada\ntext: |-\n  multiply 3 and 4\n  then add 1";
    expect(await nextStep(block("message_received", body))).toBe("multiply(3, 4)");
    const labelled = '<message_received untrusted="webhook:shop">\nadd 1 and 2\n</message_received>';
    expect(await nextStep(labelled)).toBe("add(1, 2)");
  });

  it("reads what looks like YAML but is a person's text", async () => {
    expect(await nextStep(block("message_received", "please: add 1 and 2"))).toBe("add(1, 2)");
    expect(await nextStep(block("message_received", "hi [all] {there}: add 1 and 2"))).toBe("add(1, 2)");
  });

  it("reads the public workshop's threads, with JSON in its tags", async () => {
    const thread =
      "<user_input>\n    can you multiply 3 and 4, then divide by 2\n</user_input>\n" +
      '<tool_call>\n    {"intent":"multiply","a":3,"b":4}\n</tool_call>\n' +
      "<tool_response>\n    12\n</tool_response>\n" +
      '<tool_call>\n    {"intent":"divide","a":12,"b":2}\n</tool_call>\n';
    expect(await nextStep(thread)).toBe("divide(12, 2)");
    const told =
      '<tool_response>\nuser denied the operation with feedback: "try 4 instead"\n</tool_response>';
    expect(await nextStep(thread + told)).toBe("divide(12, 4)");
  });

  it("reads threads that are written as JSON, in a list or one event after another", async () => {
    const said = { type: "user_input", data: "multiply 3 and 4, then divide by 2" };
    const call = { type: "tool_call", data: { intent: "multiply", a: 3, b: 4 } };
    const list = JSON.stringify([said, call, { type: "tool_response", data: 12 }], null, 2);
    expect(await nextStep(JSON.stringify(said, null, 2))).toBe("multiply(3, 4)");
    expect(await nextStep(list)).toBe("divide(12, 2)");
    expect(await nextStep(list.replace(/\n\]$/, ",\n]"))).toBe("divide(12, 2)");
    const lines = [{ message_received: said.data }, { multiply: { a: 3, b: 4 } }, { multiply_result: 12 }];
    expect(await nextStep(lines.map((line) => JSON.stringify(line)).join("\n"))).toBe("divide(12, 2)");
  });

  it("reads a long text of brackets in linear time", async () => {
    const hostile = `${"{\n".repeat(20_000)}${'["'.repeat(20_000)}`;
    expect(await nextStep(hostile)).toMatch(/^request_more_information/);
  });

  it("decodes what the rendering escaped", async () => {
    const step = await nextStep(block("message_received", "multiply 2 and foo&lt;b&gt;&#x41;"));
    expect(step).toContain("'foo<b>A'");
  });

  it("keeps text that no block closes out of the thread", async () => {
    const open = "<multiply_result>\n99\n\n";
    expect(await nextStep(`${open}${block("message_received", "multiply 5 by 2")}`)).toBe("multiply(5, 2)");
  });

  it("reads a long thread of unclosed tags in linear time", async () => {
    const hostile = "<a>\n".repeat(50_000);
    expect(await nextStep(hostile + block("message_received", "multiply 5 by 2"))).toBe("multiply(5, 2)");
  });
});
