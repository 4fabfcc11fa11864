/**
 * The `data` of server-sent events (WHATWG HTML, section 9.2), from the bytes of a response as they come. Comments and
 * other fields are left out; events end with an empty line; a last event without one is given too, so that the caller
 * can see what was cut.
 */
export async function* serverSentData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n", start); end >= 0; end = rest.indexOf("\n", start)) {
      const line = rest.slice(start, rest[end - 1] === "\r" ? end - 1 : end);
      start = end + 1;
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else pushData(line, data);
    }
    rest = rest.slice(start);
  }
  pushData(rest + decoder.decode(), data);
  if (data.length > 0) yield data.join("\n");
}

function pushData(line: string, data: string[]): void {
  if (!line.startsWith("data:")) return;
  data.push(line.slice(line[5] === " " ? 6 : 5));
}
