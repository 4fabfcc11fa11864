// `twelvefold/email`: mails start threads and answer requests; answers and requests are mailed.
export type { EmailChannel } from "./channel.ts";
export { emailChannel } from "./channel.ts";
export { DnsFailure, type Resolver } from "./identity.ts";
export type { EmailChannelOptions } from "./options.ts";
export type { Mail } from "./read-mail.ts";
export type { MailOutcome } from "./take-mail.ts";
