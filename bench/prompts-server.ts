// An instant model in a process of its own, for bench/prompts.bench.ts. Prints its port, ends with its parent.
import { createServer } from "node:http";

const content = '{"intent":"multiply","a":3,"b":4}';
const body = JSON.stringify({
  id: "1",
  object: "chat.completion",
  created: 0,
  model: "instant",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
});
const head = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.writeHead(200, head).end(body));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.(address.port);
});
process.on("disconnect", () => process.exit());
