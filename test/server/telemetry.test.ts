import {
  type Attributes,
  type Context,
  type Exception,
  INVALID_SPAN_CONTEXT,
  type Link,
  type Span,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serverLog } from "../../src/server/pino-log.ts";
import { problemLog } from "../../src/server/problem-log.ts";
import { startServer } from "../../src/server/start.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { traceRuns } from "../../src/telemetry/telemetry.ts";
import { afterwards, serve } from "./serve.ts";

class Recorded implements Span {
  readonly name: string;
  readonly parent: string | undefined;
  readonly options: SpanOptions;
  attributes: Attributes;
  status: SpanStatus | undefined;
  ended: TimeInput | undefined;
  ends = 0;
  constructor(name: string, options: SpanOptions, parent: string | undefined) {
    this.name = name;
    this.options = options;
    this.parent = parent;
    this.attributes = options.attributes ?? {};
  }
  spanContext() {
    return INVALID_SPAN_CONTEXT;
  }
  setAttribute(key: string, value: Attributes[string]) {
    if (value !== undefined) this.attributes = { ...this.attributes, [key]: value };
    return this;
  }
  setAttributes(attributes: Attributes) {
    this.attributes = { ...this.attributes, ...attributes };
    return this;
  }
  addEvent() {
    return this;
  }
  addLink(_: Link) {
    return this;
  }
  addLinks(_: Link[]) {
    return this;
  }
  setStatus(status: SpanStatus) {
    this.status = status;
    return this;
  }
  updateName() {
    return this;
  }
  end(time?: TimeInput) {
    this.ended = time;
    this.ends += 1;
  }
  isRecording() {
    return true;
  }
  recordException(_: Exception) {}
}

function recordingTracer() {
  const spans: Recorded[] = [];
  const tracer: Tracer = {
    startSpan(name: string, options: SpanOptions = {}, context?: Context) {
      const parent = context === undefined ? undefined : trace.getSpan(context);
      const span = new Recorded(name, options, parent instanceof Recorded ? parent.name : undefined);
      spans.push(span);
      return span;
    },
    startActiveSpan() {
      throw new Error("not used");
    },
  };
  return { tracer, spans };
}

describe("traces", () => {
  it("a run, its model calls and its tools are spans with the GenAI names, and hold no content", {
    tags: "F8.5",
  }, async () => {
    const { tracer, spans } = recordingTracer();
    const { launch, runtime } = serve({
      script: [
        { intent: "add", a: 1, b: 2 },
        { intent: "fail", message: "secret detail" },
        { intent: "ask", message: "secret question" },
      ],
    });
    runtime.subscribe(traceRuns(tracer));
    const { threadId } = await launch("secret message");
    expect(spans.map(({ name, parent }) => `${name} in ${parent}`)).toEqual([
      "invoke_agent example in undefined",
      "chat scripted in invoke_agent example",
      "execute_tool add in invoke_agent example",
      "chat scripted in invoke_agent example",
      "execute_tool fail in invoke_agent example",
      "chat scripted in invoke_agent example",
    ]);
    expect(spans.every(({ ends }) => ends === 1)).toBe(true);
    expect(spans[0]?.attributes).toEqual({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "example",
      "gen_ai.conversation.id": threadId,
      "twelvefold.status": "awaiting_human",
    });
    expect(spans[2]?.attributes).toMatchObject({
      "gen_ai.tool.name": "add",
      "gen_ai.tool.call.id": "call_3",
    });
    expect(spans[2]?.status).toBeUndefined();
    expect(spans[4]?.status).toMatchObject({ message: "Error" });
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  it("does nothing where no tracer is set up", { tags: "F8.5" }, async () => {
    const { launch, runtime } = serve({ script: [{ intent: "done", message: "ok" }] });
    runtime.subscribe(traceRuns());
    expect((await launch()).thread.state.status.kind).toBe("finished");
  });
});

describe("logs", () => {
  it("without pino, faults are one line each, and nothing in them looks like a secret", {
    tags: "F8.5",
  }, () => {
    const lines: string[] = [];
    const log = problemLog((line) => lines.push(line));
    log.info({ url: "http://127.0.0.1" }, "listening");
    log.error(
      { requestId: "r1", err: new Error("down:\nkey sk-abcdefghijklmnop1234567890") },
      "request failed",
    );
    log.error({ trigger: "daily" }, "cron trigger failed");
    expect(lines).toEqual([
      "request failed (requestId r1): Error: down: key [key removed]",
      "cron trigger failed (trigger daily)",
    ]);
    expect(lines.join("")).not.toContain("sk-abcdefgh");
  });

  it("requests and problems are JSON lines, and nothing in them looks like a secret", {
    tags: "F8.5",
  }, async () => {
    const lines: string[] = [];
    const log = serverLog({ destination: { write: (line) => void lines.push(line) } });
    const { runtime, store } = serve({});
    const broken: ThreadStore = {
      ...store,
      list: () =>
        Promise.reject(
          new Error("connect postgres://app:hunter2222@db failed, key sk-abcdefghijklmnop1234567890"),
        ),
    };
    const server = await startServer({ runtime: { ...runtime, list: broken.list }, port: 0, log });
    afterwards(() => server.close());
    const answer = await fetch(`${server.url}/threads`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    const problem = z.object({ detail: z.string(), instance: z.string() }).parse(await answer.json());
    expect(answer.status).toBe(500);
    expect(problem.detail).not.toContain("postgres");
    const records = lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
    const failed = records.find(({ msg }) => msg === "request failed");
    expect(problem.instance).toBe(`urn:request:${failed?.["requestId"]}`);
    expect(failed?.["err"]).toMatchObject({ name: "Error" });
    expect(records.find(({ msg }) => msg === "request")).toMatchObject({
      method: "GET",
      route: "/threads",
      status: 500,
    });
    expect(lines.join("")).not.toContain("sk-abcdefghijklmnop1234567890");
  });
});
