export interface StreamMessage {
  readonly event: string;
  readonly data: string;
}

/**
 * The messages of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html), without its
 * comments.
 */
export async function* messagesIn(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<StreamMessage, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const message = messageIn(block);
      if (message !== undefined) yield message;
    }
  }
}

function messageIn(block: string): StreamMessage | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
