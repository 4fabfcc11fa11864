import PostalMime, { addressParser } from "postal-mime";
import { addressOf } from "../../base/allow-list.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { textOfHtml } from "./html-text.ts";
import { headerOf, type RawMail, writeRawMail } from "./raw-mail.ts";

/** A mail whose sender is proven. Everything in it is the sender's own word. */
export interface Mail {
  readonly from: VerifiedPrincipal;
  readonly subject: string;
  /** What it says without what it quotes; at most 20,000 characters. */
  readonly text: string;
  /** What is attached: only that it is. */
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly bytes: number }[];
}

/** What is read of a mail apart from its sender. */
export interface MailParts extends Pick<Mail, "subject" | "attachments"> {
  /** All of its text; made of the HTML where there is no other. */
  readonly whole: string;
  readonly messageId: string;
  /** The mails that it follows, the oldest first. */
  readonly references: readonly string[];
  /** Milliseconds since the epoch; `NaN` if it has no date. */
  readonly date: number;
}

export const MAX_TEXT = 20_000;
const MAX_SUBJECT = 500;
const MAX_LISTED = 50;

/** Throws where the mail's parts are nested too deep. */
export async function readParts(mail: RawMail): Promise<MailParts> {
  const parsed = await PostalMime.parse(writeRawMail(mail), {
    maxNestingDepth: 30,
    maxRfc822NestingDepth: 0,
    attachmentEncoding: "arraybuffer",
  });
  const list = (name: string) => headerOf(mail, name) ?? "";
  return {
    subject: (parsed.subject ?? "").replace(/\s+/g, " ").trim().slice(0, MAX_SUBJECT).toWellFormed(),
    whole: (hasWords(parsed.text) ? parsed.text : textOfHtml(parsed.html ?? "")).toWellFormed(),
    messageId: idsIn(list("message-id"))[0] ?? "",
    references: [...idsIn(list("references")), ...idsIn(list("in-reply-to"))].slice(-MAX_LISTED),
    date: Date.parse(list("date").replace(/\([^()]*\)/g, "")),
    attachments: parsed.attachments.slice(0, MAX_LISTED).map(({ filename, mimeType, content }) => ({
      name: (filename ?? "").slice(0, 200).toWellFormed(),
      type: mimeType,
      bytes: typeof content === "string" ? content.length : content.byteLength,
    })),
  };
}

function idsIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/<[^<>\s]{1,400}>/g), ([id]) => id);
}

/**
 * Whom it is addressed to, as its sender has signed it: anybody who has the mail can put other names on it. If the sender signs
 * no `To`, whatever is there counts.
 */
export function recipientsOf(mail: RawMail, signed: ReadonlySet<string>): readonly string[] {
  const names = signed.has("to")
    ? ["to", "cc"].filter((name) => signed.has(name))
    : ["to", "cc", "delivered-to", "x-original-to"];
  const named = names.map((name) => headerOf(mail, name) ?? "").filter((value) => value !== "");
  return addressParser(named.join(", "), { flatten: true }).flatMap(
    ({ address }) => addressOf(address ?? "") ?? [],
  );
}

/** Some programs write an empty text beside the HTML. */
function hasWords(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== "";
}
