export const tools = [
  {
    type: "function",
    function: {
      name: "add",
      description: "adds two numbers",
      parameters: {
        type: "object",
        properties: { a: { type: "number" }, b: { type: "number" } },
        required: ["a", "b"],
      },
    },
  },
];

/** A loop of one's own: nothing is kept, checked or tried again. */
export async function prepare({ baseURL }) {
  return {
    title: "a loop over `fetch`, in memory",
    async run(message) {
      let calls = 0;
      const messages = [{ role: "user", content: message }];
      for (;;) {
        const response = await fetch(`${baseURL}/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "instant", messages, tools }),
        });
        const answer = (await response.json()).choices[0].message;
        messages.push(answer);
        if (answer.tool_calls === undefined) return calls;
        for (const call of answer.tool_calls) {
          const { a, b } = JSON.parse(call.function.arguments);
          calls += 1;
          messages.push({ role: "tool", tool_call_id: call.id, content: String(a + b) });
        }
      }
    },
  };
}
