const SECRET_NAME = /auth|cookie|key|token|secret|pass|signature|credential|session|jwt/i;
/** Gateways take credentials under names of their own; the scheme gives them away. */
const SECRET_VALUE = /^(?:bearer|basic|token|apikey)\s+\S/i;
const REDACTED = "[redacted]";

/** Headers that are safe to print: the values of those that hold credentials are replaced. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecret(name, value) ? REDACTED : value]),
  );
}

function isSecret(name: string, value: string): boolean {
  return SECRET_NAME.test(name) || SECRET_VALUE.test(value);
}

/** A URL that is safe to print: without user info, and without the values of query parameters that hold credentials. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return "[not a URL]";
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  for (const name of [...parsed.searchParams.keys()]) {
    if (SECRET_NAME.test(name)) parsed.searchParams.set(name, REDACTED);
  }
  return parsed.href;
}

/** Every secret that a request carries, to be removed from whatever the provider or a library says about it. */
export function secretsOf(url: string, headers: Readonly<Record<string, string>>): string[] {
  const secrets = Object.entries(headers)
    .filter(([name, value]) => isSecret(name, value))
    .flatMap(([, value]) => [value, value.replace(/^\w+ /, "")]);
  if (URL.canParse(url)) {
    const { password, searchParams } = new URL(url);
    secrets.push(password);
    for (const [name, value] of searchParams) if (SECRET_NAME.test(name)) secrets.push(value);
  }
  // Very short values are not secrets, and removing them would garble every message.
  return [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
}

/** The text with every secret replaced. */
export function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
}
