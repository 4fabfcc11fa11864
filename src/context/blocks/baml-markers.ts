/**
 * A regular expression for one character in each of BAML's own delimiters for roles and media. With it escaped, a text
 * can open no chat role, and prompt functions, which defuse whole delimiters, find nothing to change.
 */
export const BAML_MARKER =
  "(?<=BAML)_(?=CHAT_ROLE|MEDIA)|_(?=MAGIC_STRING_DELIMITER)|:(?=baml-(?:start|end)-)";
