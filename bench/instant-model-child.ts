/*
 * A model that answers at once, in a process of its own. A request whose text holds `run-ID steps-N` is the ID's next:
 * the first N are answered with an addition, the one after them with the end. Prints its port.
 */
import { createServer } from "node:http";

const RUN = /run-([A-Za-z0-9_-]+) steps-(\d+)/;
const counts = new Map<string, number>();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const [, run = "", steps = "0"] = RUN.exec(Buffer.concat(chunks).toString()) ?? [];
    const count = (counts.get(run) ?? 0) + 1;
    counts.set(run, count);
    const step =
      count <= Number(steps)
        ? { intent: "add", a: count, b: count / 2 }
        : { intent: "done_for_now", message: "all is added" };
    if (count > Number(steps)) counts.delete(run);
    const body = JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 0,
      model: "instant",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: JSON.stringify(step, null, 2) },
        },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    });
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();
