import { sha256 } from "../../base/digest.ts";
import { redactHeaders, redactUrl } from "../http/redact.ts";
import type { PreparedRequest } from "../types.ts";
import { withoutUsage } from "../wire/stream-usage.ts";

/** A request that can be sent. */
export class Prepared implements PreparedRequest {
  readonly client: string;
  readonly method = "POST";
  readonly redactedUrl: string;
  readonly redactedHeaders: Readonly<Record<string, string>>;
  readonly body: string;
  readonly digest: string;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(client: string, url: string, headers: Readonly<Record<string, string>>, body: string) {
    this.client = client;
    this.#url = url;
    this.redactedUrl = redactUrl(url);
    this.redactedHeaders = redactHeaders(headers);
    this.body = body;
    this.digest = sha256(body);
    this.#headers = headers;
  }

  get url(): string {
    return this.#url;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** The same request without the wish for token counts; `undefined` where it has none. */
  withoutUsage(): Prepared | undefined {
    const body = withoutUsage(this.body);
    return body === this.body ? undefined : new Prepared(this.client, this.url, this.#headers, body);
  }
}
