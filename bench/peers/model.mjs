// A model in a process of its own that answers at once: a request whose text holds `run-ID steps-N` is the ID's next. The first N are
// answered with an addition, the one after them with the end: as a tool call where the request offers tools, else as JSON.
import { createServer } from "node:http";

const counts = new Map();

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const text = Buffer.concat(chunks).toString();
    const [, run = "", steps = "0"] = /run-([A-Za-z0-9_-]+) steps-(\d+)/.exec(text) ?? [];
    const count = (counts.get(run) ?? 0) + 1;
    counts.set(run, count);
    const done = count > Number(steps);
    const choice = text.includes('"tools":') ? asToolCall(count, done) : asJson(count, done);
    const streamed = /"stream": ?true/.test(text);
    const body = (streamed ? asStream : asWhole)(`chatcmpl-${count}`, choice);
    response.writeHead(200, {
      "content-type": streamed ? "text/event-stream" : "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});

const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

function asWhole(id, choice) {
  const head = { id, object: "chat.completion", created: 0, model: "instant" };
  return JSON.stringify({ ...head, choices: [{ index: 0, ...choice }], usage });
}

/** The same in two parts, as a model streams it. */
function asStream(id, { finish_reason, message }) {
  const head = { id, object: "chat.completion.chunk", created: 0, model: "instant" };
  const tool_calls = message.tool_calls?.map((call, index) => ({ index, ...call }));
  const parts = [
    { ...head, choices: [{ index: 0, delta: { ...message, tool_calls }, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason }], usage },
  ];
  return `${parts.map((part) => `data: ${JSON.stringify(part)}\n\n`).join("")}data: [DONE]\n\n`;
}

function asToolCall(count, done) {
  if (done) return { finish_reason: "stop", message: { role: "assistant", content: "all is added" } };
  const call = { name: "add", arguments: JSON.stringify({ a: count, b: count / 2 }) };
  const tool_calls = [{ id: `call_${count}`, type: "function", function: call }];
  return { finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls } };
}

function asJson(count, done) {
  const step = done
    ? { intent: "done_for_now", message: "all is added" }
    : { intent: "add", a: count, b: count / 2 };
  return { finish_reason: "stop", message: { role: "assistant", content: JSON.stringify(step) } };
}

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
