/** A header as it stands in the mail: its name in lower case, and its value unfolded. */
export interface RawHeader {
  readonly name: string;
  readonly value: string;
  /** The bytes of all its lines, read as Latin-1, with CRLF at the end. */
  readonly lines: string;
}

/** A mail cut in two, before anything in it is believed. */
export interface RawMail {
  readonly headers: readonly RawHeader[];
  /** With its line breaks as CRLF. */
  readonly body: Buffer;
}

const MAX_HEADER_BYTES = 256_000;
const MAX_HEADERS = 500;
/** A mail of 10 MB in lines as mail programs write them has half of that. Each line costs time. */
const MAX_LINES = 300_000;

/** Headers of which there may be one: of two, two programs read different ones. */
const SINGLE = new Set([
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
  "auto-submitted",
]);

/**
 * Cuts a mail into headers and body, strictly: what one program would read in another way than the next is refused, because one
 * checks the signature and another reads the text. Returns what is wrong, in a sentence, for a mail like that.
 */
export function readRawMail(raw: Uint8Array): RawMail | string {
  const bytes = withCrlf(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0 || end > MAX_HEADER_BYTES) return "the mail has no end of its headers, or too many of them";
  const text = bytes.toString("latin1", 0, end);
  if (/\r(?!\n)|(?<!\r)\n|\0/.test(text)) return "the mail's headers have broken line ends";
  const headers: RawHeader[] = [];
  const seen = new Set<string>();
  for (const lines of text.split(/\r\n(?![ \t])/)) {
    const match = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(lines);
    if (match === null || /\r\n[ \t]*(?:\r\n|$)/.test(lines)) return "the mail's headers are malformed";
    const name = (match[1] ?? "").toLowerCase();
    if (SINGLE.has(name) && seen.has(name)) return `the mail has two headers ${name}`;
    seen.add(name);
    headers.push({ name, value: (match[2] ?? "").replace(/\r\n/g, "").trim(), lines: `${lines}\r\n` });
  }
  if (headers.length > MAX_HEADERS) return "the mail has too many headers";
  const body = bytes.subarray(end + 4);
  if (hasMoreLines(body, MAX_LINES)) return "the mail has too many lines";
  return { headers, body };
}

function hasMoreLines(body: Buffer, limit: number): boolean {
  let lines = 0;
  for (let at = body.indexOf("\n"); at >= 0 && lines <= limit; at = body.indexOf("\n", at + 1)) lines += 1;
  return lines > limit;
}

/** Programs that hand a mail on by a pipe often end its lines as their system does. */
function withCrlf(bytes: Buffer): Buffer {
  if (bytes.includes("\r\n")) return bytes;
  return Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}

/** The mail as bytes again, with some of its headers only. */
export function writeRawMail({ headers, body }: RawMail): Buffer {
  const text = headers.map(({ lines }) => lines).join("");
  return Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), body]);
}

/** The value of a header; `undefined` if there is none. */
export function headerOf({ headers }: RawMail, name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value;
}

/**
 * Whether a program has written the mail, and so nobody wants an answer: out of office, a list, a report, a bounce (RFC 3834).
 */
export function isAutomatic(mail: RawMail): boolean {
  const value = (name: string) => headerOf(mail, name)?.toLowerCase() ?? "";
  const submitted = value("auto-submitted");
  return (
    (submitted !== "" && !/^no\b/.test(submitted)) ||
    /\b(?:bulk|list|junk|auto_reply)\b/.test(value("precedence")) ||
    /^multipart\/report\b/.test(value("content-type")) ||
    /^<\s*>$/.test(value("return-path")) ||
    mail.headers.some(({ name }) => AUTOMATIC.test(name)) ||
    /^(?:[^<]*<)?\s*(?:mailer-daemon|postmaster)@/.test(value("from"))
  );
}

const AUTOMATIC =
  /^(?:x-auto(?:reply|respond|-reply|-respond)\b|x-autorespond|list-id|list-unsubscribe|x-loop$)/;
