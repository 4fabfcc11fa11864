import type { Json } from "./json.ts";

/** Endings that mark a field's name as secret, in lower case, without `_`, `-` and spaces. */
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

/** Secret only as the whole name: with more letters before them they are other words. */
const SECRET_NAMES = new Set(["pwd", "ssn", "cvv2", "cvc2"]);

// Tokens that are not secret: places in a list, and the texts and counts of language models.
const ORDINARY_TOKEN =
  /(?:page|next|previous|continuation|pagination|cursor|sync|start|stop|end|eos|bos|pad|mask)tokens?$/;

/** The name in lower case, without `_`, `-` and spaces. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[_\s.-]/g, "");
}

/**
 * True if a field of this name holds a secret, whatever its value looks like: `dbPassword`, `X-Api-Key`,
 * `refresh_token`.
 */
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
