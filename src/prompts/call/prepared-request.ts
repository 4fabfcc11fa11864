import { sha256 } from "../../base/digest.ts";
import { redactHeaders, redactUrl } from "../http/redact.ts";
import type { PreparedRequest } from "../types.ts";
import { withoutUsage } from "../wire/stream-usage.ts";

/** A request that is ready to be sent. */
export class Prepared implements PreparedRequest {
  readonly client: string;
  readonly method = "POST";
  readonly redactedUrl: string;
  readonly redactedHeaders: Readonly<Record<string, string>>;
  readonly body: string;
  readonly digest: string;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Whether the answer is requested as a stream. */
  readonly #streamed: boolean;

  constructor(
    client: string,
    { url, headers, body }: Pick<PreparedRequest, "url" | "headers" | "body">,
    streamed: boolean,
  ) {
    this.client = client;
    this.#streamed = streamed;
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

  get streamed(): boolean {
    return this.#streamed;
  }

  /** The same request without the wish for token counts; `undefined` if it asks for none. */
  withoutUsage(): Prepared | undefined {
    const body = withoutUsage(this.body);
    if (body === this.body) return undefined;
    return new Prepared(this.client, { url: this.url, headers: this.headers, body }, this.streamed);
  }
}
