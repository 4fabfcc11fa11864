import { describe, expect, it } from "vitest";
import { sharedPrefixLength } from "../../src/context/window.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "./baml_client/index.ts";
import { WIRES } from "./servers/wires.ts";

const cached = promptFunction(b, "NextStep", { bamlFiles: undefined, promptCache: true });
const plain = promptFunction(b, "NextStep", { bamlFiles: undefined });

interface Block {
  readonly text: string;
  readonly cache_control?: object;
  readonly cachePoint?: object;
}
interface Body {
  readonly system: readonly Block[];
  readonly messages: readonly { readonly content: readonly Block[] }[];
}

const clientOf = (name: string, model = "anthropic.claude-x") => {
  const wire = WIRES.find((one) => one.name === name);
  if (wire === undefined) throw new Error(`no wire ${name}`);
  const client = wire.client("http://127.0.0.1:9");
  return { ...client, options: { ...client.options, model } };
};
const threadOf = (entries: number) =>
  Array.from(
    { length: entries },
    (_, at) => `<message_received>\n${at} ${"ü".repeat(300)}\n</message_received>`,
  ).join("\n\n");

async function bodyOf(name: string, thread: string, fn = cached): Promise<Body> {
  const { body } = await fn.request([thread], { model: clientOf(name) });
  return JSON.parse(body);
}

const textOf = ({ messages }: Body) =>
  messages.flatMap(({ content }) => content.map(({ text }) => text ?? "")).join("");
const blocksOf = ({ messages }: Body) => messages.flatMap(({ content }) => content);

describe("breakpoints for the provider's prompt cache", { tags: "F3.17" }, () => {
  it("Anthropic: after the system prompt, and where the thread will begin with the same blocks again", async () => {
    const [first, later] = [await bodyOf("anthropic", threadOf(60)), await bodyOf("anthropic", threadOf(64))];
    expect(first.system.at(-1)?.cache_control).toEqual({ type: "ephemeral" });
    const marked = blocksOf(first).findIndex((block) => block.cache_control !== undefined);
    expect(marked).toBe(blocksOf(first).length - 2);
    // What is cached now is, block for block, how the later request begins.
    const texts = (body: Body) => blocksOf(body).map(({ text }) => text);
    expect(texts(later).slice(0, marked + 1)).toEqual(texts(first).slice(0, marked + 1));
    const shared = sharedPrefixLength(textOf(first), textOf(later));
    expect(
      texts(first)
        .slice(0, marked + 1)
        .join("").length,
    ).toBeGreaterThan(shared - 9_000);
    for (const text of texts(first)) expect(text.trim()).not.toBe("");
    // The model reads the same.
    expect(textOf(first)).toBe(textOf(await bodyOf("anthropic", threadOf(60), plain)));
  });

  it("a short thread has a breakpoint after the system prompt only", async () => {
    const body = await bodyOf("anthropic", "hello");
    expect(body.system.at(-1)?.cache_control).toBeDefined();
    expect(blocksOf(body)).toEqual([{ type: "text", text: "hello" }]);
  });

  it("Bedrock: cache points for Claude and Nova, signed with the rest", async () => {
    const body = await bodyOf("bedrock", threadOf(60));
    const point = { cachePoint: { type: "default" } };
    expect(body.system.at(-1)).toEqual(point);
    expect(blocksOf(body).at(-2)).toEqual(point);
    const other = await cached.request([threadOf(60)], { model: clientOf("bedrock", "meta.llama4") });
    expect(other.body).not.toContain("cachePoint");
  });

  it("the others cache by themselves: their requests stay as they are, and so do all without the option", async () => {
    for (const { name } of WIRES) {
      const model = clientOf(name);
      const [one, two] = await Promise.all(
        [cached, plain].map((fn) => fn.request([threadOf(60)], { model })),
      );
      const marks = name === "anthropic" || name === "bedrock";
      expect(one?.body === two?.body, name).toBe(!marks);
      expect(two?.body).not.toMatch(/cache_control|cachePoint/);
    }
  });
});
