const SECRET_NAME = /authorization|cookie|key|token|secret|password|signature|credential/i;
const REDACTED = "[redacted]";

/** Headers as they may be printed: the values of those that hold credentials are replaced. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_NAME.test(name) ? REDACTED : value]),
  );
}

/** A URL as it may be printed: without user info, and without the values of query parameters that hold credentials. */
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

/** Every secret that a request carries, to be cut from whatever the provider or a library says about it. */
export function secretsOf(url: string, headers: Readonly<Record<string, string>>): string[] {
  const secrets = Object.entries(headers)
    .filter(([name]) => SECRET_NAME.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\w+ /, "")]);
  if (URL.canParse(url)) {
    const { password, searchParams } = new URL(url);
    secrets.push(password);
    for (const [name, value] of searchParams) if (SECRET_NAME.test(name)) secrets.push(value);
  }
  // Very short values are no secrets, and cutting them would garble every message.
  return [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
}

/** The text with every secret replaced. */
export function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
}
