import { randomUUID } from "node:crypto";
import {
  acceptedContent,
  completable,
  type InputRequests,
  inputRequired,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/*
 * What the conformance suite of MCP expects under fixed names, beside the agents, on the same server: what a request and its
 * answer pass on their way through the product is then tried with every kind of content.
 */

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";
const text = (words: string) => ({ type: "text" as const, text: words });
const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
const resource = (uri: string, mimeType: string, words: string) => ({
  type: "resource" as const,
  resource: { uri, mimeType, text: words },
});
const say = (...content: (ReturnType<typeof text> | typeof image | ReturnType<typeof resource>)[]) => ({
  content,
});
const user = (content: ReturnType<typeof text> | typeof image | ReturnType<typeof resource>) => ({
  role: "user" as const,
  content,
});

const field = (message: string, name: string) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [name]: { type: "string" } }, required: [name] },
  });
const CONFIRM = inputRequired.elicit({
  message: "Please confirm",
  requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
});
const question = (words: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: text(words) }], maxTokens });

/** Registers the suite's tools, resources and prompts. */
export function addFixtures(server: McpServer, states: Set<string>): void {
  const listChanged = false;
  server.server.registerCapabilities({ prompts: { listChanged }, resources: { listChanged } });
  addTools(server);
  addQuestions(server, states);
  addResources(server);
  addPrompts(server);
}

function addTools(server: McpServer): void {
  const tool = (
    name: string,
    run: (ctx: ServerContext) => ReturnType<typeof say> | Promise<ReturnType<typeof say>>,
  ) => server.registerTool(name, { description: `The suite's ${name}` }, run);
  tool("test_simple_text", () => say(text("This is a simple text response for testing.")));
  tool("test_image_content", () => say(image));
  server.registerTool("test_audio_content", { description: "The suite's test_audio_content" }, () => ({
    content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  }));
  tool("test_embedded_resource", () =>
    say(resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")),
  );
  tool("test_multiple_content_types", () =>
    say(
      text("Multiple content types test:"),
      image,
      resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ),
  );
  tool("test_error_handling", () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  tool("test_tool_with_progress", async ({ mcpReq }) => {
    const progressToken = z.union([z.string(), z.number()]).safeParse(mcpReq._meta?.progressToken).data;
    if (progressToken !== undefined)
      for (const progress of [0, 50, 100])
        await mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress, total: 100 },
        });
    return say(text("done"));
  });
  tool("test_logging_tool", () => say(text("nothing to log")));
}

function capabilitiesOf({ mcpReq }: ServerContext): Record<string, unknown> {
  return Object(Reflect.get(Object(mcpReq.envelope), "io.modelcontextprotocol/clientCapabilities"));
}

