import type { Duplex, Readable } from "node:stream";
import { FetchProblem } from "./problem.ts";
import type { HttpAnswer } from "./send.ts";

/** A larger body, after decompression, is not a completion. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * The body as it was before compression: no request asks for compression, but gateways compress anyway, and some do not
 * say so. `beginning` is its beginning, from the first non-blank character. Iterating throws `FetchProblem`, as
 * `HttpAnswer.body` does, also if the body is larger than `MAX_BODY_BYTES`.
 */
export async function decodeBody(answer: HttpAnswer): Promise<{
  readonly beginning: string;
  readonly body: AsyncIterable<Uint8Array>;
}> {
  const raw = await peek(limitSize(answer.body));
  const decoder = decoderFor(answer, raw.seen);
  const { seen, body } = decoder === undefined ? raw : await peek(limitSize(through(raw.body, decoder)));
  return { beginning: new TextDecoder().decode(seen).trimStart(), body };
}

interface Peeked {
  readonly seen: Uint8Array;
  /** All of it, including `seen`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Enough to tell an event's field name from JSON and from a page. */
const BEGINNING = 6;

async function peek(body: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const rest = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let count = 0; count < BEGINNING; ) {
    const { done, value } = await rest.next();
    if (done === true) break;
    chunks.push(value);
    count += new TextDecoder().decode(value).trim().length;
  }
  const seen = Buffer.concat(chunks);
  return { seen, body: joinParts(seen, rest) };
}

async function* joinParts(seen: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Also if only `seen` was read: ending `rest` lets go of the connection.
  const all: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => rest };
  try {
    if (seen.length > 0) yield seen;
    yield* all;
  } finally {
    await rest.return?.();
  }
}

/** `undefined` if the body is not compressed. */
function decoderFor({ headers }: HttpAnswer, seen: Uint8Array): Duplex | undefined {
  const zlib = process.getBuiltinModule("node:zlib");
  // Neither JSON, nor an event, nor a page begins like this.
  if (seen[0] === 0x1f && seen[1] === 0x8b) return zlib.createGunzip();
  const encoding = String(headers["content-encoding"] ?? "")
    .trim()
    .toLowerCase();
  switch (encoding) {
    case "":
    case "identity":
    case "gzip":
    case "x-gzip":
      return undefined;
    case "deflate":
      // The standard's deflate has zlib's header; some servers leave the header out.
      return isZlib(seen) ? zlib.createInflate() : zlib.createInflateRaw();
    case "br":
      return zlib.createBrotliDecompress();
    default:
      throw new FetchProblem(
        "not_a_completion",
        `the answer has an unexpected compression (${encoding.slice(0, 40)})`,
      );
  }
}

function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

async function* through(body: AsyncIterable<Uint8Array>, decoder: Duplex): AsyncGenerator<Uint8Array> {
  const { pipeline, Readable: Source } = process.getBuiltinModule("node:stream");
  let failure: unknown;
  const source: Readable = Source.from(body, { objectMode: false });
  const out = pipeline(source, decoder, (error) => {
    failure = error;
  });
  try {
    for await (const chunk of out) yield chunk;
  } catch (error) {
    const cause = failure ?? error;
    if (cause instanceof FetchProblem || !isZlibError(cause)) throw cause;
    throw new FetchProblem("reset", "the compressed answer is cut or damaged", { cause });
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(Z_|ERR_)/.test(String(error.code));
}

async function* limitSize(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new FetchProblem("too_large", `the answer is larger than ${MAX_BODY_BYTES} bytes`);
    }
    yield chunk;
  }
}
