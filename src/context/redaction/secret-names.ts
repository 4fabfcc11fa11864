import type { Json } from "../../base/json.ts";

/** Names that say that a value is secret, as the end of a field's name; in lower case without `_`, `-` and spaces. */
const SECRET_ENDINGS: readonly string[] = [
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "secret",
  "apikey",
  "accesskey",
  "accountkey",
  "privatekey",
  "secretkey",
  "signingkey",
  "encryptionkey",
  "token",
  "authorization",
  "cookie",
  "credential",
  "cardnumber",
  "cvv",
  "cvc",
];

/** Secret as the whole name only: more letters before them make other words. */
const SECRET_NAMES = new Set(["pwd", "ssn", "cvv2", "cvc2"]);

// Places in a list, and the texts and counts that language models deal in.
const ORDINARY_TOKEN =
  /(?:page|next|previous|continuation|pagination|cursor|sync|start|stop|end|eos|bos|pad|mask)tokens?$/;

/** The name without what does not distinguish it. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[_\s.-]/g, "");
}

/** True if a field of this name holds a secret, whatever it looks like: `dbPassword`, `X-Api-Key`, `refresh_token`. */
export function isSecretName(name: string, value: Json): boolean {
  const plain = plainName(name);
  if (SECRET_NAMES.has(plain)) return true;
  if (ORDINARY_TOKEN.test(plain)) return false;
  // `tokens: 1500` is a count.
  if (plain.endsWith("tokens") && typeof value === "number") return false;
  const one = plain.replace(/s$/, "");
  return SECRET_ENDINGS.some((ending) => plain.endsWith(ending) || one.endsWith(ending));
}

/** A regular expression (flag `i`) for the end of such a name in running text: `password`, `GITHUB_TOKEN`, `dbPassword`. */
export const SECRET_NAME =
  "(?<!(?:page|next|sync|cursor|continuation)[_-]?)" +
  "(?:pass(?:word|wd|phrase|code)|pwd|secret|token|(?:api|access|account|private|secret|signing|encryption)[_-]?key)";
