import { createHmac, hash } from "node:crypto";
import type { OutgoingRequest } from "./send.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
}

/**
 * Adds the headers of AWS Signature Version 4 to a request. `now` is in ms since the epoch; AWS refuses signatures that
 * are more than five minutes off. Source: the "Create a signed AWS API request" page of the IAM user guide.
 */
export function signForAws(
  request: OutgoingRequest,
  credentials: AwsCredentials,
  service: string,
  now: number,
): OutgoingRequest {
  const { accessKeyId, secretAccessKey, sessionToken, region } = credentials;
  const url = new URL(request.url);
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    "x-amz-date": time,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .sort();
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const canonical = [
    request.method,
    // Every service except S3 wants the path, which is encoded already, encoded once more.
    url.pathname.split("/").map(encode).join("/"),
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${(values.get(name) ?? "").trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    hash("sha256", request.body, "hex"),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, hash("sha256", canonical, "hex")].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (previous, part) => createHmac("sha256", previous).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...request, headers };
}

function canonicalQuery(parameters: URLSearchParams): string {
  return [...parameters]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

// RFC 3986: encodeURIComponent leaves these five characters as they are.
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
