import type { ModelClient } from "../../../src/prompts/types.ts";
import {
  anthropicBodies,
  bedrockBodies,
  googleBodies,
  openaiChatBodies,
  openaiResponsesBodies,
  type WireBodies,
} from "./wire-bodies.ts";

export const KEY = "sk-test-0123456789abcdef";

/** One provider as it is reached on a local server. */
export interface Wire {
  readonly name: string;
  readonly bodies: WireBodies;
  readonly streams: boolean;
  /** A client for the server at `url`. */
  client(url: string, key?: string): ModelClient;
  /** Where its requests go, whole and streamed. */
  readonly path: string;
  readonly streamPath?: string;
  /** The header that carries the key, and its value. */
  readonly auth?: readonly [string, string];
}

export const WIRES: readonly Wire[] = [
  {
    name: "openai",
    bodies: openaiChatBodies,
    streams: true,
    path: "/v1/chat/completions",
    auth: ["authorization", `Bearer ${KEY}`],
    client: (url, key = KEY) => ({
      name: "openai/m",
      provider: "openai",
      options: { model: "m", api_key: key, base_url: `${url}/v1` },
    }),
  },
  {
    name: "openai-responses",
    bodies: openaiResponsesBodies,
    streams: true,
    path: "/v1/responses",
    auth: ["authorization", `Bearer ${KEY}`],
    client: (url, key = KEY) => ({
      name: "responses/m",
      provider: "openai-responses",
      options: { model: "m", api_key: key, base_url: `${url}/v1` },
    }),
  },
  {
    name: "azure",
    bodies: openaiChatBodies,
    streams: true,
    path: "/openai/deployments/dep/chat/completions?api-version=2024-10-21",
    auth: ["api-key", KEY],
    client: (url, key = KEY) => ({
      name: "azure/dep",
      provider: "azure-openai",
      options: { base_url: `${url}/openai/deployments/dep`, api_version: "2024-10-21", api_key: key },
    }),
  },
  {
    name: "openai-generic",
    bodies: openaiChatBodies,
    streams: true,
    path: "/v1/chat/completions",
    auth: ["authorization", `Bearer ${KEY}`],
    client: (url, key = KEY) => ({
      name: "openai-generic/m",
      provider: "openai-generic",
      options: { model: "m", api_key: key, base_url: `${url}/v1` },
    }),
  },
  {
    name: "openrouter",
    bodies: openaiChatBodies,
    streams: true,
    path: "/api/v1/chat/completions",
    auth: ["authorization", `Bearer ${KEY}`],
    client: (url, key = KEY) => ({
      name: "openrouter/m",
      provider: "openrouter",
      options: { model: "m", api_key: key, base_url: `${url}/api/v1` },
    }),
  },
  {
    name: "ollama",
    bodies: openaiChatBodies,
    streams: true,
    path: "/v1/chat/completions",
    client: (url) => ({
      name: "ollama/m",
      provider: "ollama",
      options: { model: "m", base_url: `${url}/v1` },
    }),
  },
  {
    name: "anthropic",
    bodies: anthropicBodies,
    streams: true,
    path: "/v1/messages",
    auth: ["x-api-key", KEY],
    client: (url, key = KEY) => ({
      name: "anthropic/m",
      provider: "anthropic",
      options: { model: "m", api_key: key, base_url: url },
    }),
  },
  {
    name: "google",
    bodies: googleBodies,
    streams: true,
    path: "/v1beta/models/m:generateContent",
    streamPath: "/v1beta/models/m:streamGenerateContent?alt=sse",
    auth: ["x-goog-api-key", KEY],
    client: (url, key = KEY) => ({
      name: "google/m",
      provider: "google-ai",
      options: { model: "m", api_key: key, base_url: `${url}/v1beta` },
    }),
  },
  {
    name: "bedrock",
    bodies: bedrockBodies,
    streams: false,
    path: "/model/anthropic.m-v1%3A0/converse",
    client: (url, key = KEY) => ({
      name: "bedrock/m",
      provider: "aws-bedrock",
      options: {
        model: "anthropic.m-v1:0",
        region: "eu-west-1",
        endpoint_url: url,
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: key,
      },
    }),
  },
];
