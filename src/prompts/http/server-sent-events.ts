/**
 * The `data` of server-sent events (WHATWG HTML, section 9.2), from the bytes of a response as they come. Skips
 * comments, other fields and empty events. Lines end with CR, LF or both. Also gives a last event that lacks the empty
 * line after it, because the caller must see what was cut off.
 */
export async function* serverSentData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let endedWithCr = false;
  let data: string[] = [];
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === "") continue;
    // A CR has ended its line already; an LF after it, in the next chunk, belongs to the same line end.
    if (endedWithCr && text.startsWith("\n")) text = text.slice(1);
    endedWithCr = text === "" ? false : text.endsWith("\r");
    const lines = text.split(LINE_END);
    lines[0] = rest + (lines[0] ?? "");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") pushData(line, data);
      else {
        if (data.some(Boolean)) yield data.join("\n");
        data = [];
      }
    }
  }
  pushData(rest + decoder.decode(), data);
  if (data.some(Boolean)) yield data.join("\n");
}

const LINE_END = /\r\n|\n|\r/;

function pushData(line: string, data: string[]): void {
  if (line === "data") data.push("");
  else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
}
