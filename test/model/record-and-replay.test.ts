import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ModelServer,
  startOfflineModel,
  startRecordingModel,
  startReplayingModel,
  startScriptedModel,
} from "../../src/model/index.ts";
import { ask, chatBody, contentOf, post } from "./ask-model.ts";

describe("recording and replaying models", () => {
  let folder = "";
  let file = "";
  const open: { close(): Promise<void> }[] = [];
  const started = <T extends ModelServer>(model: T): T => {
    open.push(model);
    return model;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "twelvefold-recording-"));
    file = join(folder, "deep", "calls.jsonl");
  });
  afterEach(async () => {
    for (const model of open.splice(0)) await model.close();
    await rm(folder, { recursive: true });
  });

  it("replays what was recorded, byte for byte, streams too", { tags: "E3" }, async () => {
    const upstream = started(await startOfflineModel());
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    const bodies = [
      chatBody("hello"),
      chatBody("hello", { stream: true, stream_options: { include_usage: true } }),
    ];
    const recorded: string[] = [];
    for (const body of bodies) recorded.push(await (await post(recorder, body)).text());
    const models = await (await fetch(`${recorder.url}/models`)).text();

    const replayer = started(await startReplayingModel({ file }));
    expect(replayer.leftovers()).toHaveLength(3);
    for (const [at, body] of [...bodies.entries()].reverse()) {
      const response = await post(replayer, body);
      expect(await response.text()).toBe(recorded[at]);
      expect(response.headers.get("content-type")).toMatch(at === 0 ? /json/ : /event-stream/);
    }
    expect(await (await fetch(`${replayer.url}/models`)).text()).toBe(models);
    expect(replayer.leftovers()).toEqual([]);
  });

  it("a place that cannot be written to is refused as an argument, and named", { tags: "E3" }, async () => {
    const taken = join(folder, "taken");
    await writeFile(taken, "");
    for (const place of [taken, join(taken, "deep"), join(taken, "calls.jsonl")]) {
      const recorder = startRecordingModel({ upstream: "http://127.0.0.1:9/v1", file: place });
      await expect(recorder).rejects.toMatchObject({
        code: "invalid_argument",
        message: expect.stringContaining(`cannot write a recording to ${place}: `),
      });
    }
  });

  it("replays repeats in their order and refuses one more", { tags: "E3" }, async () => {
    const upstream = started(await startScriptedModel(["one", "two"]));
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    for (const _ of [1, 2]) await ask(recorder, "again?");
    const replayer = started(await startReplayingModel({ file }));
    expect(await ask(replayer, "again?")).toBe("one");
    expect(await ask(replayer, "again?")).toBe("two");
    const third = await post(replayer, chatBody("again?"));
    expect(third.status).toBe(404);
    expect(await third.text()).toContain("recorded only 2 times but came again");
  });

  it("finds a request whose fields come in another order", async () => {
    const upstream = started(await startScriptedModel(["one"]));
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    await post(recorder, '{"model":"m","messages":[{"role":"user","content":"x"}]}').then((response) =>
      response.text(),
    );
    const replayer = started(await startReplayingModel({ file }));
    const turned = await post(replayer, '{"messages":[{"content":"x","role":"user"}],"model":"m"}');
    expect(contentOf(await turned.text())).toBe("one");
  });

  it("names the nearest recorded request and where it differs", { tags: "E3" }, async () => {
    const upstream = started(await startScriptedModel(["one", "two"]));
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    await ask(recorder, "what is the weather in Berlin?");
    await ask(recorder, "tell me a story");
    const replayer = started(await startReplayingModel({ file }));
    const miss = await post(replayer, chatBody("what is the weather in Bern?"));
    expect(miss.status).toBe(404);
    const { error } = JSON.parse(await miss.text());
    expect(error.code).toBe("unrecorded_request");
    expect(error.message).toMatch(/differ from character \d+: recorded ".*Berlin.*sent ".*Bern\?/);
  });

  it("passes credentials on and writes none of them", { tags: "S3" }, async () => {
    const seen: string[] = [];
    const upstream = await startEcho(seen);
    const recorder = started(await startRecordingModel({ upstream: `${upstream.url}/v1`, file }));
    const key = "sk-secret-0123456789";
    const response = await fetch(`${recorder.url}/chat/completions?key=${key}&alt=sse`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "x-api-key": "another-secret-key",
        cookie: "session=cookie-value",
      },
      body: chatBody(`is ${key} my key?`),
    });
    expect(response.status).toBe(401);
    expect(await response.text()).toContain(key);
    expect(seen).toEqual([`/v1/chat/completions?key=${key}&alt=sse Bearer ${key} another-secret-key`]);
    const written = await readFile(file, "utf8");
    for (const secret of [key, "another-secret-key", "cookie-value"]) expect(written).not.toContain(secret);
    expect(written).toContain("[redacted]");
    expect(written).toContain('"path":"/chat/completions?alt=sse"');
    await upstream.close();

    const replayer = started(await startReplayingModel({ file }));
    const again = await fetch(`${replayer.url}/chat/completions?alt=sse`, {
      method: "POST",
      headers: { authorization: "Bearer sk-other-key-99999" },
      body: chatBody("is sk-other-key-99999 my key?"),
    });
    expect(again.status).toBe(401);
  });

  it("passes secrets in bodies on and writes none of them: by name, by form, and across the pieces of a stream", {
    tags: ["E3", "S3"],
  }, async () => {
    const secrets = [
      "sk-proj-abcdefghij0123456789",
      "hunter2hunter2",
      "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    ];
    const [key = "", password = "", token = ""] = secrets;
    const piece = (content: string) => ({ id: "c-1", choices: [{ index: 0, delta: { content } }] });
    const half = token.length / 2;
    const stream = [piece("it is "), piece(token.slice(0, half)), piece(token.slice(half)), piece(", ok")];
    const google = [{ candidates: [{ content: { parts: [{ text: `key ${key.slice(0, 9)}` }] } }] }];
    const answers: [type: string, body: string][] = [
      ["application/json", JSON.stringify({ error: { message: `Incorrect API key provided: ${key}.` } })],
      [
        "text/event-stream",
        `${stream.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}data: [DONE]\n\n`,
      ],
      [
        "application/json",
        JSON.stringify([...google, { candidates: [{ content: { parts: [{ text: key.slice(9) }] } }] }]),
      ],
      [
        "application/json",
        `{ "logprobs": [{"token": "Hi", "logprob": -1}], "usage": {"total_tokens": 12345678} }`,
      ],
      ["text/html", `<p>token ${token}</p>`],
    ];
    const upstream = await startServer((_, response) => {
      const [type, body] = answers.shift() ?? ["text/plain", ""];
      response.setHeader("content-type", type).end(body);
    });
    open.push(upstream);
    const expected = answers.map(([, body]) => body);
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    const body = chatBody(`it is ${token}`, { api_key: key, login: { password }, max_tokens: 100 });
    for (const answer of expected) expect(await (await post(recorder, body)).text()).toBe(answer);
    const written = await readFile(file, "utf8");
    for (const secret of secrets) expect(written).not.toContain(secret);
    for (const part of [token.slice(0, half), token.slice(half), key.slice(9)])
      expect(written).not.toContain(part);

    const replayer = started(await startReplayingModel({ file }));
    const replayed: string[] = [];
    for (const _ of expected) replayed.push(await (await post(replayer, body)).text());
    expect(replayed[0]).toContain("Incorrect API key provided: [key removed].");
    const said = replayed[1]
      ?.split("\n")
      .flatMap((line) => (line.startsWith("data: {") ? JSON.parse(line.slice(6)) : []));
    expect(said?.map((one) => one.choices[0].delta.content).join("")).toBe("it is [key removed], ok");
    expect(replayed[2]).toContain('"key [key removed]"');
    // What only looks like one by its name is none.
    expect(replayed[3]).toBe(expected[3]);
    expect(replayed[4]).toBe("<p>token [key removed]</p>");
  });

  it("a recording that holds secrets, as of an earlier release, is found all the same", {
    tags: "E3",
  }, async () => {
    const key = "sk-proj-abcdefghij0123456789";
    const upstream = started(await startScriptedModel(["one"]));
    const recorder = started(await startRecordingModel({ upstream: upstream.url, file }));
    await ask(recorder, "which?");
    const kept = await readFile(file, "utf8");
    await writeFile(file, kept.replace("which?", `is it ${key}?`));
    const replayer = started(await startReplayingModel({ file }));
    expect(await ask(replayer, `is it ${key}?`)).toBe("one");
  });

  it("passes a stream on as it comes, and records it only once it is whole", async () => {
    let finish: (() => void) | undefined;
    const upstream = await startServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      finish = () => response.end("data: second\n\n");
    });
    const recorder = started(await startRecordingModel({ upstream: `${upstream.url}/v1`, file }));
    const response = await post(recorder, chatBody("x", { stream: true }));
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: first\n\n");
    await expect(readFile(file, "utf8")).rejects.toThrow("ENOENT");
    finish?.();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: second\n\n");
    expect((await reader?.read())?.done).toBe(true);
    expect(JSON.parse(await readFile(file, "utf8")).response.body).toBe("data: first\n\ndata: second\n\n");
    await upstream.close();
  });

  it("does not record an answer that is cut off, and cuts its own", async () => {
    const upstream = await startServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.write("{", () => response.destroy());
    });
    const recorder = started(await startRecordingModel({ upstream: `${upstream.url}/v1`, file }));
    await expect(post(recorder, chatBody("x")).then((response) => response.text())).rejects.toThrow();
    await expect(readFile(file, "utf8")).rejects.toThrow("ENOENT");
    await upstream.close();
  });

  it("answers 502 for a provider that cannot be reached, and follows no redirect", async () => {
    const elsewhere = await startServer((_request, response) => {
      response.writeHead(307, { location: "http://127.0.0.1:9/v1/chat/completions" });
      response.end();
    });
    const recorder = started(await startRecordingModel({ upstream: `${elsewhere.url}/v1`, file }));
    expect((await post(recorder, chatBody("x"))).status).toBe(502);
    await elsewhere.close();
    expect((await post(recorder, chatBody("x"))).status).toBe(502);
  });

  it("writes readable files to a folder: request, head and body of each exchange, and replays them", {
    tags: "E3",
  }, async () => {
    const upstream = started(await startOfflineModel());
    const place = join(folder, "recordings");
    const names: string[] = [];
    const onRecorded = (_: unknown, name: string) => void names.push(name);
    const first = await startRecordingModel({ upstream: upstream.url, file: place, onRecorded });
    const plain = await (await post(first, chatBody("hello"))).text();
    await first.close();
    // Another one goes on where the first ended.
    const second = started(await startRecordingModel({ upstream: upstream.url, file: place, onRecorded }));
    const streamed = await (await post(second, chatBody("hello", { stream: true }))).text();
    expect(names).toEqual(["0001-chat-completions.json", "0002-chat-completions.json"]);
    expect(await readFile(join(place, "0001-chat-completions.answer.json"), "utf8")).toBe(plain);
    expect(await readFile(join(place, "0002-chat-completions.answer.sse"), "utf8")).toBe(streamed);
    const kept = await readFile(join(place, "0001-chat-completions.json"), "utf8");
    expect(kept).toContain('"content": "hello"');
    expect(kept).not.toContain("sk-secret");

    const told: (string | undefined)[] = [];
    const onRequest = (_: unknown, problem: string | undefined) => void told.push(problem);
    const replayer = started(await startReplayingModel({ file: place, onRequest }));
    expect(await (await post(replayer, chatBody("hello", { stream: true }))).text()).toBe(streamed);
    expect(await (await post(replayer, chatBody("hello"))).text()).toBe(plain);
    expect((await post(replayer, chatBody("hallo\nworld"))).status).toBe(404);
    expect(told.slice(0, 2)).toEqual([undefined, undefined]);
    expect(told[2]?.split("\n")).toEqual(expect.arrayContaining(["-hello", "+hallo", "+world"]));
    // A body is looked for in the folder alone.
    await writeFile(
      join(place, "0001-chat-completions.json"),
      kept.replace("0001-chat-completions.answer.json", "../0001-chat-completions.answer.json"),
    );
    await expect(startReplayingModel({ file: place })).rejects.toThrow("not a recorded call");
  });

  it.each([
    ["/v1/messages", "event: message_start\ndata: {}\n\nevent: message_stop\ndata: {}\n\n"],
    ["/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse", 'data: {"candidates":[]}\n\n'],
  ])("%s passes through and comes back, whatever its shape", { tags: "E3" }, async (path, stream) => {
    const upstream = createServer((request, response) => {
      const isKeyed =
        request.headers["x-api-key"] === "secret-key-1" && request.headers["anthropic-version"] !== undefined;
      response.writeHead(isKeyed ? 200 : 401, { "content-type": "text/event-stream" }).end(stream);
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const address = upstream.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const place = join(folder, "shapes");
    const recorder = started(
      await startRecordingModel({ upstream: `http://127.0.0.1:${port}/v1`, file: place }),
    );
    const send = (base: string) =>
      fetch(`${base.replace(/\/v1$/, "")}${path}${path.includes("?") ? "&key=secret-key-1" : ""}`, {
        method: "POST",
        headers: { "x-api-key": "secret-key-1", "anthropic-version": "2023-06-01" },
        body: JSON.stringify({ contents: [{ parts: [{ text: "hi" }] }] }),
      });
    const recorded = await send(recorder.url);
    expect([recorded.status, await recorded.text()]).toEqual([200, stream]);
    upstream.close();
    for (const name of await readdir(place))
      expect(await readFile(join(place, name), "utf8")).not.toContain("secret-key");
    const replayer = started(await startReplayingModel({ file: place }));
    expect(await (await send(replayer.url)).text()).toBe(stream);
  });

  it("says which line of a file is no recording", async () => {
    await expect(startReplayingModel({ file })).rejects.toMatchObject({ code: "invalid_configuration" });
    const bad = join(folder, "bad.jsonl");
    await writeFile(bad, "\n");
    await appendFile(bad, '{"v":1}\n');
    await expect(startReplayingModel({ file: bad })).rejects.toThrow(/bad\.jsonl, line 2/);
  });
});

type Handler = Parameters<typeof createServer>[1];

async function startServer(handler: Handler): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Refuses every key, and repeats it in the error as some providers do. */
function startEcho(seen: string[]): Promise<{ url: string; close(): Promise<void> }> {
  return startServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization} ${request.headers["x-api-key"]}`);
    response.writeHead(401, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ error: { message: `Incorrect API key: ${request.headers.authorization}` } }),
    );
  });
}
