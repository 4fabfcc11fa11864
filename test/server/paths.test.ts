import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseThreadId } from "../../src/base/ids.ts";
import { escapeXml } from "../../src/present/escape-xml.ts";
import { exportHtml, exportMarkdown } from "../../src/present/export.ts";
import { threadGraph, toMermaid } from "../../src/present/graph.ts";
import { toSvg } from "../../src/present/graph-svg.ts";
import { threadOf } from "../../src/thread/thread.ts";
import { anyText } from "../any-text.ts";
import { propertyRuns } from "../property-runs.ts";
import { serve } from "./serve.ts";

const HOSTILE = '</text></svg><script>alert(1)</script>"]; click e1 "javascript:x"\n```\n# forged';

async function taken(message = "divide") {
  const served = serve({
    script: [
      { intent: "add", a: 1, b: 2 },
      { intent: "fail", message: HOSTILE },
      { intent: "divide", a: 12, b: 2 },
      { intent: "done", message: HOSTILE },
    ],
  });
  const { threadId } = await served.launch(message);
  const [request] = (await served.call("/requests")).body.requests;
  await served.call(`/requests/${request.requestId}/response`, {
    body: { decision: { kind: "approved" }, digest: request.approval.digest },
  });
  const thread = await served.runtime.settled(threadId);
  return { ...served, thread, threadId };
}

async function waiting() {
  const add = { intent: "add", a: 1, b: 2 } as const;
  const served = serve({ script: [add, add, { intent: "divide", a: 12, b: 2 }] });
  const { threadId } = await served.launch("divide");
  return served.runtime.settled(threadId);
}

describe("the path that was taken", () => {
  it("is a graph of what happened, in order, with its outcomes", { tags: "F0.4" }, async () => {
    const { thread } = await taken();
    const { nodes, edges } = threadGraph(thread);
    expect(nodes.map(({ kind, label, outcome }) => [kind, label, outcome].join(" "))).toEqual([
      "input Message ",
      "step Add ok",
      "step Fail failed",
      "step Divide ok",
      "person Approved ",
      "step Done ok",
      "end Finished ",
    ]);
    expect(edges).toHaveLength(nodes.length - 1);
    expect(edges[0]).toEqual({ from: "n1", to: "n2", times: 1 });
  });

  it("counts what happened again, and ends where the thread waits", { tags: "F0.4" }, async () => {
    const { nodes, edges } = threadGraph(await waiting());
    expect(nodes.map(({ label, outcome, visits }) => [label, outcome, visits])).toEqual([
      ["Message", undefined, 1],
      ["Add", "ok", 2],
      ["Divide", "pending", 1],
      ["Approval needed", undefined, 1],
    ]);
    expect(edges).toContainEqual({ from: "n2", to: "n2", times: 1 });
  });

  it("comes as Mermaid text and as a drawing over HTTP", { tags: "F0.4" }, async () => {
    const { send, threadId } = await taken(HOSTILE);
    const mermaid = await send(`/threads/${threadId}/graph`);
    const text = await mermaid.text();
    expect(text.startsWith("flowchart TD\n")).toBe(true);
    expect(text).toContain('n2["Add"]');
    expect(text).toContain('n3["Fail (failed)"]');
    expect(text).not.toContain("<script");
    const svg = await send(`/threads/${threadId}/graph?as=svg`);
    expect(svg.headers.get("content-type")).toContain("image/svg+xml");
    const drawing = await svg.text();
    expect(drawing).toContain("<svg");
    expect(drawing).not.toContain("<script");
    expect(drawing).not.toMatch(/\sstyle=/);
  });

  it("no label can leave its place, in either form", { tags: "F0.4" }, () => {
    fc.assert(
      fc.property(anyText(), (label) => {
        const graph = { nodes: [{ id: "n1", kind: "step", label, visits: 1, seq: 1 }], edges: [] } as const;
        const lines = toMermaid(graph).split("\n");
        expect(lines).toHaveLength(3);
        expect(lines[1]).toMatch(/^ {2}n1\["[^"<>[\]{};]*(#\d+;[^"<>[\]{};]*)*"\]$/u);
        expect(toSvg(graph).match(/<(?!\/)/g)).toHaveLength(
          toSvg({ ...graph, nodes: [{ ...graph.nodes[0], label: "x" }] }).match(/<(?!\/)/g)?.length ?? 0,
        );
        expect(escapeXml(label)).not.toMatch(/[<>"']/);
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});

describe("exports", () => {
  it("markdown, JSON and a web page, as downloads", { tags: "F5.6" }, async () => {
    const { send, threadId, thread } = await taken(HOSTILE);
    const json = await send(`/threads/${threadId}/export?as=json`);
    expect(json.headers.get("content-disposition")).toBe(`attachment; filename="${threadId}.json"`);
    const read: { threadId: string; events: typeof thread.events } = JSON.parse(await json.text());
    const id = parseThreadId(read.threadId);
    if (id === undefined) throw new Error("no id");
    expect(threadOf(id, read.events).state).toEqual(thread.state);
    const markdown = await (await send(`/threads/${threadId}/export?as=markdown`)).text();
    expect(markdown).toContain(`# Thread ${threadId}`);
    expect(markdown).toContain("Step divide");
    const html = await (await send(`/threads/${threadId}/export?as=html`)).text();
    expect(html).toContain("<svg");
    expect((await send(`/threads/${threadId}/export?as=docx`)).status).toBe(422);
  });

  it("what people, models and tools said stays text", { tags: "F5.6" }, async () => {
    const { thread } = await taken(HOSTILE);
    const html = exportHtml(thread);
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("default-src 'none'");
    const markdown = exportMarkdown(thread);
    const fences = markdown.split("\n").filter((line) => /^`{4,}$/.test(line));
    expect(fences.length).toBeGreaterThan(0);
    expect(fences.length % 2).toBe(0);
    expect(markdown.split("\n").filter((line) => line.startsWith("# "))).toContain(`# Thread ${thread.id}`);
  });
});
