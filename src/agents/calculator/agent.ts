import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import { askHuman, defineAgent, finish, promptFunction, tool } from "../../index.ts";

/** Arithmetic, one operation a step. Dividing needs a person's approval, to show how that works. */
export const calculator = defineAgent(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
  name: "calculator",
  description: "Does arithmetic step by step; asks before it divides.",
  steps: {
    add: tool(({ a, b }) => a + b, { readOnly: true }),
    subtract: tool(({ a, b }) => a - b, { readOnly: true }),
    multiply: tool(({ a, b }) => a * b, { readOnly: true }),
    divide: tool(({ a, b }) => divide(a, b), { readOnly: true, approval: "always", version: "1" }),
    request_more_information: askHuman(({ message }) => message),
    done_for_now: finish(({ message }) => message),
  },
});

function divide(a: number, b: number): number {
  if (b === 0) throw new RangeError("division by zero");
  return a / b;
}
