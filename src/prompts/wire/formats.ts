import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { google } from "./google.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { WireFormat } from "./wire.ts";

/**
 * The format in which the server at a URL answers. Decided by the path, not by the provider's name, because clients
 * declared in `.baml` files have no name here.
 */
export function wireFormatOf(url: string): WireFormat {
  const path = url.split("?", 1)[0] ?? url;
  if (path.endsWith("/messages") || path.endsWith(":rawPredict") || path.endsWith(":streamRawPredict")) {
    return anthropic;
  }
  if (path.endsWith(":generateContent") || path.endsWith(":streamGenerateContent")) return google;
  if (path.endsWith("/converse")) return bedrock;
  if (path.endsWith("/responses")) return openaiResponses;
  return openaiChat;
}
