import type SMTPTransport from "nodemailer/lib/smtp-transport";
import { addressOf } from "../../base/allow-list.ts";
import { anything, boolean, check, fields, list, numberFrom, optional, text } from "../../base/checks.ts";
import type { Clock } from "../../base/clock.ts";
import { UsageError } from "../../base/errors.ts";
import { callback, checkOptions, nonEmptyName, objectWith, secretText } from "../../base/options.ts";
import { webhookSecret } from "../../base/webhook-signature.ts";
import type { HumanRequest } from "../../humans/request.ts";
import type { Launch } from "../../runtime/changes.ts";
import type { Resolver } from "./identity.ts";
import type { Mail } from "./read-mail.ts";

export interface EmailChannelOptions {
  /** The channel's name among the channels of the runtime. Default `email`. */
  readonly name?: string | undefined;
  /** Who the mails are from: `Support <support@shop.example>`. Replies go to `support+<key>@shop.example`, which must arrive here too. */
  readonly from: string;
  /** The server that sends mail: `smtps://user:password@mail.example`, or the settings of Nodemailer's SMTP transport. */
  readonly smtp: string | SMTPTransport.Options;
  /** Signs reply addresses and codes: at least 32 random characters, the same in every process. */
  readonly secret: string;
  /** The agent that new mails are for. Default: none; what is no reply is refused. */
  readonly agent?: string | undefined;
  /**
   * What a new mail starts, instead of an event `mail` for `agent`; `null` starts nothing. The sender is proven. It is called
   * again if the mail comes again, and must then give the same.
   */
  readonly start?: ((mail: Mail) => Pick<Launch, "agent" | "input"> | null) | undefined;
  /** Who may write: addresses, or `*@example.com`. Default: everybody whose address is proven. */
  readonly allow?: readonly string[] | undefined;
  /**
   * Who is told of a request, as addresses. Default: those whom it is put to as `email:<address>`; and for a question put to
   * nobody by name, whoever began the thread by mail. May not throw.
   */
  readonly to?: ((request: HumanRequest) => readonly string[]) | undefined;
  /**
   * The address of a page where this person can look at a request and answer it, such as a `requestLink`. Called each time a message about the
   * request is made. If it throws, the message is not sent and is tried again later. Default: none.
   */
  readonly link?: ((request: HumanRequest, address: string) => string) | undefined;
  /** Whether those who were asked are told, in one short message, when somebody else decides or the request is closed. Default true. */
  readonly tellClosed?: boolean | undefined;
  /** Who hands mails in at `/channels/<name>` signs with one of these, as Standard Webhooks says. Default: nobody can. */
  readonly secrets?: readonly string[] | undefined;
  /** How many days a reply address works. Default 30. */
  readonly replyDays?: number | undefined;
  /** Looks names up in the DNS. Default: `dns.promises.resolve`. */
  readonly resolver?: Resolver | undefined;
  readonly clock?: Clock | undefined;
}

const OPTIONS = fields({
  name: optional(nonEmptyName),
  from: check((value) =>
    typeof value === "string" && addressOf(value) !== undefined
      ? undefined
      : "must be one address, such as Support <support@shop.example>",
  ),
  smtp: anything,
  secret: secretText,
  agent: optional(nonEmptyName),
  start: optional(callback),
  allow: optional(list(text())),
  to: optional(callback),
  link: optional(callback),
  tellClosed: optional(boolean),
  secrets: optional(
    list(
      check((value) =>
        typeof value === "string" && webhookSecret(value) !== undefined
          ? undefined
          : "must be base64 of at least 16 random bytes, with or without whsec_ before it",
      ),
      1,
    ),
  ),
  replyDays: optional(numberFrom(1, 3650)),
  resolver: optional(callback),
  clock: optional(objectWith("now", "sleep")),
});

/** Throws `UsageError` (`invalid_configuration`) that names everything that is wrong. */
export function checkEmailOptions(options: EmailChannelOptions): void {
  checkOptions("emailChannel", OPTIONS, options);
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) throw new UsageError("invalid_configuration", `emailChannel: ${problem}`);
  if (options.agent === undefined || options.start === undefined) return;
  throw new UsageError(
    "invalid_configuration",
    "emailChannel: `agent` and `start` both say what a mail starts",
  );
}

/** What stands against this version of Node, if anything does: `mailauth`, which proves senders, needs a newer one than the rest. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return undefined;
  return `mail needs Node 22.19 or later, because the package mailauth does; this is ${version}`;
}
