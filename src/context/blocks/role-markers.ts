import { BAML_MARKER } from "./baml-markers.ts";

/** Words that chat templates put between `<` and `>`. */
const ANGLED = [
  "s",
  "bos",
  "eos",
  "sop",
  "start_of_turn",
  "end_of_turn",
  "start_of_image",
  "turn\\|",
  "extra_id_\\d+",
  "reserved_\\d+",
  "unused\\d+",
  "SPECIAL_\\d+",
].join("|");

/** Words that chat templates put between `[` and `]`. */
const BRACKETED = [
  "INST",
  "SYSTEM_PROMPT",
  "MODEL_SETTINGS",
  "AVAILABLE_TOOLS",
  "TOOL_CALLS",
  "TOOL_RESULTS",
  "TOOL_CONTENT",
  "ARGS",
  "CALL_ID",
  "THINK",
  "gMASK",
  "\\|\\w+\\|",
].join("|");

/** A name that may be no tag: in angle brackets a chat template takes it for a mark of its own. */
export const MARKER_NAME = new RegExp(`^(?:${ANGLED})$`, "u");

/**
 * A regular expression for one character in each of the marks with which a chat template tells a model that another
 * role speaks: `<|im_start|>`, `<｜User｜>`, `<start_of_turn>`, `<<SYS>>`, `[INST]`, `</s>`, … and BAML's own. With it
 * escaped, the mark is no mark any more. Valid with the flags `u` and `v`.
 */
export const ROLE_MARKER = [
  "<(?=\\||\\uFF5C)",
  `<(?=\\/?(?:${ANGLED})>)`,
  "<(?=<\\/?SYS>>)",
  `\\[(?=\\/?(?:${BRACKETED})\\])`,
  "\\](?=~!?b(?:\\[|\\]))",
  BAML_MARKER,
].join("|");
