import { promises as dns } from "node:dns";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { dmarc } from "mailauth/lib/dmarc/index.js";
import { addressOf } from "../../base/allow-list.ts";
import { headerOf, type RawHeader, type RawMail, writeRawMail } from "./raw-mail.ts";

/** Looks a name up in the DNS, as `dns.promises.resolve` does. */
export type Resolver = (domain: string, type: string) => Promise<string[] | string[][]>;

/** Who a mail is from, proven; or why that is not proven. */
export type Sender =
  | {
      readonly kind: "proven";
      readonly address: string;
      /** The names of the headers that the sender's domain has signed; any other may be somebody else's. */
      readonly signed: ReadonlySet<string>;
    }
  | { readonly kind: "unproven"; readonly why: string };

/** The DNS did not answer: the same mail may be proven later. */
export class DnsFailure extends Error {}

/** So many signatures are checked; each costs a look-up. */
const MAX_SIGNATURES = 5;
const MIN_KEY_BITS = 1024;

/**
 * Who has sent a mail: the address in `From`, if its domain has signed the mail (DKIM, aligned as DMARC says), with a signature
 * over what is read of it. `From` alone proves nothing; nor does the server that brought the mail, so SPF does not count.
 * Throws `DnsFailure` where the DNS does not answer.
 */
export async function proveSender(
  mail: RawMail,
  { now, resolver = dns.resolve }: { readonly now: number; readonly resolver?: Resolver | undefined },
): Promise<Sender> {
  const address = addressOf(headerOf(mail, "from") ?? "");
  if (address === undefined || !ONE_SPELLING.test(address)) {
    return doubt("From is not one address in plain ASCII");
  }
  const covered = mail.headers.filter(
    (header) => header.name === "dkim-signature" && coversMail(header, mail),
  );
  if (covered.length === 0)
    return doubt("no DKIM signature covers the whole mail with its subject, date and id");
  const checked = {
    headers: [
      ...covered.slice(0, MAX_SIGNATURES),
      ...mail.headers.filter(({ name }) => name !== "dkim-signature" && !name.startsWith("arc-")),
    ],
    body: mail.body,
  };
  const rules = { resolver, curTime: now, minBitLength: MIN_KEY_BITS, strict: true };
  const { results, headerFrom } = await dkimVerify(writeRawMail(checked), rules);
  // Alignment is judged by what that parser reads.
  if (headerFrom.length !== 1 || headerFrom[0]?.toLowerCase() !== address) {
    return doubt("From can be read in more than one way");
  }
  const passed = results.filter(({ status }) => status.result === "pass");
  const domain = address.slice(address.lastIndexOf("@") + 1);
  if (passed.length === 0) {
    const isOpen = results.some(({ status }) => status.result.startsWith("temperr"));
    if (isOpen) throw new DnsFailure("the key of a DKIM signature could not be looked up");
    return doubt(`no DKIM signature of ${domain} is valid`);
  }
  const dkimDomains = passed.flatMap(({ signingDomain }) =>
    signingDomain === undefined ? [] : [{ domain: signingDomain }],
  );
  const policy = await dmarc({ headerFrom: [address], spfDomains: [], dkimDomains, resolver });
  const verdict = policy === false ? "fail" : policy.status.result;
  if (verdict.startsWith("temperr")) throw new DnsFailure("the DMARC policy could not be looked up");
  // A domain without a policy of its own still signs for itself only.
  const aligned = passed.filter(({ status }) => Boolean(status.aligned));
  if (verdict !== "pass" && (verdict !== "none" || aligned.length === 0))
    return doubt(`no DKIM signature is aligned with ${domain}`);
  const signed = aligned.flatMap(({ signingHeaders }) => namesOf(signingHeaders?.keys ?? ""));
  return { kind: "proven", address, signed: new Set(signed) };
}

/** In plain ASCII, and without the dot at the end of a domain: two spellings of one address would be two people. */
const ONE_SPELLING = /^[!-~]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

function doubt(why: string): Sender {
  return { kind: "unproven", why };
}

/** Whether a signature is over the whole body (no `l=`), with SHA-256, and over what makes the mail this one. */
function coversMail(signature: RawHeader, mail: RawMail): boolean {
  const tags = tagsOf(signature);
  if (tags.has("l") || !/^(?:rsa|ed25519)-sha256$/i.test(tags.get("a") ?? "")) return false;
  const names = namesOf(tags.get("h") ?? "");
  const needed = [
    "from",
    "date",
    "message-id",
    ...(headerOf(mail, "subject") === undefined ? [] : ["subject"]),
  ];
  return needed.every((name) => names.includes(name));
}

/** The names in a list of signed headers. */
function namesOf(list: string): readonly string[] {
  return list.split(":").map((name) => name.trim().toLowerCase());
}

function tagsOf({ value }: RawHeader): ReadonlyMap<string, string> {
  return new Map(
    value.split(";").map((tag) => {
      const [name = "", ...rest] = tag.split("=");
      return [name.trim().toLowerCase(), rest.join("=").replace(/\s+/g, "")];
    }),
  );
}
