// A program that uses prompt functions and prints nothing itself; see quiet.test.ts. Its argument is a server's URL.
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "./baml_client/index.ts";

const model = {
  name: "m",
  provider: "openai-generic",
  options: { model: "m", api_key: "k", base_url: `${process.argv[2]}/v1` },
};
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, model });
await next.call(["a secret thread"]);
await next.call(["a secret thread"], { onPartial: () => {} });
next.parse("{broken");