function addQuestions(server: McpServer, states: Set<string>): void {
  const make = (words: string) => {
    const state = `${words}.${randomUUID()}`;
    states.add(state);
    return state;
  };
  const check = (ctx: ServerContext): string => {
    const state: unknown = ctx.mcpReq.requestState();
    if (typeof state !== "string" || !states.delete(state))
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, "this state is not known");
    return state;
  };
  const tool = (
    name: string,
    run: (ctx: ServerContext, given: Record<string, unknown> | undefined) => unknown,
  ) =>
    server.registerTool(name, { description: `The suite's ${name}` }, async (ctx) =>
      answer.parse(await run(ctx, ctx.mcpReq.inputResponses)),
    );
  const ask = (inputRequests: InputRequests, requestState?: string) =>
    inputRequired({ inputRequests, ...(requestState === undefined ? {} : { requestState }) });

  tool("test_input_required_result_elicitation", (_ctx, given) => {
    const name = acceptedContent(given, "user_name")?.["name"];
    return name === undefined
      ? ask({ user_name: field("What is your name?", "name") })
      : say(text(`Hello, ${String(name)}!`));
  });
  // Asks what a client must be able to do: the server refuses it for one that is not.
  tool("test_missing_capability", () => ask({ greeting: question("Generate a greeting", 50) }));
  tool("test_streaming_elicitation", () => ask({ user_name: field("What is your name?", "name") }));
  tool("test_input_required_result_sampling", (_ctx, given) =>
    given?.["capital_question"] === undefined
      ? ask({ capital_question: question("What is the capital of France?", 100) })
      : say(text(JSON.stringify(given["capital_question"]))),
  );
  tool("test_input_required_result_list_roots", (_ctx, given) =>
    given?.["client_roots"] === undefined
      ? ask({ client_roots: inputRequired.listRoots() })
      : say(text(JSON.stringify(given["client_roots"]))),
  );
  for (const name of [
    "test_input_required_result_request_state",
    "test_input_required_result_tampered_state",
  ])
    tool(name, (ctx, given) => {
      if (given === undefined) return ask({ confirm: CONFIRM }, make("confirm"));
      check(ctx);
      return say(text("state-ok"));
    });
  tool("test_input_required_result_multiple_inputs", (ctx, given) => {
    if (given === undefined)
      return ask(
        {
          user_name: field("What is your name?", "name"),
          greeting: question("Generate a greeting", 50),
          client_roots: inputRequired.listRoots(),
        },
        make("multiple"),
      );
    check(ctx);
    return say(text("all there"));
  });
  tool("test_input_required_result_multi_round", (ctx, given) => {
    if (given === undefined)
      return ask({ step1: field("Step 1: What is your name?", "name") }, make("first"));
    return check(ctx).startsWith("first")
      ? ask({ step2: field("Step 2: What is your favorite color?", "color") }, make("second"))
      : say(text("both there"));
  });
  tool("test_input_required_result_capabilities", (ctx, given) => {
    if (given !== undefined) return say(text("there"));
    const { sampling, elicitation } = capabilitiesOf(ctx);
    return ask({
      ...(sampling === undefined ? {} : { greeting: question("Generate a greeting", 50) }),
      ...(elicitation === undefined ? {} : { user_name: field("What is your name?", "name") }),
    });
  });
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "The suite's prompt that asks" },
    (ctx) => {
      const context = acceptedContent(ctx.mcpReq.inputResponses, "user_context")?.["context"];
      if (context === undefined)
        return ask({ user_context: field("What context should the prompt use?", "context") });
      return { messages: [user(text(`With ${String(context)}`))] };
    },
  );
}

const answer = z.custom<ReturnType<typeof say> | ReturnType<typeof inputRequired>>(
  (value) => typeof value === "object" && value !== null,
);

function addResources(server: McpServer): void {
  const plain = "This is the content of the static text resource.";
  server.registerResource(
    "static-text",
    "test://static-text",
    { description: "A text", mimeType: "text/plain" },
    ({ href }) => ({ contents: [{ uri: href, mimeType: "text/plain", text: plain }] }),
  );
  server.registerResource(
    "static-binary",
    "test://static-binary",
    { description: "A picture", mimeType: "image/png" },
    ({ href }) => ({ contents: [{ uri: href, mimeType: "image/png", blob: PNG }] }),
  );
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "Data by id", mimeType: "application/json" },
    ({ href }, { id }) => {
      const data = { id: String(id), templateTest: true, data: `Data for ID: ${String(id)}` };
      return { contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify(data) }] };
    },
  );
}

function addPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "A plain one" }, () => ({
    messages: [user(text("This is a simple prompt for testing."))],
  }));
  const argument = completable(z.string().describe("A test argument"), (begun) =>
    ["paris", "park", "party"].filter((word) => word.startsWith(begun)),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "One with arguments", argsSchema: z.object({ arg1: argument, arg2: z.string() }) },
    ({ arg1, arg2 }) => ({
      messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "One with a resource", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [
        user(resource(resourceUri, "text/plain", "Embedded resource content for testing.")),
        user(text("Please process the embedded resource above.")),
      ],
    }),
  );
  server.registerPrompt("test_prompt_with_image", { description: "One with a picture" }, () => ({
    messages: [user(image), user(text("Please analyze the image above."))],
  }));
}
